// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dp.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "dp/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- namespaces --------------------------------------------------------------------------------------------------- */

static int this_namespace(void)
{
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

bool net_is_v6(void)
{
	const char *family = getenv("RS_TEST_FAMILY");
	return family && strcmp(family, "6") == 0;
}

const char *net_address(const char *v4, const char *v6)
{
	return net_is_v6() ? v6 : v4;
}

/* Packets that nobody sent on purpose would be counted too. */
static void quiet(int ns)
{
	if (net_is_v6())
		net_shell(ns, "sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.accept_ra=0"
			      " net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.forwarding=1");
	else
		net_shell(ns, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
			      " 2>/dev/null || true");
}

static int new_namespace(int back)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	int ns = this_namespace();
	quiet(ns);
	assert_int_equal(setns(back, CLONE_NEWNET), 0);
	return ns;
}

/* The exit status. */
static int run_in(int ns, const char *command)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setns(ns, CLONE_NEWNET) == 0)
			execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void net_shell(int ns, const char *format, ...)
{
	char command[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (run_in(ns, command) != 0)
		fail_msg("in a namespace, \"%s\" failed", command);
}

void net_need(int ns, const char *command)
{
	char silent[512]; /* skip() leaves by longjmp: nothing to free may be left */
	snprintf(silent, sizeof(silent), "{ %s; } >/dev/null 2>&1", command);
	if (run_in(ns, silent) == 0)
		return;
	print_message("skipped, as this does not work here: %s\n", command);
	skip();
}

static unsigned add_veth(struct net *net, const char *name, int ns)
{
	net_shell(net->node, "ip link add %s type veth peer name eth0 netns /proc/%d/fd/%d && ip link set %s up", name,
		  (int)getpid(), ns, name);
	net_shell(ns, "ip link set lo up && ip link set eth0 up");
	return if_nametoindex(name);
}

static void read_mac(int ns, const char *name, unsigned char mac[6])
{
	int fd = net_socket(ns, SOCK_DGRAM);
	struct ifreq request = {.ifr_ifindex = 0};
	assert_int_equal(rs_str_copy(request.ifr_name, sizeof(request.ifr_name), name), 0);
	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &request), 0);
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static void add_client(struct net *net)
{
	net->client_if = add_veth(net, "client", net->client);
	read_mac(net->node, "client", net->client_mac);
	net_shell(net->node, "ip addr add 10.0.1.1/24 dev client");
	net_shell(net->client, "ip addr add 10.0.1.2/24 dev eth0 && ip route add default via 10.0.1.1");
	if (!net_is_v6())
		return;
	net_shell(net->node, "ip addr add fd00:1::1/64 dev client nodad");
	net_shell(net->client, "ip addr add fd00:1::2/64 dev eth0 nodad && ip route add default via fd00:1::1");
}

static void add_instance(struct net *net, unsigned id, const char *name)
{
	net->instance_if[id] = add_veth(net, name, net->instance[id]);
	net_shell(net->node, "ip addr add 198.19.255.1/32 dev %s && ip route add 198.19.0.%u/32 dev %s", name, id,
		  name);
	net_shell(net->instance[id],
		  "ip addr add 198.19.0.%u/32 dev eth0 && ip route add 198.19.255.1 dev eth0 &&"
		  " ip route add default via 198.19.255.1 && ethtool -K eth0 gro on", /* as the sandbox does */
		  id);
	read_mac(net->instance[id], "eth0", net->instance_mac[id]);
	if (!net_is_v6())
		return;
	net_shell(net->node, "ip addr add fd00:19::ff:1/128 dev %s nodad && ip route add fd00:19::%u/128 dev %s", name,
		  id, name);
	/* Without link-local addresses a host that forwards cannot ask for a neighbour. */
	const unsigned char *mac = net->instance_mac[id];
	net_shell(net->node, "ip neigh add fd00:19::%u lladdr %02x:%02x:%02x:%02x:%02x:%02x nud permanent dev %s", id,
		  mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], name);
	net_shell(net->instance[id],
		  "ip addr add fd00:19::%u/128 dev eth0 nodad && ip route add fd00:19::ff:1 dev eth0 &&"
		  " ip route add default via fd00:19::ff:1",
		  id);
}

static struct rs_address address_of(const char *text)
{
	struct rs_address address;
	assert_int_equal(rs_address_parse(text, &address), 0);
	return address;
}

static struct rs_range range_of(const char *text)
{
	struct rs_range range;
	assert_int_equal(rs_range_parse(text, &range), 0);
	return range;
}

