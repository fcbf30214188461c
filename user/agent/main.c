// SPDX-License-Identifier: BSD-2-Clause
/* roused: options, signals, the loop. */
#include "agent/agent.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* Exit status 2 is a wrong call, 1 a failure. */
enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	(void)user;
	rs_info("stopping: instances go on, the next agent adopts them signal=%s", sigabbrev_np((int)info->ssi_signo));
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping; instances go on");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int block_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
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

static int run(struct rs_options *options, int argc, char **argv)
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
	sd_notify(0, "STATUS=Taking over what an earlier agent left");
	int passed = -1;
	r = rs_passed_socket(options, &passed, &err);
	if (r == 0)
		r = rs_agent_new(options, event, passed, &agent, &err);
	if (r == 0)
		r = rs_reload_start(agent, argc, argv, &err);
	if (r < 0) {
		rs_error("%s", err.message);
		sd_notifyf(0, "STATUS=%s\nERRNO=%d", err.message, -r);
		rs_agent_free(agent);
		sd_event_unref(event);
		return EXIT_FAILED;
	}
	rs_info("ready version=%s socket=%s/api.sock socket_from=%s hook=%s dataplane=%s", RS_VERSION, options->run_dir,
		passed >= 0 ? "systemd" : "roused", rs_dp_hook_name(agent->dp),
		rs_dp_adopted(agent->dp) ? "adopted" : "new");
	sd_notifyf(0, "READY=1\nSTATUS=Serving; %u %s of clients", rs_attach_count(agent),
		   rs_attach_count(agent) == 1 ? "interface" : "interfaces");
	sd_event_set_watchdog(event, 1);
	r = sd_event_loop(event);
	if (r < 0)
		rs_log_errno(r, "the event loop failed");
	rs_agent_free(agent);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}

/* What is wrong goes to standard error; what was read and is well, to standard output. */
static int tell_check(const struct rs_options *options, const struct rs_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++)
		fprintf(problems->items[i].is_note ? stdout : stderr, "%s%s\n", problems->items[i].text,
			problems->items[i].is_note ? " (a note)" : "");
	if (problems->errors > problems->count)
		fprintf(stderr, "... and %u more\n", problems->errors - problems->count);
	if (problems->errors)
		return EXIT_USAGE;
	for (unsigned i = 0; i < options->config_file_count; i++)
		printf("%s: ok\n", options->config_files[i]);
	if (!options->config_file_count)
		printf("no configuration file, the built-in values: ok\n");
	return EXIT_OK;
}

static int print(char *text)
{
	int r = text && fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
	free(text);
	return r;
}

static void tell_problems(const struct rs_problems *problems)
{
	for (unsigned i = 0; i < problems->count; i++)
		fprintf(stderr, "roused: %s\n", problems->items[i].text);
}

static int act(struct rs_options *options, struct rs_problems *problems, int argc, char **argv)
{
	/* Whatever else is wrong: whoever asks for help gets it. */
	if (options->help) {
		rs_options_help(stdout);
		return EXIT_OK;
	}
	if (options->version) {
		printf("roused %s\n", RS_VERSION);
		return EXIT_OK;
	}
	if (options->print_options)
		return print(rs_options_json());
	if (options->check_config) {
		rs_options_check_host(options, problems);
		return tell_check(options, problems);
	}
	tell_problems(problems);
	if (problems->errors)
		return EXIT_USAGE;
	if (options->print_config)
		return print(rs_options_yaml(options));
	rs_log_set_level(options->log_level);
	rs_log_set_format(options->log_format);
	if (geteuid() != 0) {
		fprintf(stderr, "roused: needs root: it loads BPF programs and makes network namespaces (try sudo)\n");
		return EXIT_FAILED;
	}
	if (options->cleanup)
		return rs_agent_cleanup(options) < 0 ? EXIT_FAILED : EXIT_OK;
	return run(options, argc, argv);
}

int main(int argc, char **argv)
{
	struct rs_options options;
	struct rs_problems problems = {0};
	rs_options_read(&options, argc, argv, &problems);
	int status = act(&options, &problems, argc, argv);
	rs_problems_done(&problems);
	rs_options_done(&options);
	return status;
}
