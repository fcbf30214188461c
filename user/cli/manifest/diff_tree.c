// SPDX-License-Identifier: BSD-2-Clause
#include "cli/manifest/diff_tree.h"

#include "base/mem.h"
#include "base/str.h"
#include "wire/yaml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX      32
#define EXIT_NOT_FOUND 127 /* the shell's code */

int rs_diff_tree_init(struct rs_diff_tree *tree, struct rs_err *err)
{
	const char *parent = getenv("TMPDIR");
	rs_auto_free char *root = rs_str_format("%s/rouse-diff-XXXXXX", parent && *parent ? parent : "/tmp");
	*tree = (struct rs_diff_tree){0};
	if (!root)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if (!mkdtemp(root))
		return rs_err_set(err, -errno, "cannot make a directory like %s: %s", root, strerror(errno));
	tree->root = rs_take_ptr(root);
	tree->live = rs_str_format("%s/LIVE", tree->root);
	tree->merged = rs_str_format("%s/MERGED", tree->root);
	if (!tree->live || !tree->merged)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if (mkdir(tree->live, 0700) < 0 || mkdir(tree->merged, 0700) < 0)
		return rs_err_set(err, -errno, "cannot make directories in %s: %s", tree->root, strerror(errno));
	return 0;
}

static void remove_directory(const char *path)
{
	DIR *directory = path ? opendir(path) : NULL;
	if (!directory)
		return;
	for (const struct dirent *entry; (entry = readdir(directory));)
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	rmdir(path);
}

void rs_diff_tree_done(struct rs_diff_tree *tree)
{
	remove_directory(tree->live);
	remove_directory(tree->merged);
	if (tree->root)
		rmdir(tree->root);
	free(tree->root);
	free(tree->live);
	free(tree->merged);
	*tree = (struct rs_diff_tree){0};
}

static int write_object(const char *directory, const char *name, const cJSON *object, struct rs_err *err)
{
	if (!object)
		return 0;
	rs_auto_free char *path = rs_str_format("%s/%s", directory, name);
	rs_auto_free char *text = rs_yaml_print(object);
	FILE *file = path && text ? fopen(path, "we") : NULL;
	if (!path || !text)
		return rs_err_set(err, -ENOMEM, "out of memory");
	if (!file)
		return rs_err_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
	bool is_written = fputs(text, file) >= 0;
	if (fclose(file) == 0 && is_written)
		return 0;
	return rs_err_set(err, -EIO, "%s: cannot be written: %s", path, strerror(errno));
}

int rs_diff_tree_add(struct rs_diff_tree *tree, const char *name, const cJSON *live, const cJSON *merged,
		     struct rs_err *err)
{
	int r = write_object(tree->live, name, live, err);
	return r < 0 ? r : write_object(tree->merged, name, merged, err);
}

static int pass_on(int fd, FILE *out)
{
	char chunk[65536];
	ssize_t n;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0)
			fwrite(chunk, 1, (size_t)n, out);
	}
	return n < 0 ? -errno : 0;
}

/* The child: its output goes into the pipe, what it complains of where ours does. */
static void become(char *const *argv, const int *pipes)
{
	dup2(pipes[1], STDOUT_FILENO);
	execvp(argv[0], argv);
	_exit(EXIT_NOT_FOUND);
}

static int run(char *const *argv, FILE *out, struct rs_err *err)
{
	int pipes[2], status = 0;
	fflush(NULL);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return rs_err_set(err, -errno, "cannot make a pipe: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		become(argv, pipes);
	close(pipes[1]);
	int r = pid < 0 ? -errno : pass_on(pipes[0], out);
	close(pipes[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return rs_err_set(err, r, "cannot run %s: %s", argv[0], strerror(-r));
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_FOUND)
		return rs_err_set(err, -ENOENT, "cannot run \"%s\"; is it installed? ROUSE_DIFF names another program",
				  argv[0]);
	if (!WIFEXITED(status))
		return rs_err_set(err, -EIO, "%s ended by signal %d", argv[0], WTERMSIG(status));
	return WEXITSTATUS(status);
}

int rs_diff_tree_show(const struct rs_diff_tree *tree, const char *program, FILE *out, struct rs_err *err)
{
	rs_auto_free char *words = strdup(program);
	char *argv[WORDS_MAX + 3], *rest = NULL;
	size_t count = 0;
	if (!words)
		return rs_err_set(err, -ENOMEM, "out of memory");
	for (char *word = strtok_r(words, " \t", &rest); word && count < WORDS_MAX; word = strtok_r(NULL, " \t", &rest))
		argv[count++] = word;
	argv[count++] = tree->live;
	argv[count++] = tree->merged;
	argv[count] = NULL;
	return run(argv, out, err);
}
