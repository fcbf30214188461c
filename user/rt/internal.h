/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process runtime from inside. The agent's side only keeps books and
 * watches descriptors; what takes time is done by rouse-sandbox.
 *
 *	rt.c        new, free, start
 *	pool.c      builds sandboxes ahead of need
 *	settle.c    what a start leaves to do afterwards
 *	life.c      reports and exits, stop, freeze
 *	removal.c   takes sandboxes away
 *	adopt.c     what an earlier agent left
 *	job.c       one run of the helper
 *	probe.c     httpGet and tcpSocket; exec as a job
 *	listener.c  sock_diag
 *	logs.c      their times, rotation, retention
 *	log_times.c, log_list.c   what stands on the disk
 *	log_name.c, log_retention.c, start.c, expand.c, record.c, names.c   pure parts
 */
#ifndef RS_RT_INTERNAL_H
#define RS_RT_INTERNAL_H

#include "abi/limits.h"
#include "rt/cgroup.h"
#include "rt/message.h"
#include "rt/names.h"
#include "rt/rt.h"

#define RS_JOB_TEXT_MAX 256

/* A sandbox's life. One is in exactly one state; on_prepared and on_gone frame POOLED and later. */
enum rs_box_state {
	RS_BOX_BUILDING,
	RS_BOX_POOLED,
	RS_BOX_RUNNING, /* START was sent; exec may still fail */
	RS_BOX_EXITED,
	RS_BOX_REMOVING,
	RS_BOX_STATE_COUNT,
};

struct rs_box {
	struct rs_rt_instance instance; /* first: what the agent sees */
	struct rs_rt *rt;
	struct rs_box *next; /* of the pool, or of those that wait for their removal */
	enum rs_box_state state;
	bool announced; /* on_prepared was called, or it was adopted: on_gone is owed */
	bool frozen;
	bool unsettled; /* started, but its log has not got its name yet */
	int pidfd;
	int control; /* our end of the socket pair; -1 once exec succeeded */
	int diag;    /* sock_diag in its namespace; -1 until needed */
	int record;  /* made while it waits, filled before it starts; -1 else */
	uint64_t pid_start;
	uint64_t log_length; /* from its first byte on, when it was last looked at */
	uint64_t log_cut;    /* what rotation took of that */
	bool log_is_known;
	sd_event_source *pid_source;
	sd_event_source *control_source;
	sd_event_source *kill_timer;
	struct rs_job *rotation;
	int failure; /* errno of a FAILED report */
	char failure_text[RS_JOB_TEXT_MAX];
};

struct rs_probe_run;

struct rs_rt {
	sd_event *event;
	struct rs_rt_config config; /* strings owned */
	struct rs_rt_callbacks callbacks;
	void *user;
	struct rs_cgroups cgroups;
	char *records;	       /* RUN/instances */
	char *waiting_logs;    /* STATE/logs/.waiting */
	struct rs_box **boxes; /* by id; adopted ones may lie above max_instances */
	uint32_t last_id;
	uint32_t building;
	uint32_t pooled;
	struct rs_box *pool_first; /* first in, first out: the oldest has had the most time to settle */
	struct rs_box *pool_last;
	bool pool_open; /* rs_rt_fill_pool() was called */
	sd_event_source *pool_timer;
	uint64_t pool_rest_ns; /* after the last failure, 0 when none was since the last success */
	uint64_t pool_rest_until_ns;
	sd_event_source *settle_timer;
	sd_event_source *flood_timer;
	sd_event_source *sweep_timer;
	struct rs_job *sweep;
	uint64_t disk_told_ns; /* when it was said that the disk is full; 0 = never */
	uint32_t removing;     /* removals that run */
	struct rs_box *removal_first;
	struct rs_box *removal_last;
	struct rs_job *jobs;
	struct rs_probe_run *probes;
};

/* pool.c */
struct rs_box *rs_box_new(struct rs_rt *rt, uint32_t id);
/* Closes and frees; takes it out of the books. */
void rs_box_free(struct rs_box *box);
/* Comes back to the pool after `delay_us` and builds what is missing. */
void rs_pool_wanted(struct rs_rt *rt, uint64_t delay_us);
/* Nothing is built for a second: what is broken (no helper, no cgroup, no hook) does not mend itself at once. */
void rs_pool_rest(struct rs_rt *rt);
struct rs_box *rs_pool_take(struct rs_rt *rt);
void rs_pool_drop(struct rs_rt *rt, struct rs_box *box);
/* READY came, or the building ended without it. */
void rs_pool_built(struct rs_box *box, const struct rs_report *report);
void rs_pool_build_failed(struct rs_box *box);

/* settle.c */
/* Gives the log of a started instance its name a little after its start; now, with `settle`. */
void rs_box_settle_later(struct rs_box *box);
void rs_box_settle(struct rs_box *box);

/* life.c */
int rs_box_watch(struct rs_box *box);
void rs_box_reap(struct rs_box *box);
struct rs_box *rs_box_of(struct rs_rt_instance *instance);

/* removal.c */
void rs_removal_start(struct rs_box *box);

/* job.c */
enum rs_job_end {
	RS_JOB_EXITED,	/* value = exit code */
	RS_JOB_KILLED,	/* value = signal */
	RS_JOB_TIMEOUT, /* was killed at its timeout */
};
typedef void rs_job_done(void *user, enum rs_job_end end, int value, const char *text);

/* Arguments for the helper; filled by rs_job_arg(), run by rs_job_start(). */
#define RS_JOB_ARGS_MAX 160
struct rs_job_args {
	char *items[RS_JOB_ARGS_MAX];
	size_t count;
	int error;
};
void rs_job_arg(struct rs_job_args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rs_job_args_cgroups(struct rs_job_args *args, const struct rs_cgroups *cgroups);
void rs_job_args_done(struct rs_job_args *args);

/* Starts the helper in a clean signal state. `control` and `complaints` become descriptors 3 and 2; -1 = none. */
int rs_job_spawn(const char *helper, struct rs_job_args *args, int control, int complaints, pid_t *ret_pid,
		 int *ret_pidfd);
/* Runs it; `done` is called once, with the first line that it wrote to standard error. 0 ms = no timeout. */
int rs_job_start(struct rs_rt *rt, struct rs_job_args *args, uint32_t timeout_ms, rs_job_done *done, void *user,
		 struct rs_job **ret_job);
/* Kills it, and waits for nothing; `done` is not called. Accepts NULL; returns NULL. */
struct rs_job *rs_job_cancel(struct rs_job *job);
/* Leaves all jobs to themselves: they finish without us. */
void rs_jobs_abandon(struct rs_rt *rt);

/* logs.c */
/* Its instance writes it no more. */
void rs_logs_ended(struct rs_box *box);
/* Deletes what is not to be kept, then or sooner. */
void rs_logs_sweep_after(struct rs_rt *rt, uint64_t after_us);

/* probe.c */
void rs_probes_cancel(struct rs_rt *rt, const struct rs_box *box); /* NULL = all */

/* adopt.c */
/* Opens the record's file, so that the start has to do no more than write it. */
void rs_record_prepare(struct rs_box *box);
/* Before the program runs: an agent that is killed right afterwards leaves an instance that the next one adopts. */
void rs_record_save(struct rs_box *box);
void rs_record_delete(struct rs_box *box);

/* listener.c */
int rs_diag_open(const char *netns_name);

#endif
