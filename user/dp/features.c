// SPDX-License-Identifier: BSD-2-Clause
/* What of the kernel the programs need, and which release brought it. */
#include "dp/internal.h"

#include "base/mem.h"
#include "base/str.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static const struct {
	enum bpf_func_id helper;
	enum bpf_prog_type type;
	const char *name;
	const char *since;
} helpers[] = {
	{BPF_FUNC_ringbuf_reserve, BPF_PROG_TYPE_SCHED_CLS, "bpf_ringbuf_reserve", "5.8"},
	{BPF_FUNC_redirect_neigh, BPF_PROG_TYPE_SCHED_CLS, "bpf_redirect_neigh", "5.10"},
	{BPF_FUNC_redirect_peer, BPF_PROG_TYPE_SCHED_CLS, "bpf_redirect_peer", "5.10"},
	{BPF_FUNC_timer_init, BPF_PROG_TYPE_SCHED_CLS, "bpf_timer_init", "5.15"},
	{BPF_FUNC_loop, BPF_PROG_TYPE_SCHED_CLS, "bpf_loop", "5.17"},
};

static const char *release(struct utsname *name)
{
	return uname(name) == 0 ? name->release : "of unknown release";
}

int rs_dp_check_kernel(struct rs_err *err)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	if (sscanf(release(&name), "%u.%u", &major, &minor) == 2 && (major < 5 || (major == 5 && minor < 8)))
		return rs_err_set(err, -EOPNOTSUPP, "Linux %s is too old: Rouse needs 5.17 or later", name.release);
	if (access(BTF_PATH, R_OK) < 0)
		return rs_err_set(err, -EOPNOTSUPP,
				  "%s cannot be read (%s): Rouse needs a kernel with BTF (CONFIG_DEBUG_INFO_BTF=y; the "
				  "kernels of all larger distributions have it) and /sys mounted",
				  BTF_PATH, strerror(errno));
	return 0;
}

int rs_dp_explain_load(int code, struct rs_err *err)
{
	struct utsname name;
	if (code == -EPERM)
		return rs_err_set(err, code,
				  "the kernel does not let roused load BPF programs: it needs root with CAP_BPF, "
				  "CAP_NET_ADMIN, CAP_PERFMON and CAP_SYS_ADMIN, and no lockdown of confidentiality");
	for (size_t i = 0; i < rs_array_length(helpers); i++) {
		if (libbpf_probe_bpf_helper(helpers[i].type, helpers[i].helper, NULL) == 0)
			return rs_err_set(err, code,
					  "Linux %s has no %s, which came with %s: Rouse needs 5.17 or later",
					  release(&name), helpers[i].name, helpers[i].since);
	}
	return rs_err_set(err, code,
			  "cannot load the BPF programs on Linux %s (--log-level debug shows the verifier's words): %s",
			  release(&name), strerror(-code));
}

bool rs_dp_has_kernel_function(const char *name)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	bool found = kernel && btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;
	btf__free(kernel);
	return found;
}

void rs_dp_describe_kernel(const struct rs_dp *dp, char *out, size_t size)
{
	struct utsname name;
	snprintf(out, size, "Linux %s with BTF; %s", release(&name),
		 dp->has_tcx ? "TCX, so programs of others stand beside ours"
			     : "no TCX (it came with 6.6): clsact filters do its work");
}
