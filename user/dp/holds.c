// SPDX-License-Identifier: BSD-2-Clause
/* Reading the ring of holds, and the frames that let them go on or end them. */
#include "dp/internal.h"

#include "abi/config.h"
#include "pure/frame.h"
#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Slots that are looked at in one go. */
#define SOME 1024

int rs_dp_release_open(struct rs_dp *dp)
{
	/* Protocol 0: it only sends. */
	dp->packet_socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (dp->packet_socket < 0)
		return -errno;
	/* Past the qdisc: the frame is in rouse1's ingress when the call returns. */
	int yes = 1;
	if (setsockopt(dp->packet_socket, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)) < 0)
		return -errno;
	return 0;
}

void rs_dp_wake_answered(struct rs_dp *dp, unsigned revision)
{
	struct rs_revision *entry = rs_dp_revision(dp, revision);
	if (entry)
		__atomic_store_n(&entry->wake, 0, __ATOMIC_SEQ_CST);
}

const struct rs_hold *rs_dp_hold(struct rs_dp *dp, unsigned long long sequence)
{
	return rs_shared_at(&dp->holds, sequence & (dp->holds_max - 1));
}

enum rs_hold_state rs_dp_hold_state(struct rs_dp *dp, unsigned long long sequence)
{
	const struct rs_hold *hold = rs_dp_hold(dp, sequence);
	if (!hold || __atomic_load_n(&hold->sequence, __ATOMIC_ACQUIRE) != sequence + 1)
		return RS_HOLD_FREE;
	/* Its end is being accounted for at this moment: that it was held is still true. */
	unsigned state = __atomic_load_n(&hold->state, __ATOMIC_ACQUIRE);
	return state == RS_HOLD_FREE ? RS_HOLD_HELD : (enum rs_hold_state)state;
}

void rs_dp_holds_new(struct rs_dp *dp, void (*hold)(void *user, unsigned long long sequence, unsigned revision),
		     void *user)
{
	unsigned long long tail = __atomic_load_n(&dp->rings->hold.tail, __ATOMIC_SEQ_CST);
	unsigned long long head = __atomic_load_n(&dp->rings->hold.head, __ATOMIC_SEQ_CST);
	if (dp->holds_seen < head)
		dp->holds_seen = head;
	while (dp->holds_seen < tail) {
		const struct rs_hold *slot = rs_dp_hold(dp, dp->holds_seen);
		/* A producer that is still writing rings when it is done. */
		if (!slot || __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) != dp->holds_seen + 1)
			break;
		/* One that ends at this moment too: how is seen later. */
		unsigned state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);
		if (state == RS_HOLD_FREE || state == RS_HOLD_HELD)
			hold(user, dp->holds_seen, slot->revision);
		dp->holds_seen++;
	}
}

int rs_dp_holds_some(struct rs_dp *dp, uint64_t *place, int (*each)(void *user, const struct rs_hold *hold), void *user)
{
	unsigned long long tail = __atomic_load_n(&dp->rings->hold.tail, __ATOMIC_SEQ_CST);
	unsigned long long head = __atomic_load_n(&dp->rings->hold.head, __ATOMIC_SEQ_CST);
	if (*place < head)
		*place = head;
	for (unsigned looks = 0; *place < tail; looks++) {
		unsigned long long at = *place;
		if (looks == SOME)
			return 1;
		++*place;
		if (rs_dp_hold_state(dp, at) != RS_HOLD_HELD)
			continue;
		struct rs_hold copy = *rs_dp_hold(dp, at);
		int r = copy.sequence == at + 1 ? each(user, &copy) : 0;
		if (r)
			return r;
	}
	return 0;
}

struct every_hold {
	int (*each)(void *user, const struct rs_hold *hold);
	void *user;
	int result;
};

static int take_hold(void *user, const struct rs_hold *hold)
{
	struct every_hold *every = user;
	return every->result = every->each(every->user, hold);
}

