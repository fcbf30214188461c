// SPDX-License-Identifier: BSD-2-Clause
/* link: base dp packet */
/* Both sides mean the same by every structure of include/abi: the object's BTF against this compiler's layout (struct
 * rs_event, which no map names, asserts its own in its header). And every map carries its types, so that `bpftool map
 * dump` prints names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet/world.h"

#include "abi/config.h"
#include "abi/fragment.h"
#include "abi/version.h"
#include "base/mem.h"
#include "base/str.h"
#include "dp/internal.h"
#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct field {
	const char *name;
	size_t offset;
	size_t size;
};

struct layout {
	const char *name;
	size_t size;
	struct field fields[96];
};

#define F(type, field)                                                                                                 \
	{                                                                                                              \
#field, offsetof(struct type, field), sizeof(((struct type *)0)->field)                                \
	}
#define S(type, ...)                                                                                                   \
	{                                                                                                              \
#type, sizeof(struct type),                                                                            \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}

// clang-format off
static const struct layout layouts[] = {
	S(rs_address, F(rs_address, byte)),
	S(rs_tuple, F(rs_tuple, source), F(rs_tuple, destination), F(rs_tuple, source_port), F(rs_tuple, destination_port),
	  F(rs_tuple, protocol), F(rs_tuple, pad)),
	S(rs_abi, F(rs_abi, version), F(rs_abi, holds_max), F(rs_abi, flows_max), F(rs_abi, seed)),
	S(rs_config, F(rs_config, vip_v4), F(rs_config, vip_v4_mask), F(rs_config, vip_v6), F(rs_config, vip_v6_mask), F(rs_config, rouse0_ifindex),
	  F(rs_config, rouse1_ifindex), F(rs_config, rouse0_mac), F(rs_config, pad), F(rs_config, holds_mask),
	  F(rs_config, flows_mask), F(rs_config, open_mask), F(rs_config, holds_per_source), F(rs_config, seed), F(rs_config, jiffy_ns), F(rs_config, has_kernel_context), F(rs_config, udp_unreplied_ms), F(rs_config, udp_replied_ms),
	  F(rs_config, xdp_has_frags)),
	S(rs_frontend_key, F(rs_frontend_key, address), F(rs_frontend_key, port), F(rs_frontend_key, protocol),
	  F(rs_frontend_key, pad)),
	S(rs_frontend, F(rs_frontend, route), F(rs_frontend, port), F(rs_frontend, pad)),
	S(rs_route, F(rs_route, sequence), F(rs_route, denied_ns), F(rs_route, denied), F(rs_route, allowed),
	  F(rs_route, flags), F(rs_route, generation), F(rs_route, seed), F(rs_route, target), F(rs_route, slot)),
	S(rs_allowed_key, F(rs_allowed_key, prefix_bits), F(rs_allowed_key, list), F(rs_allowed_key, address)),
	S(rs_revision, F(rs_revision, wake), F(rs_revision, held), F(rs_revision, hold_max), F(rs_revision, hold_total_ms),
	  F(rs_revision, instance_count), F(rs_revision, slot_rung), F(rs_revision, uid), F(rs_revision, policy), F(rs_revision, ports), F(rs_revision, udp), F(rs_revision, pad), F(rs_revision, instance)),
	S(rs_maglev, F(rs_maglev, place), F(rs_maglev, pad)),
	S(rs_instance, F(rs_instance, state), F(rs_instance, generation), F(rs_instance, revision),
	  F(rs_instance, in_flight), F(rs_instance, limit), F(rs_instance, ifindex), F(rs_instance, flows),
	  F(rs_instance, flags), F(rs_instance, backlog), F(rs_instance, mtu), F(rs_instance, listening),
	  F(rs_instance, address), F(rs_instance, port), F(rs_instance, mac), F(rs_instance, udp), F(rs_instance, pad),
	  F(rs_instance, ready_ns)),
	S(rs_revision_stats, F(rs_revision_stats, settled), F(rs_revision_stats, started), F(rs_revision_stats, ended),
	  F(rs_revision_stats, sum_start_ns), F(rs_revision_stats, sum_end_ns), F(rs_revision_stats, connections),
	  F(rs_revision_stats, bytes_in), F(rs_revision_stats, bytes_out), F(rs_revision_stats, resets),
	  F(rs_revision_stats, begun)),
	S(rs_flow, F(rs_flow, born_ns), F(rs_flow, client_ns), F(rs_flow, server_ns), F(rs_flow, request_ns),
	  F(rs_flow, bytes_in), F(rs_flow, bytes_out), F(rs_flow, instance_address), F(rs_flow, instance_port),
	  F(rs_flow, instance_mac), F(rs_flow, instance), F(rs_flow, instance_generation), F(rs_flow, instance_ifindex),
	  F(rs_flow, revision), F(rs_flow, route), F(rs_flow, weight_sequence), F(rs_flow, isn), F(rs_flow, client_ifindex),
	  F(rs_flow, state), F(rs_flow, busy), F(rs_flow, ended), F(rs_flow, in_fast_ring), F(rs_flow, seen_port),
	  F(rs_flow, client_mac), F(rs_flow, client_way), F(rs_flow, in_slow_ring), F(rs_flow, hairpin), F(rs_flow, refused),
	  F(rs_flow, server_isn), F(rs_flow, server_ack), F(rs_flow, client_next), F(rs_flow, port), F(rs_flow, instance_mtu), F(rs_flow, held)),
	S(rs_reply, F(rs_reply, key), F(rs_reply, server_ns), F(rs_reply, bytes_out), F(rs_reply, server_ack),
	  F(rs_reply, answered), F(rs_reply, settled), F(rs_reply, revision), F(rs_reply, instance_ifindex),
	  F(rs_reply, client_ifindex), F(rs_reply, client_mac), F(rs_reply, client_way), F(rs_reply, pad)),
	S(rs_flow_ring_entry, F(rs_flow_ring_entry, sequence), F(rs_flow_ring_entry, due_ns),
	  F(rs_flow_ring_entry, born_ns), F(rs_flow_ring_entry, key)),
	S(rs_iface, F(rs_iface, way), F(rs_iface, flags), F(rs_iface, mtu)),
	S(rs_hold, F(rs_hold, sequence), F(rs_hold, state), F(rs_hold, version), F(rs_hold, key), F(rs_hold, first_ns),
	  F(rs_hold, last_ns), F(rs_hold, gap_ms), F(rs_hold, isn), F(rs_hold, revision), F(rs_hold, route),
	  F(rs_hold, weight_sequence), F(rs_hold, client_ifindex), F(rs_hold, total_ms), F(rs_hold, port), F(rs_hold, queued), F(rs_hold, released), F(rs_hold, queued_bytes), F(rs_hold, datagram), F(rs_hold, frame_length),
	  F(rs_hold, retransmits), F(rs_hold, frame)),
	S(rs_ring, F(rs_ring, head), F(rs_ring, tail)),
	S(rs_rings, F(rs_rings, hold), F(rs_rings, flow_fast), F(rs_rings, flow_slow), F(rs_rings, flow_open),
	  F(rs_rings, hold_cursor), F(rs_rings, sweeps), F(rs_rings, held), F(rs_rings, datagram_cursor), F(rs_rings, events_lost)),
#define X(name, text) F(rs_counters, name),
	S(rs_fragment_key, F(rs_fragment_key, source), F(rs_fragment_key, destination), F(rs_fragment_key, id),
	  F(rs_fragment_key, protocol), F(rs_fragment_key, pad)),
	S(rs_fragment_way, F(rs_fragment_way, until_ns), F(rs_fragment_way, source), F(rs_fragment_way, destination),
	  F(rs_fragment_way, ifindex), F(rs_fragment_way, from_ifindex), F(rs_fragment_way, mac), F(rs_fragment_way, mtu),
	  F(rs_fragment_way, to), F(rs_fragment_way, way), F(rs_fragment_way, pad)),
	S(rs_counters, RS_REASONS(X)),
#undef X
};
// clang-format on

static struct world world;

static void check_layout(const struct btf *btf, const struct layout *layout)
{
	int id = btf__find_by_name_kind(btf, layout->name, BTF_KIND_STRUCT);
	if (id < 0)
		fail_msg("the object has no BTF of struct %s", layout->name);
	const struct btf_type *type = btf__type_by_id(btf, (unsigned)id);
	const struct btf_member *member = btf_members(type);
	unsigned count = 0;
	assert_int_equal(type->size, layout->size);
	for (; layout->fields[count].name; count++) {
		const struct field *field = &layout->fields[count];
		if (count >= btf_vlen(type))
			fail_msg("struct %s has no field %s in the object", layout->name, field->name);
		assert_string_equal(btf__name_by_offset(btf, member[count].name_off), field->name);
		if (btf_member_bit_offset(type, count) != 8 * field->offset ||
		    (size_t)btf__resolve_size(btf, member[count].type) != field->size)
			fail_msg("struct %s: %s stands at %zu with %zu bytes here, at %u in the object", layout->name,
				 field->name, field->offset, field->size, btf_member_bit_offset(type, count) / 8);
	}
	/* The list above is complete. */
	assert_int_equal(btf_vlen(type), count);
}

