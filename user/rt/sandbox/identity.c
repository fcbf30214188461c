// SPDX-License-Identifier: BSD-2-Clause
#include "rt/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int rs_identity_bound(struct rs_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rs_err_set(err, -errno, "cannot set no_new_privs: %m");
	/* The kernel ends the list with EINVAL. */
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	if (errno != EINVAL)
		return rs_err_set(err, -errno, "cannot drop the capability bounding set: %m");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return rs_err_set(err, -errno, "cannot clear the ambient capabilities: %m");
	return 0;
}

int rs_identity_become(uid_t uid, gid_t gid, struct rs_err *err)
{
	if (setgroups(0, NULL) < 0)
		return rs_err_set(err, -errno, "cannot give up the supplementary groups: %m");
	if (setresgid(gid, gid, gid) < 0)
		return rs_err_set(err, -errno, "cannot become group %u: %m", gid);
	if (setresuid(uid, uid, uid) < 0)
		return rs_err_set(err, -errno, "cannot become user %u: %m", uid);
	/* Root keeps its capabilities over setresuid(); the empty bounding set keeps exec from giving them back. */
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{.effective = 0}};
	if (syscall(SYS_capset, &header, none) < 0)
		return rs_err_set(err, -errno, "cannot give up the capabilities: %m");
	return 0;
}
