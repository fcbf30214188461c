// SPDX-License-Identifier: BSD-2-Clause
#include "rt/sandbox/sandbox.h"

#include "base/mem.h"
#include "rt/message.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* As `ip netns` does it: the directory is a shared mount, so that a name that is removed here is removed
 * in everyone's copy of it. Under its lock, so that two that come at once do not stack mounts. */
static int share_directory(struct rs_err *err)
{
	if (mkdir(RS_SANDBOX_NETNS_DIR, 0755) < 0 && errno != EEXIST)
		return rs_err_set(err, -errno, "cannot make " RS_SANDBOX_NETNS_DIR ": %m");
	rs_auto_fd int lock = open(RS_SANDBOX_NETNS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return rs_err_set(err, -errno, "cannot lock " RS_SANDBOX_NETNS_DIR ": %m");
	if (mount("", RS_SANDBOX_NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return rs_err_set(err, -errno, "cannot share " RS_SANDBOX_NETNS_DIR ": %m");
	if (mount(RS_SANDBOX_NETNS_DIR, RS_SANDBOX_NETNS_DIR, "none", MS_BIND | MS_REC, NULL) < 0 ||
	    mount("", RS_SANDBOX_NETNS_DIR, "none", MS_SHARED | MS_REC, NULL) < 0)
		return rs_err_set(err, -errno, "cannot make " RS_SANDBOX_NETNS_DIR " a mount: %m");
	return 0;
}

int rs_mounts_name_netns(const char *name, struct rs_err *err)
{
	int r = share_directory(err);
	if (r < 0)
		return r;
	char path[128];
	snprintf(path, sizeof(path), RS_SANDBOX_NETNS_DIR "/%s", name);
	rs_auto_fd int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (fd < 0)
		return rs_err_set(err, -errno, "cannot make %s: %m", path);
	if (mount("/proc/self/ns/net", path, "none", MS_BIND, NULL) < 0)
		return rs_err_set(err, -errno, "cannot bind the network namespace to %s: %m", path);
	return 0;
}

int rs_mounts_unname_netns(const char *name, struct rs_err *err)
{
	char path[128];
	snprintf(path, sizeof(path), RS_SANDBOX_NETNS_DIR "/%s", name);
	umount2(path, MNT_DETACH);
	if (unlink(path) < 0 && errno != ENOENT)
		return rs_err_set(err, -errno, "cannot remove %s: %m", path);
	return 0;
}

static int cover(const char *file, const char *with, struct rs_err *err)
{
	if (mount(with, file, "none", MS_BIND, NULL) < 0)
		return rs_err_set(err, -errno, "cannot mount %s on %s: %m", with, file);
	/* The bind keeps the source's flags; nobody in the sandbox has a business writing there. */
	if (mount("", file, "none", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		return rs_err_set(err, -errno, "cannot make %s read-only: %m", file);
	return 0;
}

int rs_mounts_build(const struct rs_sandbox_options *options, struct rs_err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return rs_err_set(err, -errno, "cannot make a mount namespace: %m");
	/* Slave, not private: what the host unmounts must not stay mounted here. */
	if (mount("", "/", "none", MS_SLAVE | MS_REC, NULL) < 0)
		return rs_err_set(err, -errno, "cannot detach the mount namespace from the host's: %m");
	/* The names of other namespaces: a copy of them would keep these alive. */
	umount2(RS_SANDBOX_NETNS_DIR, MNT_DETACH);
	int r = options->hosts ? cover("/etc/hosts", options->hosts, err) : 0;
	if (r == 0 && options->resolv_conf)
		r = cover("/etc/resolv.conf", options->resolv_conf, err);
	return r;
}
