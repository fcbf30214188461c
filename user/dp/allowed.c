// SPDX-License-Identifier: BSD-2-Clause
/* Who may use which service: the lists in the trie `allowed`. */
#include "dp/internal.h"

#include "rouse.skel.h"

#include <bpf/bpf.h>
#include <errno.h>

static int allowed_map(const struct rs_dp *dp)
{
	return bpf_map__fd(dp->skeleton->maps.allowed);
}

static struct rs_allowed_key range_key(unsigned list, const struct rs_address *address, unsigned bits)
{
	return (struct rs_allowed_key){.prefix_bits = RS_ALLOWED_LIST_BITS + bits, .list = list, .address = *address};
}

int rs_dp_allowed_add(struct rs_dp *dp, unsigned list, const struct rs_address *address, unsigned bits)
{
	struct rs_allowed_key key = range_key(list, address, bits);
	__u32 value = 1;
	return bpf_map_update_elem(allowed_map(dp), &key, &value, BPF_ANY);
}

int rs_dp_allowed_remove(struct rs_dp *dp, unsigned list, const struct rs_address *address, unsigned bits)
{
	struct rs_allowed_key key = range_key(list, address, bits);
	return bpf_map_delete_elem(allowed_map(dp), &key);
}

int rs_dp_allowed_each(struct rs_dp *dp, int (*each)(void *user, const struct rs_allowed_key *key), void *user)
{
	struct rs_allowed_key key, *previous = NULL;
	int r = 0;
	while (r == 0 && bpf_map_get_next_key(allowed_map(dp), previous, &key) == 0) {
		r = each(user, &key);
		previous = &key;
	}
	return r;
}
