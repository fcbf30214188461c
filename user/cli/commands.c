// SPDX-License-Identifier: BSD-2-Clause
/* Every command, in the order of the help. kn's verbs (`service list`, `revision describe` ...) stand in kn.c. */
#include "cli/cli.h"

static const char apply_text[] =
	"Each object of the manifests becomes what is written, whole: spec, labels and annotations. YAML with several\n"
	"documents, JSON and Lists are read. A document that fails does not stop the others; the exit code is 1 "
	"then.\n\n"
	"  rouse apply -f hello.yaml\n"
	"  rouse apply -R -f manifests/ -n shop\n"
	"  rouse service export --all | ssh node2 rouse apply -f -\n";

static const char diff_text[] =
	"The agent works out what apply would make of each object, and diff(1) compares that with what there is. "
	"ROUSE_DIFF names\nanother program, which gets two directories (\"diff -u -N\" when not set).\n\n"
	"  rouse diff -f hello.yaml\n"
	"  ROUSE_DIFF=\"diff -u -N --color=always\" rouse diff -f manifests/\n";

static const char get_text[] =
	"Kinds of objects, and their short names\n"
	"  services (svc, ksvc)      what sleeps, wakes and scales\n"
	"  revisions (rev)           the immutable versions of a service, each scaled on its own\n"
	"  routes (rt)               where connections to a service go\n"
	"  configurations (cfg)      a service's template and its newest revisions\n"
	"  instances (inst)          the running copies of revisions\n"
	"  holds                     connections that wait for an instance now\n"
	"  flows (conn)              connections as the kernel tracks them\n"
	"  events (ev)               what happened\n"
	"  all                       services, configurations, revisions, routes, instances\n\n"
	"-w goes on with each change until it is interrupted, also when the agent is restarted meanwhile.\n\n"
	"  rouse get services,instances -A -l team=checkout\n"
	"  rouse get revisions --service hello -o wide --sort-by age\n"
	"  rouse get service/hello -o yaml\n"
	"  rouse get services -o jsonpath='{range .items[*]}{.metadata.name} {.status.url}{\"\\n\"}{end}'\n"
	"  rouse get instances -w\n";

static const char delete_text[] =
	"A service goes with everything that it owns. A revision goes when no route names it.\n\n"
	"  rouse delete service hello world\n"
	"  rouse delete services -l team=checkout --wait\n"
	"  rouse delete -f hello.yaml --ignore-not-found\n";

static const char events_text[] = "Every start, decision and failure, each with its reason; the newest last. -f goes "
				  "on with what comes,\nalso when the agent is restarted meanwhile: nothing is told "
				  "twice or left out.\n\n"
				  "  rouse events hello --since 10m\n"
				  "  rouse events -f -A\n"
				  "  rouse events --for revision/hello-00001 -o json\n";

static const char describe_text[] =
	"Without a name all of that kind are described, with -l those with these labels.\n\n"
	"  rouse describe service hello world\n"
	"  rouse describe revision/hello-00001 instance/rouse-17\n"
	"  rouse describe routes\n";

static const char why_text[] = "In words: where it is now, what was decided last and by which numbers, who is held and "
			       "for what, why\ntraffic goes where it goes, and what to do when something is wrong.\n\n"
			       "  rouse why hello\n"
			       "  rouse why revision/hello-00001\n";

static const char logs_text[] =
	"Of a service or revision all instances are read, those that are gone included, until their logs are deleted\n"
	"(roused --log-keep); when there are several, each line begins with the instance's name. -f goes on with\n"
	"instances that come later.\n\n"
	"  rouse logs hello -f --tail 20\n"
	"  rouse logs hello --since 5m --timestamps\n"
	"  rouse logs hello --previous\n"
	"  rouse logs instance/rouse-17\n";

static const char top_text[] =
	"For each revision: instances ready, starting and wanted, requests in flight, concurrency over "
	"the stable\nwindow, new connections a second, held connections, and why. Keys: s or "
	"left and right for another\norder, up and down to scroll, q to quit. Where the output is "
	"no terminal one table is printed.\nOf thousands of revisions samples are taken less often, so that they cost "
	"a tenth of the time.\n\n"
	"  rouse top -A\n"
	"  rouse top --once -s 1\n";