static void add_hostlink(struct net *net)
{
	struct rs_err err = {0};
	struct rs_hostlink_config config = {
		.name = "rouse",
		.run_dir = "/nowhere",
		.sandbox_prefix = "rouse-",
		/* The instances of these tests stand where no sandbox would be: their range is said to be another. */
		.ranges = {.vip = {rs_range_v4((struct in_addr){inet_addr("198.18.0.0")}, 16)},
			   .instances = {rs_range_v4((struct in_addr){inet_addr("10.97.0.0")}, 16)}},
		.address = {rs_address_v4(inet_addr("198.18.255.254"))},
		.gateway = {rs_address_v4(inet_addr("198.18.255.253"))},
	};
	if (net_is_v6()) {
		config.ranges.vip[RS_V6] = range_of("fd00:18::/112");
		config.ranges.instances[RS_V6] = range_of("fd00:97::/112");
		config.address[RS_V6] = address_of("fd00:18::fffe");
		config.gateway[RS_V6] = address_of("fd00:18::fffd");
	}
	if (rs_hostlink_setup(&config, &net->link, &err) < 0)
		fail_msg("%s", err.message);
}

/* --- the dataplane ------------------------------------------------------------------------------------------------ */

static int attach_client(struct net *net, struct rs_err *err)
{
	return net->xdp_modes
		       ? rs_dp_attach_xdp(net->dp, net->client_if, RS_DP_CLIENT, RS_WAY_PEER, net->xdp_modes, err)
		       : rs_dp_attach(net->dp, net->client_if, RS_DP_CLIENT, RS_WAY_PEER, err);
}

void net_open_agent(struct net *net)
{
	struct rs_err err = {0};
	struct rs_dp_config config = {
		.bpf_dir = net->bpf_dir,
		.vip_range.s_addr = inet_addr("198.18.0.0"),
		.vip_bits = 16,
		.hook = net->hook,
		.tcx_order = net->order,
		.rouse0_ifindex = net->link.outer_ifindex,
		.rouse1_ifindex = net->link.inner_ifindex,
		.holds_max = RS_HOLDS_MIN,
		.flows_max = 4 * RS_FLOWS_MIN,
	};
	if (net_is_v6()) {
		const struct rs_range vip6 = range_of("fd00:18::/112");
		memcpy(&config.vip6_range, vip6.address.byte, sizeof(config.vip6_range));
		config.vip6_bits = vip6.bits;
	}
	memcpy(config.rouse0_mac, net->link.outer_mac, 6);
	memcpy(config.rouse1_mac, net->link.inner_mac, 6);
	if (rs_dp_open(&config, &net->dp, &err) < 0 ||
	    rs_dp_attach(net->dp, net->link.inner_ifindex, RS_DP_HOST, RS_WAY_HOST, &err) < 0 ||
	    attach_client(net, &err) < 0 ||
	    rs_dp_attach(net->dp, net->instance_if[1], RS_DP_INSTANCE, RS_WAY_PEER, &err) < 0 ||
	    rs_dp_attach(net->dp, net->instance_if[2], RS_DP_INSTANCE, RS_WAY_PEER, &err) < 0)
		fail_msg("%s", err.message);
}

void net_close_agent(struct net *net)
{
	net->dp = rs_dp_close(net->dp);
}

static bool open_by(struct net *net, enum rs_hook hook, unsigned modes, const char **ret_why)
{
	static unsigned serial;
	*net = (struct net){.xdp_modes = modes};
	*ret_why = "it needs root: network namespaces and BPF";
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	net->hook = hook;
	net->node = this_namespace();
	quiet(net->node);
	net->client = new_namespace(net->node);
	net->instance[1] = new_namespace(net->node);
	net->instance[2] = new_namespace(net->node);
	net_shell(net->node, "ip link set lo up; sysctl -qw net.ipv4.conf.all.rp_filter=1"
			     " net.ipv4.conf.default.rp_filter=1 net.ipv4.ip_forward=1");
	add_client(net);
	add_instance(net, 1, "one");
	add_instance(net, 2, "two");
	add_hostlink(net);
	net->bpf_dir = rs_str_format("/sys/fs/bpf/dataplane-net-%d-%u", (int)getpid(), serial++);
	net_open_agent(net);
	assert_int_equal(rs_dp_revision_init(net->dp, 1, 0x1111, 10000, 60000), 0);
	struct rs_route route = {.generation = 1, .target = {1}};
	assert_int_equal(rs_dp_route_set(net->dp, 1, &route), 0);
	net_frontend(net, VIP, 80);
	net_frontend(net, VIP, 8080);
	net_mark(net);
	return true;
}

bool net_open(struct net *net, enum rs_hook hook, const char **ret_why)
{
	return open_by(net, hook, 0, ret_why);
}

