/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/model/families.h"

#include <errno.h>
#include <string.h>

const char *const rs_ip_families_words[] = {
	[RS_IPV4] = "IPv4",
	[RS_IPV6] = "IPv6",
	[RS_IPV4_IPV6] = "IPv4,IPv6",
	[RS_IPV6_IPV4] = "IPv6,IPv4",
	[RS_IP_FAMILIES_COUNT] = NULL,
};

bool rs_ip_families_has(enum rs_ip_families families, enum rs_family family)
{
	return families != (family == RS_V4 ? RS_IPV6 : RS_IPV4);
}

unsigned rs_ip_families_list(enum rs_ip_families families, enum rs_family out[static RS_FAMILIES])
{
	bool is_v6_first = families == RS_IPV6 || families == RS_IPV6_IPV4;

	out[0] = is_v6_first ? RS_V6 : RS_V4;
	out[1] = is_v6_first ? RS_V4 : RS_V6;
	return families == RS_IPV4 || families == RS_IPV6 ? 1 : 2;
}

int rs_ip_families_parse(const char *text, enum rs_ip_families *ret_families, struct rs_err *err)
{
	char word[sizeof("IPv4,IPv6") + 1] = "";
	size_t length = 0;

	/* One character too many is enough to be none of the words. */
	for (const char *at = text; *at && length < sizeof(word) - 1; at++)
		if (*at != ' ' && *at != '\t')
			word[length++] = *at;
	for (int i = 0; i < RS_IP_FAMILIES_COUNT; i++) {
		if (strcmp(word, rs_ip_families_words[i]) == 0) {
			*ret_families = (enum rs_ip_families)i;
			return 0;
		}
	}
	return rs_err_set(err, -EINVAL, "\"%.40s\" must be \"IPv4\", \"IPv6\", \"IPv4,IPv6\" or \"IPv6,IPv4\"", text);
}

int rs_metadata_ip_families(const struct rs_metadata *metadata, enum rs_ip_families fallback,
			    enum rs_ip_families *ret_families, struct rs_err *err)
{
	const char *text = rs_pairs_get(&metadata->annotations, RS_ANNOTATION_IP_FAMILIES);
	struct rs_err why = {0};
	int r = 0;

	*ret_families = fallback;
	if (text)
		r = rs_ip_families_parse(text, ret_families, &why);
	return r < 0 ? rs_err_set(err, r, "metadata.annotations[%s]: %s", RS_ANNOTATION_IP_FAMILIES, why.message) : 0;
}

bool rs_metadata_reached_by(const struct rs_metadata *metadata, enum rs_ip_families fallback, bool has_v6,
			    enum rs_ip_families *ret_families)
{
	enum rs_ip_families families = fallback;

	if (rs_metadata_ip_families(metadata, fallback, &families, NULL) < 0)
		families = fallback;
	if (!has_v6 && families == RS_IPV6)
		return false;
	*ret_families = has_v6 ? families : RS_IPV4;
	return true;
}