static const char wait_text[] =
	"  rouse wait service hello --for=condition=Ready --timeout 10s\n"
	"  rouse wait hello --for=zero --timeout 2m\n"
	"  rouse wait services --all --for=ready --timeout 1m\n"
	"  rouse wait revision/hello-00001 --for=instances=3\n"
	"  rouse wait service/hello --for=jsonpath='{.status.latestReadyRevisionName}'=hello-00002\n";

static const char traffic_text[] =
	"A target is @latest, a revision, a tag, or a revision's end: v1, 1 and -00001 are hello-00001. The percents\n"
	"must add up to 100; targets with a tag stay reachable by it. Without targets it shows what is.\n\n"
	"  rouse traffic hello v1=90 @latest=10\n"
	"  rouse traffic hello --traffic v1=90,@latest=10\n"
	"  rouse traffic hello v1=100 --tag @latest=next\n";

static const char scale_text[] = "Changes the template, and so makes a new revision.\n\n"
				 "  rouse scale hello --min 1 --max 5\n";

static const char status_text[] = "  rouse status\n"
				  "  rouse status -o json\n";

static const char sysdump_text[] =
	"Versions, the node's status, objects, events and metrics, logs of the agent and of instances (their ends), "
	"BPF\nprograms and maps, links, routes, firewall, sysctls, cgroups, mounts. Each item is bounded in size and "
	"time; one\nthat cannot be had is a line in index.txt. It works without the agent, and gets most as root. "
	"Values of\nenvironment variables in manifests are left out unless --with-env keeps them.\n\n"
	"  sudo rouse sysdump\n"
	"  sudo rouse sysdump -o /tmp/node1.tar.gz\n"
	"  ssh node1 sudo rouse sysdump -o - > node1.tar.gz\n";

static const char version_text[] = "  rouse version\n"
				   "  rouse version --client -o json\n";

static const char help_text[] = "  rouse help apply\n";

static const char cleanup_text[] = "Runs \"roused --cleanup\" with what is given here; \"roused --help\" lists its "
				   "options. It removes every trace of\na node agent that is stopped: pins, links, "
				   "namespaces, cgroups.\n\n"
				   "  sudo rouse cleanup --name second\n";

static const char completion_text[] = "Of commands, options, nouns, and the names of what is there.\n\n"
				      "  source <(rouse completion bash)      in ~/.bashrc\n"
				      "  source <(rouse completion zsh)       in ~/.zshrc, behind compinit\n"
				      "  rouse completion fish | source       in ~/.config/fish/config.fish\n";

