/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applying a decision: the bounds of the manifest, and the way to zero with its
 * waits (stable window, grace period, retention, progress deadline).
 *
 * A pure function: what it wants done stands in the result. The caller changes
 * the number of instances, arms timers and asks the dataplane.
 * Source of the rules: Knative pkg/reconciler/autoscaling/kpa/scaler.go.
 */
#ifndef RS_CORE_AUTOSCALE_SCALE_H
#define RS_CORE_AUTOSCALE_SCALE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/autoscale/phase.h"

#define RS_SCALE_UNKNOWN (-1)
/* On top of the progress deadline, so that the failure is reported before the scale goes to zero. */
#define RS_SCALE_ACTIVATION_BUFFER_NS 30000000000ULL
/* After an active revision was told to become inactive while the hold path was armed already. */
#define RS_SCALE_RECHECK_NS 3000000000ULL

enum rs_reachability {
	RS_REACHABILITY_UNKNOWN, /* as reachable here */
	RS_REACHABILITY_REACHABLE,
	RS_REACHABILITY_UNREACHABLE, /* no route: min-scale, initial-scale and retention do not count */
};

/* The configuration with the annotations of the revision laid over it. */
struct rs_scale_config {
	bool enable_scale_to_zero;
	uint64_t stable_window_ns;
	uint64_t grace_ns;	       /* scale-to-zero-grace-period */
	uint64_t retention_ns;	       /* scale-to-zero-pod-retention-period */
	uint64_t progress_deadline_ns; /* time that a start may take */
	uint64_t activation_buffer_ns; /* RS_SCALE_ACTIVATION_BUFFER_NS */
	int32_t min_scale;	       /* >= 0 */
	int32_t max_scale;	       /* >= 0, 0 = none */
	int32_t initial_scale;	       /* rs_initial_scale() */
	double target_burst_capacity;  /* -1: the hold path is always armed, nothing to ask */
	enum rs_reachability reachability;
};

/* Facts about the revision. */
struct rs_scale_state {
	enum rs_phase phase;
	uint64_t phase_since_ns;
	bool initialized;	 /* its initial scale was reached once */
	int32_t replicas;	 /* the scale applied last, the number that a change is compared with */
	bool proxy_mode;	 /* the hold path is meant to be armed */
	uint64_t proxy_since_ns; /* when the hold path was seen armed; 0 = it is not */
	bool probe_ok;		 /* the dataplane confirms now that the hold path is armed */
};

/* Why the result is what it is. */
enum rs_scale_why {
	RS_SCALE_NO_DATA,	/* nothing known, nothing done */
	RS_SCALE_APPLY,		/* the decision within its bounds */
	RS_SCALE_ZERO_DISABLED, /* scale-to-zero is off: one instance stays */
	RS_SCALE_ACTIVATING,	/* a start is under way */
	RS_SCALE_START_TIMEOUT, /* the start took longer than the progress deadline */
	RS_SCALE_DEACTIVATE,	/* idle for the stable window: becomes inactive first */
	RS_SCALE_STABLE_WINDOW, /* idle, the rest of the stable window with one instance */
	RS_SCALE_PROBE_FAILED,	/* the hold path is not armed yet */
	RS_SCALE_RETENTION,	/* the last instance is retained */
	RS_SCALE_GRACE,		/* the hold path has not been armed for the grace period */
	RS_SCALE_TO_ZERO,	/* all waits are over */
	RS_SCALE_WHY_COUNT,
};

struct rs_scale_result {
	int32_t scale;		   /* wanted; RS_SCALE_UNKNOWN when there is nothing to say */
	bool patched;		   /* the number of instances has to be changed to `scale` */
	bool requeue;		   /* call again... */
	uint64_t requeue_after_ns; /* ...after this time */
	bool async_probe; /* keep asking whether the hold path is armed (every 1 s, for 45 s), then call again */
	bool probe_used;  /* state.probe_ok had a say */
	enum rs_scale_why why;
};

/* A sentence for a person. */
const char *rs_scale_why_text(enum rs_scale_why why);
/* A name for a program: "StableWindow". */
const char *rs_scale_why_name(enum rs_scale_why why);

/* Applies `desired` (RS_SCALE_UNKNOWN before the first decision) at `now_ns`. */
struct rs_scale_result rs_scale_apply(const struct rs_scale_config *config, const struct rs_scale_state *state,
				      int32_t desired, uint64_t now_ns);

/* min-scale and max-scale: min counts first, then max (0 = none). */
int32_t rs_scale_bound(int32_t scale, int32_t min_scale, int32_t max_scale);

/* Initial scale: `annotation` (-1 when the manifest has none) over `configured`;
 * an annotation of 0 counts only when `allow_zero`. */
int32_t rs_initial_scale(int32_t annotation, int32_t configured, bool allow_zero);

#endif
