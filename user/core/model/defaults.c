// SPDX-License-Identifier: BSD-2-Clause
#include "core/model/defaults.h"

#include "base/mem.h"
#include "core/model/annotations.h"

#include <errno.h>
#include <stddef.h>

#define OFFSET(member) offsetof(struct rs_defaults_config, member)
#define SPEC	       "spec.template.spec"

#define MEMORY_BYTES_MIN (1ULL << 20)

static const char no_protocol[] = "needs a view into the protocol, which this dataplane does not have";
static const char no_scheduler[] = "requests are for a scheduler that chooses among nodes: use the limit";
static const char no_disk[] = "no disk space is counted";
static const char no_init[] = "the runtime process has one program in an instance";

static const struct rs_setting rows[] = {
	{.key = "revision-timeout-seconds",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(timeout_seconds),
	 .minimum = 1,
	 .maximum = RS_TIMEOUT_SECONDS_MAX,
	 .bounds = "a whole number in 1..3600",
	 .help = "timeoutSeconds of a manifest without one: how long an instance that goes may finish its requests"},
	{.key = "max-revision-timeout-seconds",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(timeout_seconds_max),
	 .minimum = 1,
	 .maximum = RS_TIMEOUT_SECONDS_MAX,
	 .bounds = "a whole number in 1..3600",
	 .help = "the most that timeoutSeconds may say"},
	{.key = "container-concurrency",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(container_concurrency),
	 .maximum = RS_CONTAINER_CONCURRENCY_MAX,
	 .bounds = "a whole number in 0..1000",
	 .help = "containerConcurrency of a manifest without one; 0 is no limit"},
	{.key = "container-concurrency-max-limit",
	 .kind = RS_SETTING_WHOLE,
	 .offset = OFFSET(container_concurrency_max),
	 .minimum = 1,
	 .maximum = RS_CONTAINER_CONCURRENCY_MAX,
	 .bounds = "a whole number in 1..1000",
	 .help = "the most that containerConcurrency may say"},
	{.key = "allow-container-concurrency-zero",
	 .kind = RS_SETTING_BOOLEAN,
	 .offset = OFFSET(allow_concurrency_zero),
	 .bounds = "true or false",
	 .help = "whether containerConcurrency may be 0, no limit"},
	{.key = "revision-cpu-limit",
	 .kind = RS_SETTING_CPU,
	 .offset = OFFSET(cpu_millis),
	 .maximum = RS_CPU_MILLIS_MAX,
	 .bounds = "a quantity such as \"500m\" or \"2\"",
	 .help = "resources.limits.cpu of a manifest without it; 0 is no limit"},
	{.key = "revision-memory-limit",
	 .kind = RS_SETTING_BYTES,
	 .offset = OFFSET(memory_bytes),
	 .maximum = RS_MEMORY_BYTES_MAX,
	 .bounds = "a quantity such as \"350Mi\" or \"1G\"",
	 .help = "resources.limits.memory of a manifest without it; 0 is no limit"},
	{.key = "enable-service-links",
	 .kind = RS_SETTING_WORD,
	 .bounds = "false",
	 .help = "instances have no variables of other services: those are found by name"},
	{.key = "container-name-template",
	 .kind = RS_SETTING_WORD,
	 .bounds = "user-container",
	 .help = "the name of a container without one"},
	{.key = "revision-response-start-timeout-seconds", .refused = no_protocol},
	{.key = "revision-idle-timeout-seconds", .refused = no_protocol},
	{.key = "revision-cpu-request", .refused = no_scheduler},
	{.key = "revision-memory-request", .refused = no_scheduler},
	{.key = "revision-ephemeral-storage-request", .refused = no_scheduler},
	{.key = "revision-ephemeral-storage-limit", .refused = no_disk},
	{.key = "init-container-name-template", .refused = no_init},
};

const struct rs_settings_table rs_defaults_settings = {rows, rs_array_length(rows)};

void rs_defaults_config_init(struct rs_defaults_config *config)
{
	*config = (struct rs_defaults_config){
		.timeout_seconds = RS_TIMEOUT_SECONDS_DEFAULT,
		.timeout_seconds_max = RS_TIMEOUT_SECONDS_DEFAULT_MAX,
		.container_concurrency_max = RS_CONTAINER_CONCURRENCY_MAX,
		.allow_concurrency_zero = true,
	};
}

int rs_defaults_config_check(const struct rs_defaults_config *config, struct rs_err *err)
{
	if (config->timeout_seconds > config->timeout_seconds_max)
		return rs_err_set(err, -EINVAL,
				  "revision-timeout-seconds: %d is above max-revision-timeout-seconds, %d",
				  config->timeout_seconds, config->timeout_seconds_max);
	if (config->container_concurrency > config->container_concurrency_max)
		return rs_err_set(err, -EINVAL,
				  "container-concurrency: %d is above container-concurrency-max-limit, %d",
				  config->container_concurrency, config->container_concurrency_max);
	if (config->memory_bytes > 0 && config->memory_bytes < MEMORY_BYTES_MIN)
		return rs_err_set(err, -EINVAL,
				  "revision-memory-limit: is less than a mebibyte, in which no program starts: "
				  "mebibytes are written \"Mi\"");
	if (config->container_concurrency == 0 && !config->allow_concurrency_zero)
		return rs_err_set(err, -EINVAL,
				  "container-concurrency: 0 needs allow-container-concurrency-zero: true");
	return 0;
}

int rs_defaults_apply(const struct rs_defaults_config *config, const struct rs_defaults_given *given,
		      struct rs_template *template, struct rs_err *err)
{
	if (!given->container_concurrency)
		template->container_concurrency = (uint32_t)config->container_concurrency;
	if (!given->cpu)
		template->container.cpu_millis = config->cpu_millis;
	if (!given->memory)
		template->container.memory_bytes = config->memory_bytes;
	if (given->timeout_seconds)
		return 0;
	template->timeout_seconds = (uint32_t)config->timeout_seconds;
	return rs_annotations_derive(template, err); /* the grace period follows it */
}

int rs_defaults_check(const struct rs_defaults_config *config, const struct rs_template *template, struct rs_err *err)
{
	if (template->timeout_seconds > (uint32_t)config->timeout_seconds_max)
		return rs_err_set(err, -EINVAL,
				  SPEC ".timeoutSeconds: %u must be in 0..%d (max-revision-timeout-seconds of the "
				       "configuration)",
				  template->timeout_seconds, config->timeout_seconds_max);
	if (template->container_concurrency > (uint32_t)config->container_concurrency_max)
		return rs_err_set(err, -EINVAL,
				  SPEC ".containerConcurrency: %u must be in 0..%d (container-concurrency-max-limit of "
				       "the configuration)",
				  template->container_concurrency, config->container_concurrency_max);
	if (template->container_concurrency == 0 && !config->allow_concurrency_zero)
		return rs_err_set(err, -EINVAL,
				  SPEC ".containerConcurrency: 0 is not allowed by the configuration "
				       "(allow-container-concurrency-zero)");
	return 0;
}
