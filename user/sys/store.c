// SPDX-License-Identifier: BSD-2-Clause
/*
 * The queue between the loop and the writer thread. The lock is held for list
 * operations alone, never over a call into SQLite.
 *
 *	loop: commit, append_event -> queue -> writer: one transaction -> finished -> eventfd -> loop: done()
 */
#include "sys/store.h"

#include "base/mem.h"
#include "base/time.h"
#include "sys/store_read.h"
#include "sys/store_write.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>

/* Events wait this long for a commit, or for each other. */
#define EVENT_WAIT_NS (200 * RS_NS_PER_MS)

struct commit_list {
	struct rs_store_commit *first, **last;
	size_t count;
	size_t bytes;
};

struct rs_store {
	sqlite3 *reader;
	struct rs_store_writer writer; /* the thread's while it runs */
	int lock_fd;
	int wake_fd; /* written by the thread when `finished` has something */
	sd_event_source *wake_source;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	bool stopping;
	struct commit_list waiting;
	struct commit_list finished;
	struct rs_store_queued_event *events, **events_last;
	size_t event_count;
	uint64_t events_due_ns;
	uint64_t events_dropped;
	bool has_new_events;
	void (*on_events)(void *user); /* the loop's */
	void *on_events_user;
};

static void list_init(struct commit_list *list)
{
	*list = (struct commit_list){.last = &list->first};
}

static void list_add(struct commit_list *list, struct rs_store_commit *commit)
{
	commit->next = NULL;
	*list->last = commit;
	list->last = &commit->next;
	list->count++;
	list->bytes += commit->bytes;
}

/* Empties `from` and returns its commits. */
static struct rs_store_commit *list_take(struct commit_list *from)
{
	struct rs_store_commit *first = from->first;
	list_init(from);
	return first;
}

/* --- the writer thread ----------------------------------------------------------------------------------------- */

/* Called with the lock. Returns false when there is nothing left and the store closes. */
static bool wait_for_work(struct rs_store *store)
{
	while (!store->waiting.first && !store->stopping) {
		if (!store->events) {
			pthread_cond_wait(&store->work, &store->lock);
			continue;
		}
		struct timespec due = {
			.tv_sec = (time_t)(store->events_due_ns / RS_NS_PER_S),
			.tv_nsec = (long)(store->events_due_ns % RS_NS_PER_S),
		};
		if (pthread_cond_timedwait(&store->work, &store->lock, &due) == ETIMEDOUT)
			break;
	}
	return store->waiting.first || store->events;
}

/* Returns how many events were lost. */
static size_t free_events(struct rs_store_queued_event *events)
{
	size_t count = 0;
	while (events) {
		struct rs_store_queued_event *next = events->next;
		free(events);
		events = next;
		count++;
	}
	return count;
}

/* One transaction for all. If that fails each commit gets its own, so that nobody fails for another's sake. */
static size_t write_all(struct rs_store_writer *writer, struct rs_store_commit *commits,
			struct rs_store_queued_event *events)
{
	size_t lost = 0;
	struct rs_err err = {0};
	int r = rs_store_writer_write(writer, commits, SIZE_MAX, events, &err);
	if (r < 0 && commits) {
		for (struct rs_store_commit *c = commits; c; c = c->next) {
			c->err = (struct rs_err){0};
			rs_store_writer_write(writer, c, 1, NULL, &c->err);
		}
		r = events ? rs_store_writer_write(writer, NULL, 0, events, &err) : 0;
	}
	if (r < 0)
		lost = free_events(events);
	else
		free_events(events);
	return lost;
}

