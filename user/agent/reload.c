// SPDX-License-Identifier: BSD-2-Clause
/*
 * SIGHUP: the configuration is read again. All of it is read before anything is
 * changed, so that a file with an error changes nothing.
 */
#include "agent/agent.h"

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static void refuse(struct rs_agent *agent, const struct rs_problems *problems)
{
	struct rs_config_state *configuration = &agent->configuration;
	rs_str_copy(configuration->error, sizeof(configuration->error), rs_problems_first(problems));
	configuration->failed_wall_ns = rs_wall_ns();
	rs_error("the configuration was refused, the old one stays errors=%u first=%s", problems->errors,
		 rs_log_value(configuration->error));
}

static void apply(struct rs_agent *agent, const struct rs_options *fresh)
{
	struct rs_options *options = agent->options;
	struct rs_config_state *configuration = &agent->configuration;
	struct rs_err err = {0};
	rs_options_update(options, fresh, configuration->restart, sizeof(configuration->restart));
	rs_log_set_level(options->log_level);
	rs_log_set_format(options->log_format);
	struct rs_rt_limits limits = rs_agent_rt_limits(options);
	rs_rt_change(agent->rt, &limits);
	if (rs_attach_reload(agent, &err) < 0)
		rs_error("cannot follow the interfaces error=%s", rs_log_value(err.message));
	for (unsigned i = 1; i < agent->workload_count; i++) {
		if (agent->workloads[i] && !agent->workloads[i]->removed)
			rs_workload_retune(agent->workloads[i]);
	}
	rs_collect_soon(agent);
	*configuration->error = '\0';
	configuration->loaded_wall_ns = rs_wall_ns();
	rs_info("the configuration was read again files=%u", fresh->config_file_count);
	if (*configuration->restart)
		rs_warn("these options have changed and need a restart options=%s",
			rs_log_value(configuration->restart));
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct rs_agent *agent = user;
	struct rs_problems problems = {0};
	struct rs_options *fresh = calloc(1, sizeof(*fresh));
	(void)source;
	(void)info;
	if (!fresh) {
		rs_error("out of memory: the configuration was not read again");
		return 0;
	}
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", rs_now_ns() / RS_NS_PER_US);
	bool is_well = rs_options_read(fresh, agent->configuration.argc, agent->configuration.argv, &problems) == 0;
	for (unsigned i = 0; i < problems.count; i++) {
		if (problems.items[i].is_note)
			rs_warn("%s", problems.items[i].text);
	}
	if (is_well)
		apply(agent, fresh);
	else
		refuse(agent, &problems);
	sd_notifyf(0, "READY=1\nSTATUS=%s",
		   is_well ? "Serving; the configuration was read again"
			   : "Serving by the old configuration: the new one was refused");
	rs_problems_done(&problems);
	rs_options_done(fresh);
	free(fresh);
	return 0;
}

int rs_reload_start(struct rs_agent *agent, int argc, char **argv, struct rs_err *err)
{
	agent->configuration = (struct rs_config_state){
		.argc = argc,
		.argv = argv,
		.loaded_wall_ns = rs_wall_ns(),
	};
	int r = sd_event_add_signal(agent->event, NULL, SIGHUP, on_hangup, agent);
	return r < 0 ? rs_err_set(err, r, "cannot wait for SIGHUP: %s", strerror(-r)) : 0;
}
