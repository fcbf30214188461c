/* SPDX-License-Identifier: BSD-2-Clause */
/* link: wire */
/* Every sentence that a manifest can be refused with. */
#include "unit/wire/fixture.h"

struct row {
	const char *json;
	const char *message;
};

static void refuse_rows(const char *before, const struct row *rows, size_t count, const char *after)
{
	for (size_t i = 0; i < count; i++) {
		rs_auto_free char *text = rs_str_format("%s%s%s", before, rows[i].json, after);

		refuse_manifest(text, rows[i].message);
	}
}

static void test_head(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"[]", "the manifest must be an object (key: value)"},
		{"{}", "apiVersion: is missing: \"serving.knative.dev/v1\""},
		{"{\"apiVersion\":\"serving.knative.dev/v1\"}", "kind: is missing: \"Service\""},
		{"{\"apiVersion\":\"v1\",\"kind\":\"Service\"}",
		 "apiVersion: \"v1\" is Kubernetes' own Service: a Knative one has \"serving.knative.dev/v1\""},
		{"{\"apiVersion\":\"serving.knative.dev/v1beta1\",\"kind\":\"Service\"}",
		 "apiVersion: \"serving.knative.dev/v1beta1\" must be \"serving.knative.dev/v1\""},
		{"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Route\"}",
		 "kind: \"Route\" objects are made by their Service: apply that"},
		{"{\"apiVersion\":\"serving.knative.dev/v1\",\"kind\":\"Deployment\"}",
		 "kind: \"Deployment\" must be \"Service\""},
		{"{" HEAD "\"metdata\":{}}", "metdata: is not a field here; did you mean \"metadata\"?"},
		{"{" HEAD "\"unheard\":{}}", "unheard: is not a field of serving.knative.dev/v1 here"},
		{"{" HEAD NAME "\"metadata\":{}}", "metadata: is given twice"},
		{"{" HEAD NAME "\"spec\":null}", "spec: is missing"},
		{"{" HEAD NAME "\"spec\":{}}", "spec.template: is missing"},
		{"{" HEAD NAME "\"spec\":{\"template\":{}}}", "spec.template.spec: is missing"},
		{"{" HEAD NAME "\"spec\":{\"template\":[]}}", "spec.template: must be an object (key: value)"},
		{"{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{}}}}",
		 "spec.template.spec.containers: is missing: give one container with a command"},
		{"{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[]}}}}",
		 "spec.template.spec.containers: is empty: give one container with a command"},
		{"{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":{}}}}}",
		 "spec.template.spec.containers: must be a list"},
		{"{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND "},{}]}}}}",
		 "spec.template.spec.containers[1]: the runtime process has one program in an instance: leave out all "
		 "but one"},
	};

	refuse_rows("", rows, rs_array_length(rows), "");
}

