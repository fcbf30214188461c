// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which interfaces carry the program for clients: the ones that were named, or
 * else every virtual one with an address. Physical uplinks only when named.
 *
 * The kernel tells when links and addresses change. A moment after the first
 * news the links that they name are looked at, each by itself; all of them when
 * there were too many, or some were lost. What is looked at is the link as it is
 * then: news that were late or came twice do no harm.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "rt/names.h"
#include "sys/timer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A link that comes up sends several messages in a row. */
#define LOOK_AFTER_NS (2 * RS_NS_PER_MS)
/* Attaching waits for whoever changes links, so in a storm a look takes long: it is ended after some time, and goes on
 * after a rest in which the loop serves others. */
#define LOOK_AT_MOST_NS (10 * RS_NS_PER_MS)
#define REST_NS		(10 * RS_NS_PER_MS)
/* More than these are looked at in one go. */
#define CHANGED_MAX 64

/* An interface that is to carry our program. */
struct place {
	struct rs_attach_state state;
	unsigned ifindex;
	bool seen;  /* by the whole look that is going on */
	bool stale; /* the link was deleted: one of its number is another */
	bool again; /* perhaps it was, for news were lost: attach anew */
};

struct rs_attach {
	struct rs_agent *agent;
	int socket;
	sd_event_source *source;
	sd_event_source *timer;
	uint64_t deadline_ns; /* of the look that is going on; 0 = none */
	uint64_t rest_until_ns;
	unsigned changed[CHANGED_MAX];
	size_t changed_count;
	bool all_changed;
	bool unfinished;      /* the look that is going on */
	bool is_first;	      /* look, at the start */
	struct place *places; /* sorted by ifindex */
	size_t count;
	size_t capacity;
};

/* --- places ----------------------------------------------------------------------------------------------------- */