int rs_dp_holds_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_hold *hold), void *user)
{
	struct every_hold every = {.each = each, .user = user};
	uint64_t place = 0;
	while (rs_dp_holds_some(dp, &place, take_hold, &every) && !every.result)
		;
	return every.result;
}

/* A consistent copy of the held frame, its length, or -ENOENT when the hold has ended. */
static int copy_frame(struct rs_dp *dp, unsigned long long sequence, struct rs_hold *ret_copy)
{
	const struct rs_hold *hold = rs_dp_hold(dp, sequence);
	/* A retransmit may be replacing it right now: a few looks are enough, it takes a microsecond. */
	for (int tries = 0; tries < 100; tries++) {
		if (rs_dp_hold_state(dp, sequence) != RS_HOLD_HELD)
			return -ENOENT;
		unsigned before = __atomic_load_n(&hold->version, __ATOMIC_ACQUIRE);
		memcpy(ret_copy, hold, sizeof(*ret_copy));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(before & 1) && before == __atomic_load_n(&hold->version, __ATOMIC_ACQUIRE) &&
		    ret_copy->sequence == sequence + 1)
			return ret_copy->frame_length;
	}
	return -EAGAIN;
}

int rs_dp_send_frame(struct rs_dp *dp, const void *frame, size_t length, unsigned mark)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = ((const struct rs_ethernet *)frame)->type,
		.sll_ifindex = (int)dp->config.rouse0_ifindex,
		.sll_halen = 6,
	};
	memcpy(to.sll_addr, dp->config.rouse1_mac, 6);
	char control[CMSG_SPACE(sizeof(mark))] = {0};
	struct iovec io = {.iov_base = (void *)frame, .iov_len = length};
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SO_MARK;
	header->cmsg_len = CMSG_LEN(sizeof(mark));
	memcpy(CMSG_DATA(header), &mark, sizeof(mark));
	return sendmsg(dp->packet_socket, &message, 0) < 0 ? -errno : 0;
}

int rs_dp_send_about(struct rs_dp *dp, unsigned long long sequence, unsigned mark)
{
	struct rs_hold hold;
	int length = copy_frame(dp, sequence, &hold);
	if (length < 0)
		return length;
	length = rs_frame_headers(hold.frame, (unsigned)length, dp->config.rouse0_mac, dp->config.rouse1_mac);
	return length < 0 ? length : rs_dp_send_frame(dp, hold.frame, (size_t)length, mark);
}

static bool is_datagrams(struct rs_dp *dp, unsigned long long sequence)
{
	const struct rs_hold *hold = rs_dp_hold(dp, sequence);
	return hold && hold->key.protocol == RS_PROTOCOL_UDP;
}

int rs_dp_release(struct rs_dp *dp, unsigned long long sequence)
{
	if (is_datagrams(dp, sequence))
		return rs_dp_release_datagrams(dp, sequence);
	struct rs_hold hold;
	int length = copy_frame(dp, sequence, &hold);
	if (length < 0)
		return length;
	length = rs_frame_release(hold.frame, (unsigned)length, dp->config.rouse0_mac, dp->config.rouse1_mac);
	if (length < 0)
		return length;
	return rs_dp_send_frame(dp, hold.frame, (size_t)length, RS_MARK_RELEASE);
}

int rs_dp_reset(struct rs_dp *dp, unsigned long long sequence)
{
	if (is_datagrams(dp, sequence))
		return rs_dp_send_about(dp, sequence, RS_MARK_RESET);
	struct rs_hold hold;
	int length = copy_frame(dp, sequence, &hold);
	if (length < 0)
		return length;
	__u8 reset[RS_ANSWER_RESET_MAX];
	length = rs_frame_reset(hold.frame, (unsigned)length, reset);
	if (length < 0)
		return length;
	return rs_dp_send_frame(dp, reset, (size_t)length, RS_MARK_RESET);
}