static void test_metadata(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"{}", "metadata.name: is missing"},
		{"{\"name\":5}", "metadata.name: must be text, not a number: put it in quotes, \"5\""},
		{"{\"name\":true}", "metadata.name: must be text, not a boolean: put it in quotes, \"true\""},
		{"{\"name\":[]}", "metadata.name: must be text"},
		{"{\"name\":\"a\",\"lables\":{}}", "metadata.lables: is not a field here; did you mean \"labels\"?"},
		{"{\"name\":\"Hello_World\"}", "metadata.name: \"Hello_World\" must be lower-case letters, digits and "
					       "'-', begin with a letter and not "
					       "end with '-' (DNS-1035); try \"hello-world\""},
		{"{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
		 "metadata.name: \"0123456789012345678901234567890123456789...\" has 70 characters, at most 63 are "
		 "possible"},
		{"{\"name\":\"a\",\"resourceVersion\":5}",
		 "metadata.resourceVersion: must be text, not a number: put it in quotes, \"5\""},
		{"{\"name\":\"a\",\"resourceVersion\":\"x\"}",
		 "metadata.resourceVersion: \"x\" is not a version that this server gave"},
		{"{\"name\":\"a\",\"finalizers\":[\"x\"]}",
		 "metadata.finalizers: nobody here would run them: leave them out"},
		{"{\"name\":\"a\",\"ownerReferences\":[{}]}",
		 "metadata.ownerReferences: a Service belongs to nobody here: leave it out"},
		{"{\"name\":\"a\",\"labels\":[]}", "metadata.labels: must be an object (key: value)"},
		{"{\"name\":\"a\",\"labels\":{\"x\":null}}",
		 "metadata.labels[x]: has no value: write \"\" for an empty one"},
		{"{\"name\":\"a\",\"labels\":{\"x\":\"1\",\"x\":\"2\"}}", "metadata.labels[x]: is given twice"},
		{"{\"name\":\"a\",\"labels\":{\"x\":7}}",
		 "metadata.labels[x]: must be text, not a number: put it in quotes, \"7\""},
		{"{\"name\":\"a\",\"annotations\":{\"autoscaling.knative.dev/target\":\"7\"}}",
		 "metadata.annotations[autoscaling.knative.dev/target]: autoscaling annotations belong in "
		 "spec.template.metadata.annotations"},
		{"{\"name\":\"a\",\"annotations\":{\"serving.knative.dev/rollout-duration\":\"60s\"}}",
		 "metadata.annotations[serving.knative.dev/rollout-duration]: \"60s\" must be \"0s\": Rouse moves "
		 "traffic at once; move it in steps with spec.traffic"},
	};

	refuse_rows("{" HEAD "\"metadata\":", rows, rs_array_length(rows), "," CONTAINER_OF(COMMAND) "}");
}

#define SPEC "spec.template.spec"
static void test_template(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"\"containerConcurrency\":1001", SPEC ".containerConcurrency: 1001 must be a whole number 0..1000"},
		{"\"containerConcurrency\":1.5", SPEC ".containerConcurrency: 1.5 must be a whole number 0..1000"},
		{"\"containerConcurrency\":\"1\"",
		 SPEC ".containerConcurrency: \"1\" must be a whole number, without quotes"},
		{"\"containerConcurrency\":[]", SPEC ".containerConcurrency: must be a whole number"},
		{"\"timeoutSeconds\":3601", SPEC ".timeoutSeconds: 3601 must be a whole number 0..3600"},
		{"\"containerconcurrency\":1",
		 SPEC ".containerconcurrency: is not a field here; did you mean \"containerConcurrency\"?"},
		{"\"responseStartTimeoutSeconds\":300", SPEC
		 ".responseStartTimeoutSeconds: needs a view into the protocol, which this dataplane does not have: "
		 "leave it out"},
		{"\"idleTimeoutSeconds\":5", SPEC
		 ".idleTimeoutSeconds: needs a view into the protocol, which this dataplane does not have: leave it "
		 "out"},
		{"\"initContainers\":[{}]", SPEC ".initContainers: the runtime process has one program in an instance"},
		{"\"volumes\":[{}]",
		 SPEC ".volumes: the runtime process has no volumes: a program sees the node's files"},
		{"\"serviceAccountName\":\"x\"",
		 SPEC ".serviceAccountName: there are no service accounts on this node"},
		{"\"imagePullSecrets\":[{}]",
		 SPEC ".imagePullSecrets: no image is pulled: the runtime process runs command"},
		{"\"enableServiceLinks\":true",
		 SPEC ".enableServiceLinks: programs find services by name, not in their environment"},
		{"\"nodeSelector\":{\"a\":\"b\"}", SPEC ".nodeSelector: there is one node: nothing to choose"},
		{"\"runtimeClassName\":\"x\"",
		 SPEC ".runtimeClassName: the runtime is chosen by the agent's configuration"},
		{"\"hostAliases\":[{}]", SPEC ".hostAliases: names are resolved by the node's resolver"},
		{"\"hostNetwork\":true", SPEC ".hostNetwork: every instance has a network of its own"},
		{"\"hostPID\":true", SPEC ".hostPID: programs share what the runtime gives them"},
		{"\"securityContext\":{\"runAsUser\":1}",
		 SPEC ".securityContext: use runAsUser in the container's securityContext"},
		{"\"restartPolicy\":\"Always\"",
		 SPEC ".restartPolicy: a program that ends is started again as long as it is needed"},
		{"\"terminationGracePeriodSeconds\":0",
		 SPEC ".terminationGracePeriodSeconds: use the annotation rouse.dev/stop-grace-period of the template"},
		{"\"activeDeadlineSeconds\":5",
		 SPEC ".activeDeadlineSeconds: a service has no end: scale-to-zero is its rest"},
		{"\"readinessGates\":[{}]", SPEC ".readinessGates: readiness is the program's own: use readinessProbe"},
		{"\"os\":{\"name\":\"linux\"}", SPEC ".os: this is Linux"},
	};

	refuse_rows("{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND "}],", rows,
		    rs_array_length(rows), "}}}}");
}