bool net_open_xdp(struct net *net, unsigned modes, const char **ret_why)
{
	return open_by(net, RS_HOOK_AUTO, modes, ret_why);
}

void net_close(struct net *net)
{
	struct rs_err err = {0};
	if (net->dp)
		net_check_sum(net);
	rs_dp_close(net->dp);
	if (rs_dp_cleanup(net->bpf_dir, &err) < 0 || rs_hostlink_cleanup("rouse", "/nowhere", &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(access(net->bpf_dir, F_OK), -1);
	assert_int_equal(if_nametoindex("rouse0"), 0);
	net_shell(net->node, "! tc qdisc show | grep clsact");
	free(net->bpf_dir);
	const int namespaces[] = {net->node, net->client, net->instance[1], net->instance[2]};
	for (size_t i = 0; i < rs_array_length(namespaces); i++)
		close(namespaces[i]);
}

void net_frontend(struct net *net, const char *vip, unsigned short port)
{
	const struct rs_address address = address_of(vip);
	const struct rs_frontend_key key = rs_dp_frontend(&address, port, RS_PROTOCOL_TCP);
	assert_int_equal(rs_dp_frontend_set(net->dp, &key, 1, 0), 0);
}

struct rs_instance *net_instance(struct net *net, unsigned id, enum rs_instance_state state)
{
	struct stat stat;
	struct rs_instance instance = {
		.revision = 1,
		.ifindex = net->instance_if[id],
		.address[RS_V4] = rs_address_v4(htonl(0xc6130000 + id)),
		.port[0] = htons(8080),
	};
	if (net_is_v6()) {
		instance.address[RS_V6] = address_of("fd00:19::");
		instance.address[RS_V6].byte[15] = (__u8)id;
	}
	memcpy(instance.mac, net->instance_mac[id], 6);
	assert_int_equal(fstat(net->instance[id], &stat), 0);
	net->netns_inode[id] = (unsigned)stat.st_ino;
	assert_int_equal(rs_dp_instance_add(net->dp, id, &instance, net->netns_inode[id]), 0);
	if (state != RS_INSTANCE_STARTING)
		rs_dp_instance_set_state(net->dp, id, state);
	return rs_dp_instance(net->dp, id);
}

/* --- sockets ------------------------------------------------------------------------------------------------------ */

int net_socket(int ns, int type)
{
	return net_socket_of(ns, type, 0);
}

static int socket_in(int ns, int family, int type, int protocol)
{
	rs_auto_fd int back = this_namespace();
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	assert_int_equal(setns(back, CLONE_NEWNET), 0);
	assert_true(fd >= 0);
	return fd;
}

int net_socket_of(int ns, int type, int protocol)
{
	int yes = 1, fd = socket_in(ns, net_is_v6() ? AF_INET6 : AF_INET, type, protocol);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return fd;
}

int net_packet_socket(int ns)
{
	return socket_in(ns, AF_PACKET, SOCK_RAW, 0);
}

unsigned net_index(int ns, const char *interface)
{
	struct ifreq request = {0};
	rs_str_copy(request.ifr_name, sizeof(request.ifr_name), interface);
	rs_auto_fd int fd = net_socket(ns, SOCK_DGRAM);
	assert_int_equal(ioctl(fd, SIOCGIFINDEX, &request), 0);
	return (unsigned)request.ifr_ifindex;
}

struct end {
	union {
		struct sockaddr address;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t length;
};

static struct end socket_address(const char *text, unsigned short port)
{
	const struct rs_address address = address_of(text);
	struct end end = {.length = sizeof(end.v4)};
	if (net_is_v6()) {
		end.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&end.v6.sin6_addr, address.byte, sizeof(address.byte));
		end.length = sizeof(end.v6);
	} else {
		end.v4 = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_addr.s_addr = rs_address_to_v4(&address), .sin_port = htons(port)};
	}
	return end;
}

int net_listen(int ns, unsigned short port, int backlog)
{
	int fd = net_socket(ns, SOCK_STREAM);
	const struct end any = socket_address(net_address("0.0.0.0", "::"), port);
	assert_int_equal(bind(fd, &any.address, any.length), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

int net_connect(int ns, const char *address, unsigned short port, unsigned short from)
{
	int fd = net_socket(ns, SOCK_STREAM);
	const struct end to = socket_address(address, port), local = socket_address(net_address("0.0.0.0", "::"), from);
	if (from)
		assert_int_equal(bind(fd, &local.address, local.length), 0);
	int r = connect(fd, &to.address, to.length);
	if (r < 0 && errno != EINPROGRESS)
		fail_msg("connect to %s:%u: %s", address, port, strerror(errno));
	return fd;
}

ssize_t net_send_to(int fd, const char *address, const void *data, size_t length)
{
	const struct end to = socket_address(address, 0);
	return sendto(fd, data, length, 0, &to.address, to.length);
}

int net_connected(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	if (poll(&poll_fd, 1, timeout_ms) == 0)
		return ETIMEDOUT;
	int error = 0;
	socklen_t length = sizeof(error);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
	return error;
}

bool net_readable(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	return poll(&poll_fd, 1, timeout_ms) > 0;
}

int net_accept(int listener, int timeout_ms)
{
	if (!net_readable(listener, timeout_ms))
		fail_msg("nobody has connected within %d ms", timeout_ms);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

/* Moves `length` bytes of a pattern and checks them at the other end. */
static void pump(int from, int to, unsigned length)
{
	static unsigned char out[65536], in[65536];
	unsigned sent = 0, received = 0;
	while (received < length) {
		if (sent < length) {
			unsigned n = length - sent < sizeof(out) ? length - sent : (unsigned)sizeof(out);
			for (unsigned i = 0; i < n; i++)
				out[i] = (unsigned char)((sent + i) * 31 + ((sent + i) >> 8));
			ssize_t r = send(from, out, n, MSG_NOSIGNAL);
			if (r < 0 && errno != EAGAIN)
				fail_msg("send: %s", strerror(errno));
			sent += r > 0 ? (unsigned)r : 0;
		}
		if (!net_readable(to, DEADLINE_MS))
			fail_msg("%u of %u bytes came through", received, length);
		ssize_t r = recv(to, in, sizeof(in), 0);
		if (r <= 0)
			fail_msg("the connection ended after %u of %u bytes: %s", received, length,
				 r < 0 ? strerror(errno) : "closed");
		for (unsigned i = 0; i < (unsigned)r; i++)
			assert_int_equal(in[i], (unsigned char)((received + i) * 31 + ((received + i) >> 8)));
		received += (unsigned)r;
	}
}

void net_exchange(int client, int server, unsigned length)
{
	pump(client, server, length);
	pump(server, client, length);
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

uint64_t net_counter(const struct net *net, enum rs_reason reason)
{
	struct rs_counters now;
	assert_int_equal(rs_dp_counters(net->dp, &now), 0);
	return ((const uint64_t *)&now)[reason];
}

void net_mark(struct net *net)
{
	assert_int_equal(rs_dp_counters(net->dp, &net->before), 0);
}

uint64_t net_since_mark(const struct net *net, enum rs_reason reason)
{
	return net_counter(net, reason) - ((const uint64_t *)&net->before)[reason];
}

void net_wait(const struct net *net, enum rs_reason reason, uint64_t times)
{
	static const char *const names[] = {
#define X(name, text) #name,
		RS_REASONS(X)
#undef X
	};
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	while (net_since_mark(net, reason) < times) {
		if (rs_now_ns() > deadline)
			fail_msg("%s was counted %llu times, not %llu", names[reason],
				 (unsigned long long)net_since_mark(net, reason), (unsigned long long)times);
		poll(NULL, 0, 1);
	}
}

static int count_hold(void *user, const struct rs_hold *hold)
{
	(void)hold;
	++*(uint64_t *)user;
	return 0;
}

void net_check_sum(const struct net *net)
{
	struct rs_counters c;
	uint64_t held = 0;
	assert_int_equal(rs_dp_holds_each(net->dp, count_hold, &held), 0);
	assert_int_equal(rs_dp_counters(net->dp, &c), 0);
	assert_int_equal(c.hold_begun, c.hold_released + c.hold_expired + c.hold_shed + c.hold_reset + held);
	assert_int_equal(rs_dp_revision(net->dp, 1)->held, held);
}

void net_wait_idle(const struct net *net)
{
	uint64_t deadline = rs_now_ns() + DEADLINE_MS * RS_NS_PER_MS;
	for (unsigned id = 1; id <= 2; id++) {
		while (rs_dp_instance(net->dp, id)->in_flight) {
			if (rs_now_ns() > deadline)
				fail_msg("instance %u still has %u in flight", id,
					 rs_dp_instance(net->dp, id)->in_flight);
			poll(NULL, 0, 2);
		}
	}
}

struct list {
	unsigned long long *sequences;
	unsigned count;
	unsigned max;
};

static void list_hold(void *user, unsigned long long sequence, unsigned revision)
{
	struct list *list = user;
	assert_int_equal(revision, 1);
	if (list->count < list->max)
		list->sequences[list->count++] = sequence;
}

unsigned net_holds(struct net *net, unsigned long long *ret_sequences, unsigned max)
{
	struct list list = {.sequences = ret_sequences, .max = max};
	rs_dp_holds_new(net->dp, list_hold, &list);
	return list.count;
}
