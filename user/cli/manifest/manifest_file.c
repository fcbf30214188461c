// SPDX-License-Identifier: BSD-2-Clause
/* Where manifests come from. */
#include "cli/manifest/manifest.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK	  65536
#define DEPTH_MAX 32 /* of directories: links may lead in circles */

static int read_all(FILE *file, struct rs_buf *text)
{
	char chunk[CHUNK];
	size_t n;
	int r = rs_buf_append(text, "", 0);
	while (r == 0 && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		r = rs_buf_append(text, chunk, n);
	if (r == 0 && ferror(file))
		r = -EIO;
	return r;
}

static void read_stream(FILE *file, const char *name, const struct rs_manifest_visitor *visitor)
{
	struct rs_err err = {0};
	struct rs_buf text;
	rs_buf_init(&text, RS_MANIFEST_BYTES_MAX);
	int r = read_all(file, &text);
	if (r == -E2BIG)
		rs_err_set(&err, r, "%s: larger than %lu MiB; split it", name, RS_MANIFEST_BYTES_MAX >> 20);
	else if (r < 0)
		rs_err_set(&err, r, "%s: cannot be read: %s", name, strerror(-r));
	else if (memchr(text.data, '\0', text.length))
		r = rs_err_set(&err, -EINVAL, "%s: is no text (it has a NUL byte)", name);
	if (r < 0)
		visitor->broken(visitor->user, &err);
	else
		rs_manifest_parse(text.data, text.length, name, visitor);
	rs_buf_done(&text);
}

static void read_file(const char *path, const struct rs_manifest_visitor *visitor)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		struct rs_err err = {0};
		rs_err_set(&err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
		visitor->broken(visitor->user, &err);
		return;
	}
	read_stream(file, path, visitor);
	fclose(file);
}

/* Hidden files are somebody else's. */
static int is_manifest(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return dot && dot != entry->d_name &&
	       (rs_str_equal(dot, ".yaml") || rs_str_equal(dot, ".yml") || rs_str_equal(dot, ".json"));
}

static int is_no_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Returns how many files it has read. */
static size_t read_directory(const char *path, const struct rs_manifest_visitor *visitor, int depth)
{
	struct dirent **entries = NULL;
	size_t files = 0;
	int count = scandir(path, &entries, is_no_hidden, alphasort);
	if (count < 0) {
		struct rs_err err = {0};
		rs_err_set(&err, -errno, "%s: cannot be read: %s", path, strerror(errno));
		visitor->broken(visitor->user, &err);
		return 1;
	}
	bool has_slash = rs_str_equal(path + strlen(path) - 1, "/");
	for (int i = 0; i < count; i++) {
		rs_auto_free char *file = rs_str_format("%s%s%s", path, has_slash ? "" : "/", entries[i]->d_name);
		if (file && is_directory(file)) {
			if (visitor->is_recursive && depth < DEPTH_MAX)
				files += read_directory(file, visitor, depth + 1);
		} else if (file && is_manifest(entries[i])) {
			read_file(file, visitor);
			files++;
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

void rs_manifest_read(const char *path, FILE *in, const struct rs_manifest_visitor *visitor)
{
	if (rs_str_equal(path, "-")) {
		read_stream(in, "-", visitor);
	} else if (!is_directory(path)) {
		read_file(path, visitor);
	} else if (read_directory(path, visitor, 0) == 0) {
		struct rs_err err = {0};
		rs_err_set(&err, -ENOENT, "%s: has no file *.yaml, *.yml or *.json%s", path,
			   visitor->is_recursive ? "" : "; -R looks into its directories, too");
		visitor->broken(visitor->user, &err);
	}
}