#define TEMPLATE "spec.template.metadata"
static void test_template_metadata(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"\"annotations\":{\"autoscaling.knative.dev/target\":10}",
		 TEMPLATE ".annotations[autoscaling.knative.dev/target]: must be text, not a number: put it in quotes, "
			  "\"10\""},
		{"\"annotations\":{\"autoscaling.knative.dev/max-scale\":\"x\"}", TEMPLATE
		 ".annotations[autoscaling.knative.dev/max-scale]: \"x\" must be a whole number 0..2147483647"},
		{"\"annotations\":{\"autoscaling.knative.dev/maxscale\":\"1\"}",
		 TEMPLATE ".annotations[autoscaling.knative.dev/maxscale]: is not an annotation that Rouse knows"},
		{"\"name\":\"other-1\"", TEMPLATE ".name: \"other-1\" must begin with \"hello-\""},
		{"\"namespace\":\"x\"",
		 TEMPLATE ".namespace: revisions live in the namespace of their Service: leave it out"},
		{"\"generateName\":\"x-\"",
		 TEMPLATE ".generateName: revisions are numbered: leave it out, or give a name"},
		{"\"labels\":{\"serving.knative.dev/service\":\"x\"}",
		 TEMPLATE ".labels[serving.knative.dev/service]: labels of this domain are set by Rouse"},
		{"\"annotation\":{}", TEMPLATE ".annotation: is not a field here; did you mean \"annotations\"?"},
	};

	refuse_rows("{" HEAD NAME "\"spec\":{\"template\":{\"metadata\":{", rows, rs_array_length(rows),
		    "},\"spec\":{\"containers\":[{" COMMAND "}]}}}}");
}

