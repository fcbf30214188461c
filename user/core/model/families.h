/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which address families a service is reached by, as Kubernetes' ipFamilies:
 * the option ip-families for all, rouse.dev/ip-families for one.
 */
#ifndef RS_CORE_MODEL_FAMILIES_H
#define RS_CORE_MODEL_FAMILIES_H

#include "abi/address.h"
#include "core/model/model.h"

/* One or both, the preferred one first. */
enum rs_ip_families {
	RS_IPV4,
	RS_IPV6,
	RS_IPV4_IPV6,
	RS_IPV6_IPV4,
	RS_IP_FAMILIES_COUNT,
};

/* How each is written: "IPv4,IPv6". Ends with NULL. */
extern const char *const rs_ip_families_words[];

bool rs_ip_families_has(enum rs_ip_families families, enum rs_family family);
/* The preferred family (0), and the other one (1). Returns how many there are. */
unsigned rs_ip_families_list(enum rs_ip_families families, enum rs_family out[static RS_FAMILIES]);
/* Blanks around the comma do not matter. -EINVAL with a sentence. */
int rs_ip_families_parse(const char *text, enum rs_ip_families *ret_families, struct rs_err *err);

/* What an object is reached by: its annotation's families or else `fallback`, without IPv6 where there is none. False
 * when nothing is left. */
bool rs_metadata_reached_by(const struct rs_metadata *metadata, enum rs_ip_families fallback, bool has_v6,
			    enum rs_ip_families *ret_families);
/* What the object's annotation says, or else `fallback`. */
int rs_metadata_ip_families(const struct rs_metadata *metadata, enum rs_ip_families fallback,
			    enum rs_ip_families *ret_families, struct rs_err *err);

#endif
