/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of user/dp share, and nobody else sees. */
#ifndef RS_DP_INTERNAL_H
#define RS_DP_INTERNAL_H

#include "abi/config.h"
#include "dp/dp.h"

#include <bpf/libbpf.h>

struct rouse_bpf;

struct rs_dp {
	struct rouse_bpf *skeleton;
	struct rs_dp_config config; /* bpf_dir is owned */
	char *bpf_dir;
	bool adopted;
	bool use_tcx;
	unsigned cpus;
	unsigned holds_max;
	unsigned seed;
	unsigned revision_hint;
	struct ring_buffer *ring;
	int packet_socket;
	/* Memory shared with the programs. */
	struct rs_revision *revisions;
	struct rs_instance *instances;
	const struct rs_hold *holds;
	const struct rs_rings *rings;
	unsigned long long holds_seen; /* sequence of the next hold to report */
	void (*event)(void *user, const struct rs_event *event);
	void *event_user;
};

int rs_dp_release_open(struct rs_dp *dp);
bool rs_dp_probe_tcx(struct rs_dp *dp);
int rs_dp_program_fd(const struct rs_dp *dp, enum rs_dp_side side);

#endif