#define CONTAINER "spec.template.spec.containers[0]"
static void test_container(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"\"nme\":\"x\"", CONTAINER ".nme: is not a field here; did you mean \"name\"?"},
		{"\"name\":\"A\"",
		 CONTAINER ".name: \"A\" must be lower-case letters, digits and '-', begin with a letter or "
			   "digit and not end with '-' (DNS-1123); try \"a\""},
		{"\"command\":[]", CONTAINER ".command: is given twice"},
		{"\"args\":[1]", CONTAINER ".args[0]: must be text, not a number: put it in quotes, \"1\""},
		{"\"args\":\"x\"", CONTAINER ".args: must be a list"},
		{"\"workingDir\":\"srv\"", CONTAINER ".workingDir: \"srv\" must begin with /"},
		{"\"imagePullPolicy\":\"Always\"",
		 CONTAINER ".imagePullPolicy: no image is pulled: the runtime process runs command"},
		{"\"env\":[{\"name\":\"A\",\"value\":5}]",
		 CONTAINER ".env[0].value: must be text, not a number: put it in quotes, \"5\""},
		{"\"env\":[{\"value\":\"5\"}]", CONTAINER ".env[0].name: is missing"},
		{"\"env\":[{\"name\":\"PORT\",\"value\":\"5\"}]",
		 CONTAINER ".env[0].name: PORT is set by Rouse and cannot be changed"},
		{"\"env\":[{\"name\":\"A\"},{\"name\":\"A\"}]", CONTAINER ".env[1].name: \"A\" is given twice"},
		{"\"env\":[{\"name\":\"A\",\"valueFrom\":{\"x\":1}}]",
		 CONTAINER ".env[0].valueFrom: reads from objects of Kubernetes, which this node does not have: use "
			   "value"},
		{"\"envFrom\":[{}]",
		 CONTAINER ".envFrom: reads from objects of Kubernetes, which this node does not have: use env"},
		{"\"ports\":[{},{},{},{},{},{},{},{},{}]", CONTAINER ".ports: has 9 entries, at most 8 are possible"},
		{"\"ports\":[{\"containerPort\":1},{}]", CONTAINER ".ports[1].containerPort: is missing"},
		{"\"ports\":[{\"containerPort\":1},{\"containerPort\":2},{\"containerPort\":1}]",
		 CONTAINER ".ports[2]: TCP port 1 is already that of ports[0]"},
		{"\"ports\":[{\"containerPort\":1,\"protocol\":\"UDP\"},{\"containerPort\":1,\"protocol\":\"UDP\"}]",
		 CONTAINER ".ports[1]: UDP port 1 is already that of ports[0]"},
		{"\"ports\":[{\"containerPort\":1,\"name\":\"a\"},{\"containerPort\":2,\"name\":\"a\"}]",
		 CONTAINER ".ports[1].name: \"a\" is already the name of ports[0]"},
		{"\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"}],\"readinessProbe\":{\"tcpSocket\":{}}",
		 CONTAINER ".readinessProbe.tcpSocket: needs a port: the container's first one is UDP, and a probe "
			   "connects over TCP"},
		{"\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\",\"name\":\"dns\"}],"
		 "\"livenessProbe\":{\"httpGet\":{\"port\":\"dns\"}}",
		 CONTAINER ".livenessProbe.httpGet.port: \"dns\" is a UDP port: a probe connects over TCP"},
		{"\"ports\":[{}]", CONTAINER ".ports[0].containerPort: is missing"},
		{"\"ports\":[{\"containerPort\":0}]",
		 CONTAINER ".ports[0].containerPort: 0 must be a whole number 1..65535"},
		{"\"ports\":[{\"containerPort\":80,\"protocol\":\"SCTP\"}]",
		 CONTAINER ".ports[0].protocol: \"SCTP\" must be \"TCP\" or \"UDP\""},
		{"\"ports\":[{\"containerPort\":80,\"hostPort\":80}]",
		 CONTAINER ".ports[0].hostPort: a service is reached at its virtual address, not at the node's"},
		{"\"ports\":[{\"containerPort\":80,\"name\":\"H2C\"}]", CONTAINER
		 ".ports[0].name: \"H2C\" must be at most 15 lower-case letters, digits and '-', with at least "
		 "one letter (usual ones: http1, h2c, grpc)"},
		{"\"resources\":{\"limits\":{\"cpu\":\"much\"}}",
		 CONTAINER ".resources.limits.cpu: \"much\" must be a quantity such as \"500m\" or \"2\""},
		{"\"resources\":{\"limits\":{\"memory\":[]}}",
		 CONTAINER ".resources.limits.memory: must be a quantity such as \"350Mi\" or \"1G\""},
		{"\"resources\":{\"limits\":{\"memory\":\"350m\"}}",
		 CONTAINER ".resources.limits.memory: is less than a mebibyte, in which no program starts: mebibytes "
			   "are written \"Mi\""},
		{"\"resources\":{\"limits\":{\"ephemeral-storage\":\"1G\"}}",
		 CONTAINER ".resources.limits.ephemeral-storage: no disk space is counted"},
		{"\"resources\":{\"requests\":{\"cpu\":\"1\"}}",
		 CONTAINER ".resources.requests: requests are for a scheduler that chooses among nodes: use limits"},
		{"\"securityContext\":{\"runAsUser\":-1}",
		 CONTAINER ".securityContext.runAsUser: -1 must be a whole number 0..2147483647"},
		{"\"securityContext\":{\"runAsUser\":0,\"runAsNonRoot\":true}",
		 CONTAINER ".securityContext.runAsNonRoot: contradicts runAsUser: 0"},
		{"\"securityContext\":{\"runAsNonRoot\":\"true\"}",
		 CONTAINER ".securityContext.runAsNonRoot: must be true or false, without quotes"},
		{"\"securityContext\":{\"runAsGroup\":0}",
		 CONTAINER ".securityContext.runAsGroup: the group is the user's: leave it out"},
		{"\"securityContext\":{\"allowPrivilegeEscalation\":true}",
		 CONTAINER ".securityContext.allowPrivilegeEscalation: programs cannot gain privileges here"},
		{"\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"NET_BIND_SERVICE\"]}}",
		 CONTAINER ".securityContext.capabilities.add: programs run without capabilities"},
		{"\"securityContext\":{\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}",
		 CONTAINER ".securityContext.seccompProfile: is not in the runtime process's power: leave it out"},
		{"\"securityContext\":{\"privileged\":true}",
		 CONTAINER ".securityContext.privileged: programs run without privileges"},
		{"\"volumeMounts\":[{}]",
		 CONTAINER ".volumeMounts: the runtime process has no volumes: a program sees the node's files"},
		{"\"lifecycle\":{\"preStop\":{}}",
		 CONTAINER ".lifecycle: there are no lifecycle hooks: a program gets its stop signal and time to end"},
		{"\"tty\":true", CONTAINER ".tty: programs have no terminal: standard input is at its end"},
		{"\"terminationMessagePath\":\"/x\"",
		 CONTAINER ".terminationMessagePath: the last words of a program are in its log: rouse logs"},
		{"\"restartPolicy\":\"x\"",
		 CONTAINER ".restartPolicy: a program that ends is started again as long as it is needed"},
	};

	refuse_rows("{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND ",", rows,
		    rs_array_length(rows), "}]}}}}");
	refuse_manifest("{" HEAD NAME CONTAINER_OF("\"image\":\"example.org/x\"") "}", CONTAINER
			".image: \"example.org/x\": the runtime process runs no images; give command, such as "
			"[\"python3\", \"-m\", \"http.server\", \"$(PORT)\"]");
	refuse_manifest("{" HEAD NAME CONTAINER_OF("") "}",
			CONTAINER ".command: is missing: the runtime process runs a command, such as [\"python3\", "
				  "\"-m\", \"http.server\", \"$(PORT)\"]");
}

