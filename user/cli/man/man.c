// SPDX-License-Identifier: BSD-2-Clause
/* rouse __man DIR [-]: writes the manual pages into a directory. */
#include "cli/man/man.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_BYTES_MAX (1024 * 1024)

struct page {
	FILE *out;
	char *path;
};

static int page_open(struct page *page, const char *directory, const char *name, int section, struct rs_err *err)
{
	page->path = rs_str_format("%s/%s.%d", directory, name, section);
	page->out = page->path ? fopen(page->path, "we") : NULL;
	if (page->out)
		return 0;
	int r = rs_err_set(err, -errno, "cannot write %s: %s", page->path ? page->path : name, strerror(errno));
	free(page->path);
	return r;
}

static int page_close(struct page *page, struct rs_err *err)
{
	bool is_bad = ferror(page->out);
	int r = 0;
	if (fclose(page->out) != 0 || is_bad)
		r = rs_err_set(err, -EIO, "cannot write %s: %s", page->path, strerror(errno));
	free(page->path);
	return r;
}

static int write_commands(const char *directory, struct rs_err *err)
{
	struct page page;
	int r = page_open(&page, directory, "rouse", 1, err);
	if (r == 0) {
		rs_man_overview(page.out);
		r = page_close(&page, err);
	}
	for (const struct rs_command *command = NULL; r == 0 && (command = rs_command_next(command));) {
		char name[RS_MAN_NAME_MAX];
		if (rs_command_is_hidden(command))
			continue;
		rs_man_name(command, name);
		r = page_open(&page, directory, name, 1, err);
		if (r < 0)
			break;
		rs_man_command(command, page.out);
		r = page_close(&page, err);
	}
	return r;
}

static int write_agent(const char *directory, FILE *in, struct rs_err *err)
{
	rs_auto_free char *text = calloc(1, OPTIONS_BYTES_MAX);
	struct page page;
	if (!text)
		return rs_err_set(err, -ENOMEM, "out of memory");
	text[fread(text, 1, OPTIONS_BYTES_MAX - 1, in)] = '\0';
	rs_auto_json cJSON *options = cJSON_Parse(text);
	if (!rs_json_get(options, "options"))
		return rs_err_set(err, -EINVAL, "standard input is not what \"roused --print-options\" prints");
	int r = page_open(&page, directory, "roused", 8, err);
	if (r < 0)
		return r;
	rs_man_agent(options, page.out);
	r = page_close(&page, err);
	if (r < 0)
		return r;
	r = page_open(&page, directory, "rouse.yaml", 5, err);
	if (r < 0)
		return r;
	rs_man_configuration(options, page.out);
	return page_close(&page, err);
}

enum rs_exit rs_man(struct rs_cli *cli, const struct rs_args *args)
{
	struct rs_err err = {0};
	const char *directory = args->names.items[0];
	bool is_agent = args->names.count == 2 && rs_str_equal(args->names.items[1], "-");
	int r = is_agent ? write_agent(directory, cli->in, &err) : write_commands(directory, &err);
	return r < 0 ? rs_cli_fail(cli, &err) : RS_EXIT_OK;
}
