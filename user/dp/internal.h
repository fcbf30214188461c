/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of user/dp share, and nobody else sees. */
#ifndef RS_DP_INTERNAL_H
#define RS_DP_INTERNAL_H

#include "abi/config.h"
#include "dp/dp.h"

#include <bpf/libbpf.h>

struct rouse_bpf;

/* An array map as memory (shared.c). */
struct rs_shared {
	void *memory;
	size_t bytes;
	size_t element, count;
	int fd, protection;
	bool *is_mapped; /* of each piece */
	size_t piece_count;
	bool is_used; /* some piece is mapped */
};

int rs_shared_init(struct rs_shared *shared, const struct bpf_map *map, int protection);
/* Accepts a zeroed one. */
void rs_shared_done(struct rs_shared *shared);
/* The element; its address never changes. NULL when it cannot be mapped (no memory). */
void *rs_shared_at(struct rs_shared *shared, size_t index);
/* Elements are no memory any more until they are asked for again. */
void rs_shared_give_back(struct rs_shared *shared);

struct rs_dp {
	struct rouse_bpf *skeleton;
	struct rs_dp_config config; /* bpf_dir is owned */
	char *bpf_dir;
	int lock; /* bpf_dir, held: two agents never share one */
	bool adopted;
	bool has_tcx; /* the kernel has it */
	bool use_tcx;
	unsigned cpus;
	unsigned holds_max;
	unsigned seed;
	unsigned revision_hint;
	struct ring_buffer *ring;
	int packet_socket;
	/* Memory shared with the programs. */
	struct rs_shared revisions; /* struct rs_revision */
	struct rs_shared instances; /* struct rs_instance */
	struct rs_shared holds;	    /* const struct rs_hold */
	const struct rs_rings *rings;
	unsigned long long holds_seen; /* sequence of the next hold to report */
	unsigned long long lost_seen;  /* of rings->events_lost */
	void (*event)(void *user, const struct rs_event *event);
	void *event_user;
};

int rs_dp_release_open(struct rs_dp *dp);
/* Says why the kernel refused the programs. Returns `code`. */
int rs_dp_explain_load(int code, struct rs_err *err);
/* Takes the directory of the pins for this process. -EBUSY with the other one's pid. */
int rs_dp_lock(const char *bpf_dir, int *ret_lock, struct rs_err *err);
/* Detaches everything and unpins it; the directory itself stays. */
int rs_dp_remove_pins(const char *bpf_dir, struct rs_err *err);
bool rs_dp_probe_tcx(struct rs_dp *dp);
int rs_dp_program_fd(const struct rs_dp *dp, enum rs_dp_side side);

#endif
