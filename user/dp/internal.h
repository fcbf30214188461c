/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of user/dp share, and nobody else sees. */
#ifndef RS_DP_INTERNAL_H
#define RS_DP_INTERNAL_H

#include "abi/config.h"
#include "dp/dp.h"

#include <bpf/libbpf.h>

struct rouse_bpf;
struct rouse_xdp_bpf;

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
	bool has_binds; /* the kernel can run programs when a socket of a cgroup is bound */
	struct rs_tcx_order tcx_order;
	struct rouse_xdp_bpf *xdp; /* NULL until an interface asks for it */
	bool xdp_has_frags;	   /* its program takes frames that lie in several buffers */
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
	struct rs_shared datagrams; /* const struct rs_datagram */
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
/* Can programs call this function of the kernel's? */
bool rs_dp_has_kernel_function(const char *name);
int rs_dp_program_fd(const struct rs_dp *dp, enum rs_dp_side side);

/* attach.c */
enum rs_pin {
	RS_PIN_TCX,
	RS_PIN_TCX_NEW, /* while it takes the place of the one above */
	RS_PIN_XDP,
};
/* Where a link to an interface is pinned. The caller frees it; NULL when out of memory. */
char *rs_dp_pin_path(const struct rs_dp *dp, enum rs_pin pin, unsigned ifindex);
/* Detaches now, and unpins. */
void rs_dp_drop_link(const char *path);

/* tcx.c */
bool rs_dp_probe_tcx(struct rs_dp *dp);
/* holds.c. A frame into rouse1; and the headers alone that are kept of a hold of UDP. */
int rs_dp_send_frame(struct rs_dp *dp, const void *frame, size_t length, unsigned mark);
int rs_dp_send_about(struct rs_dp *dp, unsigned long long sequence, unsigned mark);
/* datagrams.c. As rs_dp_release(), which calls it. */
int rs_dp_release_datagrams(struct rs_dp *dp, unsigned long long sequence);
/* binds.c. Before the load: leaves out the programs that this kernel cannot have. */
void rs_dp_choose_binds(struct rs_dp *dp);
void rs_dp_cookies_sweep(struct rs_dp *dp, bool (*is_known)(void *user, unsigned instance), void *user);
/* The pinned link gets this program; or a new one stands in its place, and is pinned. */
int rs_tcx_attach(struct rs_dp *dp, unsigned ifindex, int program, struct rs_err *err);

/* clsact.c */
/* What the entry says when our filter stands. It is written before anything is made: a kill in between leaves nothing
 * that cleanup does not know of. `old`: what it said before. */
unsigned rs_clsact_flags(unsigned ifindex, unsigned old);
int rs_clsact_attach(struct rs_dp *dp, unsigned ifindex, int program, unsigned flags, struct rs_err *err);
/* Removes our filter, and the qdisc if it is the agents' and nobody else has put a filter in it. */
void rs_clsact_detach(const char *bpf_dir, unsigned ifindex, const struct rs_iface *iface);
bool rs_clsact_stands(const char *bpf_dir, unsigned ifindex, const struct rs_iface *iface);

/* xdp.c */
/* Loads the XDP program, once. -EOPNOTSUPP with a sentence when the kernel cannot. */
int rs_xdp_load(struct rs_dp *dp, struct rs_err *err);
void rs_xdp_done(struct rs_dp *dp);
/* The pinned link gets the program; or a new one is made, in the first of `modes` that works, and pinned. */
int rs_xdp_attach(struct rs_dp *dp, unsigned ifindex, unsigned modes, struct rs_err *err);
/* RS_XDP_NATIVE or _GENERIC: how whatever XDP program there is runs; 0 = there is none. */
unsigned rs_xdp_mode(unsigned ifindex);
/* The flags RS_IFACE_XDP_* that this interface has while our program stands there. */
unsigned rs_xdp_flags(unsigned ifindex);

#endif
