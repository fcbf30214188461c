// SPDX-License-Identifier: BSD-2-Clause
/* roused: options, signals, the loop. */
#include "agent/agent.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* Exit status 2 is a wrong call, 1 a failure. */
enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	(void)user;
	rs_info("stopping signal=%s; instances go on and will be adopted", strsignal((int)info->ssi_signo));
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

/* Several descriptors for each instance, some for each client: as many as the administrator lets us have. */
static void raise_limits(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int run(struct rs_options *options)
{
	struct rs_err err = {0};
	sd_event *event = NULL;
	struct rs_agent *agent = NULL;
	raise_limits();
	int r = block_signals();
	if (r == 0)
		r = sd_event_new(&event);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, on_stop, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_stop, NULL);
	if (r < 0) {
		rs_log_errno(r, "cannot set up the event loop");
		return EXIT_FAILED;
	}
	r = rs_agent_new(options, event, &agent, &err);
	if (r < 0) {
		rs_error("%s", err.message);
		sd_event_unref(event);
		return EXIT_FAILED;
	}
	rs_info("ready version=%s socket=%s/api.sock hook=%s adopted=%s", RS_VERSION, options->run_dir,
		rs_dp_hook_name(agent->dp), rs_dp_adopted(agent->dp) ? "yes" : "no");
	sd_notify(0, "READY=1");
	sd_event_set_watchdog(event, 1);
	r = sd_event_loop(event);
	if (r < 0)
		rs_log_errno(r, "the event loop failed");
	sd_notify(0, "STOPPING=1");
	rs_agent_free(agent);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct rs_options options;
	struct rs_err err = {0};
	if (rs_options_parse(&options, argc, argv, &err) < 0) {
		fprintf(stderr, "roused: %s\n", err.message);
		return EXIT_USAGE;
	}
	rs_log_set_level(options.log_level);
	if (options.help) {
		rs_options_help();
		return EXIT_OK;
	}
	if (options.version) {
		printf("roused %s\n", RS_VERSION);
		return EXIT_OK;
	}
	if (options.check_config) {
		printf("the configuration is well\n");
		return EXIT_OK;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "roused: needs root: it loads BPF programs and makes network namespaces (try sudo)\n");
		return EXIT_FAILED;
	}
	if (options.cleanup)
		return rs_agent_cleanup(&options) < 0 ? EXIT_FAILED : EXIT_OK;
	return run(&options);
}