static void test_the_object_lays_out_as_the_host_does(void **state)
{
	(void)state;
	const struct btf *btf = bpf_object__btf(world.dp->skeleton->obj);
	for (size_t i = 0; i < rs_array_length(layouts); i++)
		check_layout(btf, &layouts[i]);
}

static void test_every_map_carries_its_types(void **state)
{
	(void)state;
	struct bpf_map *map;
	bpf_object__for_each_map(map, world.dp->skeleton->obj)
	{
		struct bpf_map_info info = {0};
		unsigned size = sizeof(info);
		assert_int_equal(bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &size), 0);
		if (info.type == BPF_MAP_TYPE_RINGBUF || bpf_map__is_internal(map))
			continue;
		if (!info.btf_id || !info.btf_key_type_id || !info.btf_value_type_id)
			fail_msg("the map %s has no BTF for its key and value", bpf_map__name(map));
	}
}

static void test_every_map_is_pinned_under_its_name(void **state)
{
	(void)state;
	struct bpf_map *map;
	bpf_object__for_each_map(map, world.dp->skeleton->obj)
	{
		rs_auto_free char *path = rs_str_format("%s/%s", world.bpf_dir, bpf_map__name(map));
		if (!bpf_map__is_internal(map) && access(path, F_OK) < 0)
			fail_msg("%s is not there", path);
		assert_true(strlen(bpf_map__name(map)) <= 15);
	}
}

static void test_bpftool_prints_names(void **state)
{
	(void)state;
	static char output[1 << 16];
	if (system("command -v bpftool >/dev/null") != 0) {
		print_message("skipped: bpftool is not installed\n");
		skip();
	}
	rs_auto_free char *command = rs_str_format("bpftool map dump pinned %s/counters", world.bpf_dir);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	size_t length = fread(output, 1, sizeof(output) - 1, pipe);
	output[length] = 0;
	assert_int_equal(pclose(pipe), 0);
	assert_non_null(strstr(output, "\"hold_released\": 0"));
}

static int open_world(void **state)
{
	(void)state;
	world_open(&world);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_close(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_object_lays_out_as_the_host_does),
		cmocka_unit_test(test_every_map_carries_its_types),
		cmocka_unit_test(test_every_map_is_pinned_under_its_name),
		cmocka_unit_test(test_bpftool_prints_names),
	};
	const char *why;
	if (!world_prepare(&why)) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests(tests, open_world, close_world);
}
