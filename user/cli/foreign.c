// SPDX-License-Identifier: BSD-2-Clause
#include "cli/foreign.h"

#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>

struct foreign {
	const char *word;
	const char *advice;
};

#define EDIT                                                                                                           \
	"\"rouse service update NAME\" changes a service by options, \"rouse apply -f FILE\" by its manifest "         \
	"(\"rouse service export NAME\" prints it)"
#define CREATE "\"rouse apply -f FILE\" creates what is not there, \"rouse service create NAME\" makes one from options"
#define LIST   "\"rouse get services\" lists them, \"rouse get instances\" what runs"
#define BY_ITSELF                                                                                                      \
	"services start and stop by demand; \"rouse scale NAME --min 1\" keeps one running, \"rouse delete service "   \
	"NAME\" ends one for good"
#define ROLL	"each change of the template rolls out by itself: \"rouse wait\" waits for it, \"rouse traffic\" goes back"
#define AGENT	"the agent is a unit of systemd: systemctl start, stop, restart or reload roused"
#define OPENAPI "docs/manifest.md has the fields of a manifest, \"rouse help get\" the kinds of objects"
#define ENTER                                                                                                          \
	"an instance is a process of this host: \"rouse get instances\" has its PID, nsenter -t PID -n enters its "    \
	"network"
#define CONTEXT "there are no clusters: --socket, --name or ROUSE_SOCKET say which agent is meant"

static const struct foreign commands[] = {
	{"edit", EDIT},
	{"patch", EDIT},
	{"set", EDIT},
	{"label", EDIT},
	{"annotate", EDIT},
	{"update", EDIT},
	{"replace", CREATE},
	{"create", CREATE},
	{"run", CREATE},
	{"expose", "every service has an address and a name: \"rouse get services -o wide\""},
	{"port-forward", "every service has an address and a name: \"rouse get services -o wide\""},
	{"proxy", "the API is on the agent's Unix socket: curl --unix-socket /run/rouse/api.sock http://rouse/version"},
	{"list", LIST},
	{"ls", LIST},
	{"ps", LIST},
	{"list-units", LIST},
	{"show", "\"rouse describe NOUN NAME\" shows one object"},
	{"cat", "\"rouse get NOUN NAME -o yaml\" prints one object"},
	{"inspect", "\"rouse get NOUN NAME -o yaml\" prints one object"},
	{"rm", "\"rouse delete service NAME\""},
	{"remove", "\"rouse delete service NAME\""},
	{"start", BY_ITSELF},
	{"stop", BY_ITSELF},
	{"restart", BY_ITSELF},
	{"kill", BY_ITSELF},
	{"autoscale", "every service is scaled; \"rouse scale NAME --min N --max N\" bounds it"},
	{"rollout", ROLL},
	{"rollback", ROLL},
	{"reload", AGENT},
	{"daemon-reload", AGENT},
	{"enable", AGENT},
	{"disable", AGENT},
	{"exec", ENTER},
	{"attach", ENTER},
	{"cp", "an instance sees files of this host: see workingDir and the sandbox in docs/manifest.md"},
	{"explain", OPENAPI},
	{"api-resources", OPENAPI},
	{"api-versions", OPENAPI},
	{"config", CONTEXT},
	{"cluster-info", "\"rouse status\" tells how the node is"},
	{"info", "\"rouse status\" tells how the node is"},
	{"journal", "\"rouse logs NAME\", and \"rouse events\""},
	{"domain", "services are named NAME.NAMESPACE.rouse; other names are the business of your DNS"},
	{"options", "\"rouse help\" ends with the options of every command"},
};

static const struct foreign options[] = {
	{"--replicas", "instances come by demand; --min and --max bound their number"},
	{"--field-selector", "name the object, or use -l, --service, or --sort-by"},
	{"--show-labels", "-o yaml, or -o jsonpath='{.items[*].metadata.labels}'"},
	{"--label-columns", "-o jsonpath='{.items[*].metadata.labels}'"},
	{"-L", "-o jsonpath='{.items[*].metadata.labels}'"},
	{"--context", CONTEXT},
	{"--kubeconfig", CONTEXT},
	{"--cluster", CONTEXT},
	{"--server", CONTEXT},
	{"-v", "roused --log-level debug makes the agent say more"},
	{"--verbose", "roused --log-level debug makes the agent say more"},
	{"-c", "an instance is one program: there are no containers to choose from"},
	{"--container", "an instance is one program: there are no containers to choose from"},
	{"--grace-period", "the manifest's rouse.dev/stop-grace-period says how long instances may take"},
	{"--cascade", "what a service owns goes with it"},
	{"--prune", "delete what is no longer wanted with \"rouse delete\""},
	{"--server-side", "every apply is worked out by the agent"},
	{"--force-conflicts", "every apply is worked out by the agent"},
	{"--validate", "every apply is checked in full; --dry-run checks alone"},
	{"-k", "kustomize build DIR | rouse apply -f -"},
	{"--kustomize", "kustomize build DIR | rouse apply -f -"},
	{"--wait-timeout", "--timeout TIME, like 30s"},
	{"--async", "--no-wait"},
};

static const char *find(const struct foreign *rows, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (rs_str_equal(rows[i].word, word))
			return rows[i].advice;
	}
	return NULL;
}

const char *rs_foreign_command(const char *word)
{
	return find(commands, rs_array_length(commands), word);
}

const char *rs_foreign_option(const char *word)
{
	return find(options, rs_array_length(options), word);
}