const struct rs_command rs_commands[] = {
	{"apply", RS_GROUP_EVERYDAY, "-f FILE|DIR|- [-f ...] [-n NS]", "create or change services from manifests",
	 apply_text, RS_TAKES(FILE) | RS_TAKES(RECURSIVE) | RS_TAKES(DRY_RUN), 0, 0, false, rs_apply},
	{"diff", RS_GROUP_EVERYDAY, "-f FILE|DIR|- [-f ...] [-n NS]", "what apply would change", diff_text,
	 RS_TAKES(FILE) | RS_TAKES(RECURSIVE), 0, 0, false, rs_diff},
	{"delete", RS_GROUP_EVERYDAY, "service|revision NAME...|-l LABELS|--all, or -f FILE",
	 "delete services or old revisions", delete_text,
	 RS_TAKES(FILE) | RS_TAKES(RECURSIVE) | RS_TAKES(SELECTOR) | RS_TAKES(ALL) | RS_TAKES(ALL_NAMESPACES) |
		 RS_TAKES(IGNORE_NOT_FOUND) | RS_TAKES(WAIT) | RS_TAKES(TIMEOUT),
	 0, RS_NAMES_ANY, false, rs_delete},
	{"traffic", RS_GROUP_EVERYDAY, "SERVICE [TARGET=PERCENT...]", "split new connections between revisions",
	 traffic_text, RS_TAKES(TRAFFIC) | RS_TAKES(TAG) | RS_TAKES(UNTAG), 1, RS_NAMES_ANY, false, rs_traffic},
	{"scale", RS_GROUP_EVERYDAY, "SERVICE [--min N] [--max N]", "bound the number of instances", scale_text,
	 RS_TAKES(MIN) | RS_TAKES(MAX), 1, 1, false, rs_scale},
	{"wait", RS_GROUP_EVERYDAY, "[NOUN] NAME...|-l LABELS|--all --for=WHAT", "wait until something is so",
	 wait_text, RS_TAKES(FOR) | RS_TAKES(TIMEOUT) | RS_TAKES(SELECTOR) | RS_TAKES(ALL), 1, RS_NAMES_ANY, false,
	 rs_wait},

	{"get", RS_GROUP_LOOK, "NOUN[,NOUN...] [NAME...]", "list objects", get_text,
	 RS_TAKES(ALL_NAMESPACES) | RS_TAKES(OUTPUT) | RS_TAKES(NO_HEADERS) | RS_TAKES(SERVICE) | RS_TAKES(LIMIT) |
		 RS_TAKES(SELECTOR) | RS_TAKES(WATCH) | RS_TAKES(WATCH_ONLY) | RS_TAKES(WATCH_EVENTS) |
		 RS_TAKES(SORT_BY) | RS_TAKES(IGNORE_NOT_FOUND),
	 1, RS_NAMES_ANY, false, rs_get},
	{"describe", RS_GROUP_LOOK, "[NOUN] NAME...", "an object, its scale and why, and what happened to it",
	 describe_text, RS_TAKES(SELECTOR) | RS_TAKES(ALL_NAMESPACES), 0, RS_NAMES_ANY, false, rs_describe},
	{"why", RS_GROUP_LOOK, "SERVICE|revision/NAME...", "why it is at this scale, who waits for what, what to do",
	 why_text, 0, 1, RS_NAMES_ANY, false, rs_why},
	{"logs", RS_GROUP_LOOK, "SERVICE|REVISION|INSTANCE", "what instances have written", logs_text,
	 RS_TAKES(FOLLOW) | RS_TAKES(TAIL) | RS_TAKES(SINCE) | RS_TAKES(SINCE_TIME) | RS_TAKES(TIMESTAMPS) |
		 RS_TAKES(PREVIOUS),
	 1, 2, false, rs_logs},
	{"events", RS_GROUP_LOOK, "[SERVICE]", "what happened, each with its reason", events_text,
	 RS_TAKES(FOLLOW) | RS_TAKES(SINCE) | RS_TAKES(ABOUT) | RS_TAKES(SERVICE) | RS_TAKES(ALL_NAMESPACES) |
		 RS_TAKES(OUTPUT) | RS_TAKES(NO_HEADERS) | RS_TAKES(LIMIT),
	 0, 1, false, rs_events},
	{"top", RS_GROUP_LOOK, "[-A] [-l LABELS] [-s SECONDS] [--once]", "what all revisions do, live", top_text,
	 RS_TAKES(ALL_NAMESPACES) | RS_TAKES(SELECTOR) | RS_TAKES(SECONDS) | RS_TAKES(ONCE), 0, 0, false, rs_top},

	{"status", RS_GROUP_NODE, "", "each part of the node: well or not, and what to do", status_text,
	 RS_TAKES(OUTPUT), 0, 0, false, rs_status},
	{"sysdump", RS_GROUP_NODE, "[-o FILE] [--with-env]", "one tarball with all that a bug report needs",
	 sysdump_text, RS_TAKES(OUTPUT_FILE) | RS_TAKES(WITH_ENV), 0, 0, false, rs_sysdump},
	{"version", RS_GROUP_NODE, "", "the versions of this program and of the agent", version_text,
	 RS_TAKES(OUTPUT) | RS_TAKES(CLIENT), 0, 0, false, rs_version},
	{"cleanup", RS_GROUP_NODE, "[roused's options]", "remove every trace of a stopped agent", cleanup_text, 0, 0,
	 RS_NAMES_ANY, true, rs_cleanup},
	{"completion", RS_GROUP_NODE, "bash|zsh|fish", "the script that completes command lines", completion_text, 0, 1,
	 1, false, rs_completion},
	{"help", RS_GROUP_NODE, "[COMMAND]", "how to use a command", help_text, 0, 0, 2, false, rs_help},
	{"__complete", RS_GROUP_NODE, "-- WORD...", "what could stand where the cursor is", NULL, 0, 0, RS_NAMES_ANY,
	 true, rs_complete},
	{"__man", RS_GROUP_NODE, "DIR [-]", "writes the manual pages", NULL, 0, 1, 2, false, rs_man},
	{0},
};
