// SPDX-License-Identifier: BSD-2-Clause
/* Where manifests come from. */
#include "cli/manifest.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK 65536

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

static int is_manifest(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return dot && dot != entry->d_name &&
	       (rs_str_equal(dot, ".yaml") || rs_str_equal(dot, ".yml") || rs_str_equal(dot, ".json"));
}

static void read_directory(const char *path, const struct rs_manifest_visitor *visitor)
{
	struct rs_err err = {0};
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_manifest, alphasort);
	if (count < 0)
		rs_err_set(&err, -errno, "%s: cannot be read: %s", path, strerror(errno));
	else if (count == 0)
		rs_err_set(&err, -ENOENT, "%s: has no file *.yaml, *.yml or *.json", path);
	if (count <= 0)
		visitor->broken(visitor->user, &err);
	bool has_slash = rs_str_equal(path + strlen(path) - 1, "/");
	for (int i = 0; i < count; i++) {
		rs_auto_free char *file = rs_str_format("%s%s%s", path, has_slash ? "" : "/", entries[i]->d_name);
		if (file)
			read_file(file, visitor);
		free(entries[i]);
	}
	free(entries);
}

void rs_manifest_read(const char *path, FILE *in, const struct rs_manifest_visitor *visitor)
{
	struct stat status;
	if (rs_str_equal(path, "-"))
		read_stream(in, "-", visitor);
	else if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		read_directory(path, visitor);
	else
		read_file(path, visitor);
}