#define PROBE CONTAINER ".readinessProbe"
static void test_probe(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"\"httpget\":{}", PROBE ".httpget: is not a field here; did you mean \"httpGet\"?"},
		{"\"httpGet\":{},\"exec\":{\"command\":[\"x\"]}",
		 PROBE ".exec: a probe has one of httpGet, tcpSocket and exec"},
		{"\"grpc\":{}", PROBE ".grpc: there is no gRPC client here: use httpGet, tcpSocket or exec"},
		{"\"httpGet\":{\"path\":\"ok\"}", PROBE ".httpGet.path: \"ok\" must begin with /"},
		{"\"httpGet\":{\"port\":\"web\"}",
		 PROBE ".httpGet.port: \"web\" must be a number 0..65535, or the name of a port of the container"},
		{"\"httpGet\":{\"port\":65536}", PROBE ".httpGet.port: 65536 must be a whole number 0..65535"},
		{"\"httpGet\":{\"scheme\":\"HTTPS\"}", PROBE ".httpGet.scheme: \"HTTPS\" must be \"HTTP\""},
		{"\"httpGet\":{\"host\":\"x\"}",
		 PROBE ".httpGet.host: a probe goes to the instance; for a Host header use httpHeaders"},
		{"\"httpGet\":{\"httpHeaders\":[{\"name\":\"X\",\"value\":\"y\"}]}",
		 PROBE ".httpGet.httpHeaders[0].name: \"X\": a probe sends no header but Host"},
		{"\"httpGet\":{\"httpHeaders\":[{\"name\":\"Host\",\"value\":\"a\\r\\nb\"}]}",
		 PROBE ".httpGet.httpHeaders[0].value: has a character that no host name has"},
		{"\"httpGet\":{\"httpHeaders\":[{},{}]}",
		 PROBE ".httpGet.httpHeaders[1]: a probe sends no header but Host"},
		{"\"tcpSocket\":{\"host\":\"x\"}", PROBE ".tcpSocket.host: a probe goes to the instance: leave it out"},
		{"\"exec\":{}", PROBE ".exec.command: is missing"},
		{"\"periodSeconds\":3601", PROBE ".periodSeconds: 3601 must be a whole number 0..3600"},
		{"\"timeoutSeconds\":0", PROBE ".timeoutSeconds: 0 must be a whole number 1..3600"},
		{"\"failureThreshold\":0", PROBE ".failureThreshold: 0 must be a whole number 1..1000"},
		{"\"terminationGracePeriodSeconds\":1", PROBE ".terminationGracePeriodSeconds: use the annotation "
							      "rouse.dev/stop-grace-period of the template"},
	};

	refuse_rows("{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND ",\"readinessProbe\":{",
		    rows, rs_array_length(rows), "}}]}}}}");
	refuse_manifest("{" HEAD NAME CONTAINER_OF(COMMAND ",\"livenessProbe\":{\"successThreshold\":2}") "}",
			CONTAINER ".livenessProbe.successThreshold: must be 1");
}