static void *writer_main(void *user)
{
	struct rs_store *store = user;
	pthread_mutex_lock(&store->lock);
	while (wait_for_work(store)) {
		struct rs_store_commit *commits = list_take(&store->waiting);
		struct rs_store_queued_event *events = rs_take_ptr(store->events);
		store->events_last = &store->events;
		store->event_count = 0;
		pthread_mutex_unlock(&store->lock);

		bool has_events = events != NULL;
		size_t lost = write_all(&store->writer, commits, events);

		pthread_mutex_lock(&store->lock);
		store->events_dropped += lost;
		bool has_news = commits || has_events;
		store->has_new_events |= has_events;
		while (commits) {
			struct rs_store_commit *next = commits->next;
			list_add(&store->finished, commits);
			commits = next;
		}
		if (has_news)
			eventfd_write(store->wake_fd, 1);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

static int start_thread(struct rs_store *store, struct rs_err *err)
{
	/* Signals are the loop's. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&store->thread, NULL, writer_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return rs_err_set(err, -r, "cannot start the store's thread: %s", strerror(r));
	store->has_thread = true;
	pthread_setname_np(store->thread, "store");
	return 0;
}

static void report_finished(struct rs_store *store)
{
	pthread_mutex_lock(&store->lock);
	struct rs_store_commit *commits = list_take(&store->finished);
	bool has_events = store->has_new_events;
	store->has_new_events = false;
	pthread_mutex_unlock(&store->lock);
	if (has_events && store->on_events)
		store->on_events(store->on_events_user);
	while (commits) {
		struct rs_store_commit *next = commits->next;
		if (commits->done)
			commits->done(commits->user, commits->err.code, commits->err.code ? &commits->err : NULL);
		free(commits);
		commits = next;
	}
}

static int on_wake(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	eventfd_t value;
	(void)source;
	(void)revents;
	eventfd_read(fd, &value);
	report_finished(user);
	return 0;
}

/* --- open and close -------------------------------------------------------------------------------------------- */

/* A file of its own: SQLite's locks belong to the process and would go with any close of the database file. */
static int take_lock(struct rs_store *store, const char *path, struct rs_err *err)
{
	char name[4096], owner[32] = "";
	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return rs_err_set(err, -ENAMETOOLONG, "the store's path is too long");
	store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return rs_err_set(err, -errno, "cannot create %s: %s: is its directory there and writable?", name,
				  strerror(errno));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		ssize_t n = pread(store->lock_fd, owner, sizeof(owner) - 1, 0);
		owner[n > 0 ? strcspn(owner, "\n") : 0] = '\0';
		return rs_err_set(err, r,
				  "%s: another agent (pid %s) has it: stop that one, or start this one with its own "
				  "--name, --state-dir, --run-dir and --bpf-dir",
				  path, *owner ? owner : "unknown");
	}
	int n = snprintf(owner, sizeof(owner), "%d\n", (int)getpid());
	if (ftruncate(store->lock_fd, 0) < 0 || pwrite(store->lock_fd, owner, (size_t)n, 0) < 0)
		errno = 0; /* the number is for people; a full disk must not keep a warm node from its agent */
	return 0;
}

static struct rs_store *new_store(void)
{
	struct rs_store *store = calloc(1, sizeof(*store));
	pthread_condattr_t attributes;
	if (!store)
		return NULL;
	store->lock_fd = store->wake_fd = -1;
	list_init(&store->waiting);
	list_init(&store->finished);
	store->events_last = &store->events;
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->work, &attributes);
	pthread_condattr_destroy(&attributes);
	return store;
}

static int open_for_writing(struct rs_store *store, const char *path, sd_event *event, struct rs_err *err)
{
	int r = take_lock(store, path, err);
	if (r < 0)
		return r;
	r = rs_store_writer_init(&store->writer, path, err);
	if (r < 0)
		return r;
	store->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (store->wake_fd < 0)
		return rs_err_set(err, -errno, "cannot create an eventfd: %s", strerror(errno));
	r = sd_event_add_io(event, &store->wake_source, store->wake_fd, EPOLLIN, on_wake, store);
	if (r < 0)
		return rs_err_set(err, r, "cannot add the store to the event loop: %s", strerror(-r));
	return start_thread(store, err);
}

int rs_store_open(const char *path, sd_event *event, struct rs_store **ret_store, struct rs_err *err)
{
	struct rs_store *store = new_store();
	if (!store)
		return rs_err_set(err, -ENOMEM, "out of memory");
	int r = event ? open_for_writing(store, path, event, err) : 0;
	if (r == 0)
		r = rs_store_db_open(path, false, &store->reader, err);
	if (r < 0) {
		rs_store_free(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

struct rs_store *rs_store_free(struct rs_store *store)
{
	if (!store)
		return NULL;
	if (store->has_thread) {
		pthread_mutex_lock(&store->lock);
		store->stopping = true;
		pthread_cond_signal(&store->work);
		pthread_mutex_unlock(&store->lock);
		pthread_join(store->thread, NULL);
		store->has_thread = false;
		report_finished(store);
	}
	sd_event_source_disable_unref(store->wake_source);
	/* The reader first: the last connection to close empties the WAL, and only the writer may write. */
	rs_store_db_close(store->reader);
	rs_store_writer_done(&store->writer);
	if (store->wake_fd >= 0)
		close(store->wake_fd);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	pthread_cond_destroy(&store->work);
	pthread_mutex_destroy(&store->lock);
	free(store);
	return NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

int rs_store_load(struct rs_store *store, const struct rs_store_loader *loader, void *user, struct rs_err *err)
{
	int r = rs_store_read_all(store->reader, loader, user, err);
	sqlite3_db_release_memory(store->reader); /* its cache: some MB that nothing reads again */
	return r;
}

int rs_store_list_events(struct rs_store *store, uint64_t after, size_t limit, const char *namespace, const char *kind,
			 const char *name, int (*each)(void *user, const struct rs_store_event *event), void *user,
			 struct rs_err *err)
{
	struct rs_store_event_query query = {after, limit, namespace, kind, name};
	return rs_store_read_events(store->reader, &query, each, user, err);
}

/* --- queueing -------------------------------------------------------------------------------------------------- */

int rs_store_commit(struct rs_store *store, const struct rs_store_op *ops, size_t count,
		    void (*done)(void *user, int code, const struct rs_err *err), void *user, struct rs_err *err)
{
	if (!store->has_thread)
		return rs_err_set(err, -EROFS, "the store is open for reading alone");
	if (count > RS_STORE_OPS_MAX)
		return rs_err_set(err, -E2BIG, "the change touches %zu objects, at most %d go at once", count,
				  RS_STORE_OPS_MAX);
	rs_auto_free struct rs_store_commit *commit = rs_store_commit_copy(ops, count);
	if (!commit)
		return rs_err_set(err, -ENOMEM, "out of memory");
	commit->done = done;
	commit->user = user;
	pthread_mutex_lock(&store->lock);
	bool fits = store->waiting.count < RS_STORE_QUEUE_MAX &&
		    store->waiting.bytes + commit->bytes <= RS_STORE_QUEUE_BYTES_MAX;
	if (fits) {
		list_add(&store->waiting, rs_take_ptr(commit));
		pthread_cond_signal(&store->work);
	}
	pthread_mutex_unlock(&store->lock);
	return fits ? 0
		    : rs_err_set(err, -EAGAIN, "the disk is slow, %d changes wait for it: try again",
				 RS_STORE_QUEUE_MAX);
}

void rs_store_listen(struct rs_store *store, void (*on_events)(void *user), void *user)
{
	store->on_events = on_events;
	store->on_events_user = user;
}

int rs_store_append_event(struct rs_store *store, const struct rs_store_event *event)
{
	if (!store->has_thread)
		return -EROFS;
	struct rs_store_queued_event *copy = rs_store_event_copy(event);
	pthread_mutex_lock(&store->lock);
	bool fits = copy && store->event_count < RS_STORE_EVENT_QUEUE_MAX;
	if (fits) {
		if (!store->events) {
			store->events_due_ns = rs_now_ns() + EVENT_WAIT_NS;
			pthread_cond_signal(&store->work);
		}
		*store->events_last = copy;
		store->events_last = &copy->next;
		store->event_count++;
	} else {
		store->events_dropped++;
	}
	pthread_mutex_unlock(&store->lock);
	if (fits)
		return 0;
	if (!copy)
		return -ENOMEM;
	free(copy);
	return -EAGAIN;
}

uint64_t rs_store_events_dropped(const struct rs_store *store)
{
	struct rs_store *mutable = (struct rs_store *)store;
	pthread_mutex_lock(&mutable->lock);
	uint64_t dropped = store->events_dropped;
	pthread_mutex_unlock(&mutable->lock);
	return dropped;
}
