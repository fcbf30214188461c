/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the agent and a waiting sandbox say to each other, over a
 * SOCK_SEQPACKET pair: whole messages, and an end of file when either is gone.
 *
 *	helper -> agent   READY     built; waits
 *	agent -> helper   START     one message: struct rs_start, then its strings
 *	helper -> agent   EXEC      about to exec; when it succeeds the socket closes
 *	helper -> agent   FAILED    what went wrong, before or instead of READY, or after EXEC
 */
#ifndef RS_RT_MESSAGE_H
#define RS_RT_MESSAGE_H

#include <stdint.h>

#define RS_SANDBOX_FD	      3		   /* the helper's end of the pair */
#define RS_START_BYTES_MAX    (128 * 1024) /* fits the default socket buffer; execve takes at least as much */
#define RS_START_STRINGS_MAX  512	   /* arguments and environment entries together, with their NULLs */
#define RS_SANDBOX_NAME_MAX   15	   /* of a link, without the NUL */
#define RS_SANDBOX_NETNS_DIR  "/run/netns"
#define RS_SANDBOX_INNER_LINK "eth0"

enum rs_report_kind {
	RS_REPORT_READY = 1,
	RS_REPORT_EXEC,
	RS_REPORT_FAILED,
};

struct rs_report {
	uint32_t kind;
	int32_t error; /* FAILED: errno */
	uint64_t netns_inode;
	uint64_t netns_cookie;
	uint64_t time_ns; /* EXEC: CLOCK_MONOTONIC */
	uint32_t ifindex; /* host side */
	uint32_t pad;
	char text[224]; /* FAILED: a sentence */
};

/* Followed by NUL-terminated strings: working directory, `arguments` and `environment` entries. */
struct rs_start {
	uint32_t size; /* of the whole message */
	uint32_t uid;
	uint32_t gid;
	uint32_t arguments;
	uint32_t environment;
};

#endif