static void test_traffic(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"{}", "spec.traffic: must be a list"},
		{"[5]", "spec.traffic[0]: must be an object (key: value)"},
		{"[{\"percent\":99}]", "spec.traffic: the percents add up to 99, must be 100"},
		{"[{\"percent\":101}]", "spec.traffic[0].percent: 101 must be a whole number 0..100"},
		{"[{\"percent\":\"100\"}]", "spec.traffic[0].percent: \"100\" must be a whole number, without quotes"},
		{"[{\"percent\":\"100%\"}]",
		 "spec.traffic[0].percent: \"100%\" must be a whole number 0..100, without quotes and %"},
		{"[{\"percent\":33.3}]", "spec.traffic[0].percent: 33.3 must be a whole number 0..100"},
		{"[{\"revision\":\"x\",\"percent\":100}]",
		 "spec.traffic[0].revision: is not a field here; did you mean \"revisionName\"?"},
		{"[{\"revisonName\":\"x\",\"percent\":100}]",
		 "spec.traffic[0].revisonName: is not a field here; did you mean \"revisionName\"?"},
		{"[{\"configurationName\":\"x\",\"percent\":100}]",
		 "spec.traffic[0].configurationName: a Service routes to its own revisions: use revisionName, or "
		 "latestRevision: true"},
		{"[{\"revisionName\":\"hello-1\",\"latestRevision\":true,\"percent\":100}]",
		 "spec.traffic[0].latestRevision: cannot be true beside revisionName: give one of them"},
		{"[{\"latestRevision\":false,\"percent\":100}]",
		 "spec.traffic[0].latestRevision: false needs a revisionName; without one the target is the latest "
		 "revision"},
		{"[{\"percent\":100,\"tag\":\"a\"},{\"tag\":\"a\"}]",
		 "spec.traffic[1].tag: \"a\" is already the tag of spec.traffic[0]"},
		{"[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]",
		 "spec.traffic: has 17 entries, at most 16 are possible"},
	};

	refuse_rows("{" HEAD NAME "\"spec\":{\"template\":{\"spec\":{\"containers\":[{" COMMAND "}]}},\"traffic\":",
		    rows, rs_array_length(rows), "}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),	  cmocka_unit_test(test_metadata),
		cmocka_unit_test(test_template),  cmocka_unit_test(test_template_metadata),
		cmocka_unit_test(test_container), cmocka_unit_test(test_probe),
		cmocka_unit_test(test_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
