/* SPDX-License-Identifier: BSD-2-Clause */
/* Every maximum of a manifest, with its reason. The dataplane's are in include/abi/limits.h. */
#ifndef RS_CORE_MODEL_LIMITS_H
#define RS_CORE_MODEL_LIMITS_H

#include "abi/limits.h" /* RS_ROUTE_TARGETS_MAX, RS_HOLD_TOTAL_MS */

/* A DNS label (RFC 1035), as Kubernetes bounds it, and its array with the NUL. */
#define RS_NAME_MAX  63
#define RS_NAME_SIZE (RS_NAME_MAX + 1)
#define RS_UID_SIZE  37 /* a UUID as text */
/* The key of a label or annotation: a DNS subdomain (253), a slash, a name (63). */
#define RS_KEY_MAX 317
/* Kubernetes bounds all annotations of an object together by 256 KiB. */
#define RS_ANNOTATION_VALUE_MAX 16384
#define RS_PAIRS_MAX		64 /* labels, and annotations, of one object */
#define RS_ARGS_MAX		128
#define RS_ENV_MAX		256
/* Linux refuses a single argument or environment string beyond 128 KiB; nobody means one beyond 32. */
#define RS_STRING_MAX	  32768
#define RS_PATH_MAX	  4095
#define RS_PORT_NAME_SIZE 16 /* IANA service name, 15 characters */
/* Ranges of one rouse.dev/allow-from: longer lists belong in a firewall. */
#define RS_ALLOW_FROM_MAX    64
#define RS_PROBE_SECONDS_MAX 3600
#define RS_PROBE_COUNT_MAX   1000

#define RS_CONTAINER_CONCURRENCY_MAX   1000 /* container-concurrency-max-limit */
#define RS_TIMEOUT_SECONDS_DEFAULT     300  /* revision-timeout-seconds */
#define RS_TIMEOUT_SECONDS_DEFAULT_MAX 600  /* max-revision-timeout-seconds, which the configuration can move */
#define RS_TIMEOUT_SECONDS_MAX	       3600 /* beyond which it cannot: an hour, as for the grace period */
#define RS_HOLD_TIMEOUT_MIN_MS	       1000
#define RS_DURATION_MAX_NS	       3600000000000ULL /* an hour: Knative's bound of every window */
#define RS_CPU_MILLIS_MAX	       10000000ULL
#define RS_MEMORY_BYTES_MAX	       (1ULL << 50)

#define RS_CONDITIONS_MAX	  4 /* of one object: a revision has the most */
#define RS_REASON_SIZE		  64
#define RS_CONDITION_MESSAGE_SIZE 256

/* Objects. A service is three objects and its revisions; how many there may be, its virtual addresses bound. */
#define RS_SERVICE_REVISIONS_MAX 2000 /* max-non-active-revisions is 1000; deploys go on while it is collected */
#define RS_GENERATION_MAX	 99999999

#endif
