// SPDX-License-Identifier: BSD-2-Clause
#include "cli/dump/dump.h"

#include "base/files.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DESCRIPTORS_OF_A_WALK 16

int rs_dump_begin(struct rs_dump *dump, const char *name, struct rs_err *err)
{
	const char *above = getenv("TMPDIR");
	char path[RS_DUMP_PATH_MAX];
	snprintf(dump->temporary, sizeof(dump->temporary), "%s/rouse-sysdump-XXXXXX", above && *above ? above : "/tmp");
	if (!mkdtemp(dump->temporary)) {
		int r = rs_err_set(err, -errno, "cannot make the directory %s: %s", dump->temporary, strerror(errno));
		dump->temporary[0] = '\0';
		return r;
	}
	snprintf(dump->directory, sizeof(dump->directory), "%.200s/%s", dump->temporary, name);
	snprintf(path, sizeof(path), "%.300s/index.txt", dump->directory);
	if (mkdir(dump->directory, 0700) < 0 || !(dump->index = fopen(path, "we")))
		return rs_err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	dump->item_bytes = RS_DUMP_ITEM_BYTES;
	dump->item_ns = RS_DUMP_ITEM_SECONDS * RS_NS_PER_S;
	dump->end_ns = rs_now_ns() + RS_DUMP_TOTAL_SECONDS * RS_NS_PER_S;
	fprintf(dump->index,
		"Each line: ok, cut (it was larger or slower than an item may be) or FAILED; the item; why.\n\n");
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

void rs_dump_end(struct rs_dump *dump)
{
	if (dump->index)
		fclose(dump->index);
	dump->index = NULL;
	if (*dump->temporary)
		nftw(dump->temporary, remove_entry, DESCRIPTORS_OF_A_WALK, FTW_DEPTH | FTW_PHYS);
	dump->temporary[0] = '\0';
}

/* --- items -------------------------------------------------------------------------------------------------------- */

void rs_dump_note(struct rs_dump *dump, const char *item, const char *complaint)
{
	static const char cut[] = "cut: ";
	bool is_cut = complaint && rs_str_starts_with(complaint, cut);
	dump->items++;
	dump->failures += complaint && !is_cut;
	fprintf(dump->index, "%-6s %s%s%s\n",
		!complaint ? "ok"
		: is_cut   ? "cut"
			   : "FAILED",
		item, complaint ? ": " : "", complaint ? complaint + (is_cut ? strlen(cut) : 0) : "");
	fflush(dump->index);
}

bool rs_dump_may(struct rs_dump *dump, const char *item)
{
	if (dump->stop && *dump->stop)
		return false;
	if (rs_now_ns() >= dump->end_ns)
		rs_dump_note(dump, item, "left out: the time is over");
	else if (dump->bytes >= RS_DUMP_TOTAL_BYTES)
		rs_dump_note(dump, item, "left out: it is large enough");
	else
		return true;
	return false;
}

FILE *rs_dump_open(struct rs_dump *dump, const char *item)
{
	rs_auto_free char *path = rs_str_format("%s/%s", dump->directory, item);
	FILE *file = NULL;
	if (path && rs_make_directories_of(path) == 0)
		file = fopen(path, "we");
	if (!file)
		rs_dump_note(dump, item, strerror(errno));
	return file;
}

void rs_dump_close(struct rs_dump *dump, const char *item, FILE *file, const char *complaint)
{
	long size = ftell(file);
	dump->bytes += size > 0 ? (size_t)size : 0;
	if (fclose(file) != 0 && !complaint)
		complaint = strerror(errno);
	rs_dump_note(dump, item, complaint);
}

void rs_dump_copy(struct rs_dump *dump, const char *item, const char *path, size_t most)
{
	if (!rs_dump_may(dump, item))
		return;
	rs_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rs_dump_note(dump, item, strerror(errno));
		return;
	}
	FILE *out = rs_dump_open(dump, item);
	if (!out)
		return;
	/* The newest is at the end. Files of /proc have no size and are read from their beginning. */
	size_t left = most < dump->item_bytes ? most : dump->item_bytes;
	off_t size = lseek(fd, 0, SEEK_END);
	bool is_cut = size > (off_t)left;
	lseek(fd, is_cut ? size - (off_t)left : 0, SEEK_SET);
	const char *complaint = is_cut ? "cut: only its end" : NULL;
	char buffer[65536];
	while (left) {
		ssize_t n = read(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer));
		if (n < 0)
			complaint = strerror(errno);
		if (n <= 0)
			break;
		fwrite(buffer, 1, (size_t)n, out);
		left -= (size_t)n;
	}
	rs_dump_close(dump, item, out, complaint);
}