/* Where it is, or else would have to be. */
static size_t position(const struct rs_attach *attach, unsigned ifindex)
{
	size_t low = 0, high = attach->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (attach->places[middle].ifindex < ifindex)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct place *find(const struct rs_attach *attach, unsigned ifindex)
{
	size_t at = position(attach, ifindex);
	return at < attach->count && attach->places[at].ifindex == ifindex ? &attach->places[at] : NULL;
}

static struct place *add(struct rs_attach *attach, unsigned ifindex)
{
	struct place *grown = rs_grow(attach->places, attach->count, &attach->capacity, sizeof(*grown));
	if (!grown)
		return NULL;
	attach->places = grown;
	size_t at = position(attach, ifindex);
	memmove(attach->places + at + 1, attach->places + at, (attach->count - at) * sizeof(*attach->places));
	attach->places[at] = (struct place){.ifindex = ifindex};
	attach->count++;
	return &attach->places[at];
}

static void forget(struct rs_attach *attach, unsigned ifindex)
{
	struct place *place = find(attach, ifindex);
	if (!place)
		return;
	rs_dp_detach(attach->agent->dp, ifindex);
	rs_info("no clients are served any more interface=%s", place->state.name);
	size_t at = (size_t)(place - attach->places);
	attach->count--;
	memmove(place, place + 1, (attach->count - at) * sizeof(*place));
}

/* --- one link --------------------------------------------------------------------------------------------------- */

/* Agents' own links carry other programs, or another agent's. */
static bool is_agents(const struct rs_options *options, const struct rs_link_info *link)
{
	char prefix[RS_LINK_NAME_MAX];
	rs_rt_link_prefix(options->name, prefix);
	return link->kind == RS_LINK_AGENT || link->kind == RS_LINK_SANDBOX || rs_rt_id_of(link->name, prefix);
}

static bool is_wanted(const struct rs_options *options, const struct rs_link_info *link)
{
	if (is_agents(options, link))
		return false;
	const struct rs_interface_option *named = rs_options_interface(options, link->name);
	if (named)
		return named->carry != RS_CARRY_OFF;
	return !rs_options_name_interfaces(options) && link->kind == RS_LINK_CLIENT;
}

static enum rs_dp_side side_of(const struct rs_options *options, const struct rs_link_info *link)
{
	const struct rs_interface_option *named = rs_options_interface(options, link->name);
	return link->kind == RS_LINK_UPLINK || (named && named->is_uplink) ? RS_DP_UPLINK : RS_DP_CLIENT;
}

static void let_forward(struct rs_agent *agent, const char *link)
{
	struct rs_outbound_config outbound = rs_agent_outbound_config(agent->options);
	struct rs_err err = {0};
	if (rs_outbound_allow(&outbound, link, &err) < 0)
		rs_warn("%s", err.message);
}

static enum rs_carry carry_of(const struct rs_options *options, const struct rs_link_info *link)
{
	const struct rs_interface_option *named = rs_options_interface(options, link->name);
	enum rs_carry carry = named ? named->carry : RS_CARRY_AUTO;
	if (carry != RS_CARRY_AUTO)
		return carry;
	return link->kind == RS_LINK_UPLINK ? RS_CARRY_XDP_NATIVE : RS_CARRY_TC;
}

/* False: it is for TC, and the note says why where XDP was asked for. */
static bool attach_xdp(struct rs_agent *agent, struct place *place)
{
	static const unsigned modes[RS_CARRY_COUNT] = {
		[RS_CARRY_XDP] = RS_XDP_NATIVE | RS_XDP_GENERIC,
		[RS_CARRY_XDP_NATIVE] = RS_XDP_NATIVE,
		[RS_CARRY_XDP_GENERIC] = RS_XDP_GENERIC,
	};
	struct rs_attach_state *state = &place->state;
	struct rs_err err = {0};
	*state->note = '\0';
	state->fell_back = false;
	if (!modes[state->carry])
		return false;
	if (rs_dp_attach_xdp(agent->dp, place->ifindex, state->side, state->way, modes[state->carry], &err) < 0) {
		snprintf(state->note, sizeof(state->note), "no XDP: %.180s", err.message);
		state->fell_back = true;
		return false;
	}
	const char *hook = rs_dp_hook_at(agent->dp, place->ifindex);
	if (!rs_str_equal(hook, "xdp"))
		rs_str_copy(state->note, sizeof(state->note),
			    "in the stack: its driver has no native XDP, or is not to");
	else
		rs_str_copy(state->note, sizeof(state->note),
			    rs_dp_xdp_has_frags(agent->dp) ? "native, frames of any size"
							   : "native, frames that fit a page");
	return true;
}

/* Attaches, anew where it stands already. A failure is told once, and tried again at the link's next news. */
static void serve(struct rs_attach *attach, struct place *place)
{
	struct rs_agent *agent = attach->agent;
	struct rs_attach_state *state = &place->state;
	struct rs_err err = {0};
	bool was_attached = state->attached, has_failed = *state->complaint;
	place->again = false;
	state->attached =
		attach_xdp(agent, place) || rs_dp_attach(agent->dp, place->ifindex, state->side, state->way, &err) == 0;
	rs_str_copy(state->complaint, sizeof(state->complaint), state->attached ? "" : err.message);
	if (!state->attached && !has_failed)
		rs_error("cannot serve clients interface=%s error=%s", state->name, rs_log_value(err.message));
	else if (state->attached && !was_attached)
		rs_info("serving clients interface=%s hook=%s%s%s", state->name,
			rs_dp_hook_at(agent->dp, place->ifindex), *state->note ? " note=" : "",
			*state->note ? rs_log_value(state->note) : "");
}

/* False when this look has taken long enough: the rest is for the next one. */
static bool has_time(struct rs_attach *attach)
{
	if (attach->deadline_ns && rs_now_ns() > attach->deadline_ns)
		attach->unfinished = true;
	return !attach->unfinished;
}

static void look_at(struct rs_attach *attach, const struct rs_link_info *link)
{
	struct place *place = find(attach, link->ifindex);
	if (place && place->stale) {
		if (!has_time(attach))
			return;
		forget(attach, link->ifindex);
		place = NULL;
	}
	/* Answers to what instances ask of others may come in by any of them. */
	if (link->kind == RS_LINK_CLIENT || link->kind == RS_LINK_UPLINK)
		let_forward(attach->agent, link->name);
	if (!is_wanted(attach->agent->options, link)) {
		if (place && has_time(attach))
			forget(attach, link->ifindex);
		/* An earlier agent was told to serve it. */
		if (attach->is_first && !is_agents(attach->agent->options, link))
			rs_dp_detach(attach->agent->dp, link->ifindex);
		return;
	}
	if (!place)
		place = add(attach, link->ifindex);
	if (!place) {
		rs_error("cannot serve clients interface=%s error=\"out of memory\"", link->name);
		return;
	}
	place->seen = true;
	rs_str_copy(place->state.name, sizeof(place->state.name), link->name);
	/* Its other end may have moved into a container since. A link that no packet of IPv6 fits through is the
	 * stack's, which knows its MTU: of others replies are compared with it only when they are longer than that. */
	enum rs_way way = link->mtu < RS_LINK_MTU_MIN ? RS_WAY_STACK
			  : link->peer_elsewhere      ? RS_WAY_PEER
						      : RS_WAY_NEIGH;
	enum rs_dp_side side = side_of(attach->agent->options, link);
	enum rs_carry carry = carry_of(attach->agent->options, link);
	struct rs_attach_state *state = &place->state;
	bool is_other = state->way != way || state->side != side || state->carry != carry;
	if ((!state->attached || is_other || place->again) && has_time(attach)) {
		state->way = way;
		state->side = side;
		state->carry = carry;
		serve(attach, place);
	}
	if (state->attached)
		rs_dp_iface_mtu(attach->agent->dp, link->ifindex, link->mtu);
}

/* --- looks ------------------------------------------------------------------------------------------------------ */

static int on_link(void *user, const struct rs_link_info *link)
{
	look_at(user, link);
	return 0;
}

static int look_at_all(struct rs_attach *attach, struct rs_err *err)
{
	for (size_t i = 0; i < attach->count; i++)
		attach->places[i].seen = false;
	int r = rs_links_each(on_link, attach, err);
	for (size_t i = attach->count; r == 0 && i > 0; i--) {
		const struct place *place = &attach->places[i - 1];
		if ((!place->seen || place->stale) && has_time(attach))
			forget(attach, place->ifindex);
	}
	return r;
}

static int look_at_changed(struct rs_attach *attach, struct rs_err *err)
{
	size_t done = 0;
	int r = 0;
	for (; r == 0 && done < attach->changed_count && has_time(attach); done++) {
		struct rs_link_info link;
		r = rs_links_get(attach->changed[done], &link, err);
		if (r == 0)
			look_at(attach, &link);
		else if (r == -ENODEV)
			forget(attach, attach->changed[done]);
		if (r == -ENODEV)
			r = 0;
		if (attach->unfinished)
			break;
	}
	attach->changed_count -= done;
	memmove(attach->changed, attach->changed + done, attach->changed_count * sizeof(*attach->changed));
	return r;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user);

/* Later news do not move the timer: a link that changes all the time must not keep the others waiting. */
static int look_later(struct rs_attach *attach)
{
	if (rs_timer_is_set(attach->timer) || (!attach->changed_count && !attach->all_changed))
		return 0;
	uint64_t at_ns = rs_now_ns() + LOOK_AFTER_NS;
	if (at_ns < attach->rest_until_ns)
		at_ns = attach->rest_until_ns;
	return rs_timer_at(attach->agent->event, &attach->timer, at_ns, 1000, on_timer, attach);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *user)
{
	struct rs_attach *attach = user;
	struct rs_err err = {0};
	(void)source;
	(void)usec;
	attach->deadline_ns = rs_now_ns() + LOOK_AT_MOST_NS;
	attach->unfinished = false;
	int r = attach->all_changed ? look_at_all(attach, &err) : look_at_changed(attach, &err);
	attach->deadline_ns = 0;
	if (r < 0) {
		rs_error("cannot follow the interfaces error=%s", rs_log_value(err.message));
		attach->all_changed = attach->unfinished = true;
	}
	if (!attach->unfinished) {
		attach->changed_count = 0;
		attach->all_changed = false;
	}
	attach->rest_until_ns = rs_now_ns() + (r < 0 ? RS_NS_PER_S : REST_NS);
	return look_later(attach);
}

static void on_changed(void *user, unsigned ifindex, bool deleted)
{
	struct rs_attach *attach = user;
	struct place *place = deleted ? find(attach, ifindex) : NULL;
	/* Another link may have its number before we look. */
	if (place)
		place->stale = true;
	for (size_t i = 0; i < attach->changed_count; i++) {
		if (attach->changed[i] == ifindex)
			return;
	}
	if (attach->changed_count == CHANGED_MAX)
		attach->all_changed = true;
	else
		attach->changed[attach->changed_count++] = ifindex;
}

static int on_news(sd_event_source *source, int fd, uint32_t revents, void *user)
{
	struct rs_attach *attach = user;
	(void)source;
	(void)revents;
	if (rs_links_news_read(fd, on_changed, attach) < 0) {
		attach->all_changed = true;
		for (size_t i = 0; i < attach->count; i++)
			attach->places[i].again = true;
	}
	return look_later(attach);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

int rs_attach_start(struct rs_agent *agent, struct rs_err *err)
{
	struct rs_attach *attach = calloc(1, sizeof(*attach));
	if (!attach)
		return rs_err_set(err, -ENOMEM, "out of memory");
	agent->attach = attach;
	attach->agent = agent;
	/* News first: what changes during the first look is not missed. */
	attach->socket = rs_links_news_open();
	if (attach->socket < 0)
		return rs_err_set(err, attach->socket, "cannot follow the interfaces: %s", strerror(-attach->socket));
	int r = sd_event_add_io(agent->event, &attach->source, attach->socket, EPOLLIN, on_news, attach);
	if (r < 0)
		return rs_err_set(err, r, "cannot follow the interfaces: %s", strerror(-r));
	attach->is_first = true;
	r = look_at_all(attach, err);
	attach->is_first = false;
	return r;
}

int rs_attach_reload(struct rs_agent *agent, struct rs_err *err)
{
	agent->attach->unfinished = false;
	/* What stood in the way of XDP may have gone. */
	for (size_t i = 0; i < agent->attach->count; i++)
		agent->attach->places[i].again |= agent->attach->places[i].state.fell_back;
	return look_at_all(agent->attach, err);
}

struct rs_attach *rs_attach_free(struct rs_attach *attach)
{
	if (!attach)
		return NULL;
	sd_event_source_unref(attach->source);
	sd_event_source_unref(attach->timer);
	if (attach->socket >= 0)
		close(attach->socket);
	free(attach->places);
	free(attach);
	return NULL;
}

unsigned rs_attach_count(const struct rs_agent *agent)
{
	unsigned count = 0;
	for (size_t i = 0; agent->attach && i < agent->attach->count; i++)
		count += agent->attach->places[i].state.attached;
	return count;
}

const struct rs_attach_state *rs_attach_state(const struct rs_agent *agent, unsigned ifindex)
{
	const struct place *place = agent->attach ? find(agent->attach, ifindex) : NULL;
	return place ? &place->state : NULL;
}
