// SPDX-License-Identifier: BSD-2-Clause
/* The terminal. Signals only note that they came; every way out leads through endwin(). */
#include "cli/top/top.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUMMARY_MAX 256
#define TAKEN_SHARE 9
#define TABLE_LINE  2 /* of the screen: below the summary and the keys */

enum {
	PAIR_FAILING = 1,
	PAIR_WAKING,
	PAIR_SERVING,
};

struct screen {
	const struct rs_top_source *source;
	struct rs_top_sample sample;
	struct rs_err trouble; /* why there is no newer sample */
	enum rs_top_order order;
	size_t top; /* first row that is shown */
};

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static void take(struct screen *screen)
{
	struct rs_top_sample sample = {0};
	struct rs_err trouble = {0};
	int r = screen->source->take(screen->source->user, &sample, &trouble);
	if (r == 0)
		r = rs_top_read(&sample, screen->sample.rows ? &screen->sample : NULL);
	if (r < 0) {
		/* What was seen last stays, with the trouble above it: the agent may come back. */
		rs_top_sample_done(&sample);
		screen->trouble = trouble;
		return;
	}
	rs_top_sample_done(&screen->sample);
	screen->sample = sample;
	screen->trouble = (struct rs_err){0};
}

/* --- drawing ------------------------------------------------------------------------------------------------------ */

static attr_t look_of(const struct rs_top_row *row)
{
	switch (row->state[0]) {
	case 'f':
		return A_BOLD | (has_colors() ? COLOR_PAIR(PAIR_FAILING) : 0);
	case 'w':
		return has_colors() ? COLOR_PAIR(PAIR_WAKING) : A_BOLD;
	case 's':
		return has_colors() ? COLOR_PAIR(PAIR_SERVING) : A_NORMAL;
	default:
		return A_DIM;
	}
}

static void draw_line(int line, attr_t look, const char *text, size_t length)
{
	int width = COLS > 0 ? COLS : 0;
	attrset(look);
	mvaddnstr(line, 0, text, length < (size_t)width ? (int)length : width);
	clrtoeol();
	attrset(A_NORMAL);
}

static void draw_head(const struct screen *screen)
{
	char line[SUMMARY_MAX + RS_ERR_MESSAGE_MAX];
	if (*screen->trouble.message)
		snprintf(line, sizeof(line), "no answer: %s", screen->trouble.message);
	else
		rs_top_summary(&screen->sample, line, sizeof(line));
	draw_line(0, *screen->trouble.message ? A_BOLD : A_NORMAL, line, strlen(line));
	snprintf(line, sizeof(line), "by %s; s or left/right: another order, up/down: scroll, q: quit",
		 rs_top_order_text(screen->order));
	draw_line(1, A_DIM, line, strlen(line));
}

/* The table as text, then its lines with the look of their rows. */
static void draw_table(struct screen *screen, const struct rs_top_row *const *rows)
{
	rs_auto_free char *text = NULL;
	size_t size = 0, count = screen->sample.count;
	size_t room = LINES > TABLE_LINE + 1 ? (size_t)(LINES - TABLE_LINE - 1) : 0;
	if (screen->top + room > count)
		screen->top = count > room ? count - room : 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return;
	rs_top_print(rows, count, screen->source->has_namespaces, out);
	fclose(out);
	const char *at = text ? text : "";
	for (size_t i = 0; *at; i++) {
		size_t length = strcspn(at, "\n");
		if (i == 0)
			draw_line(TABLE_LINE, A_REVERSE, at, length);
		else if (i > screen->top && i - screen->top <= room)
			draw_line(TABLE_LINE + (int)(i - screen->top), look_of(rows[i - 1]), at, length);
		at += length + (at[length] == '\n');
	}
}

static void draw(struct screen *screen)
{
	const struct rs_top_row **rows = rs_top_sort(&screen->sample, screen->order);
	erase();
	draw_head(screen);
	if (rows)
		draw_table(screen, rows);
	free(rows);
	refresh();
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

/* Returns false for the key that ends it. */
static bool on_key(struct screen *screen, int key)
{
	size_t page = LINES > TABLE_LINE + 2 ? (size_t)(LINES - TABLE_LINE - 2) : 1;
	switch (key) {
	case 'q':
		return false;
	case 's':
	case KEY_RIGHT:
		screen->order = (screen->order + 1) % RS_TOP_ORDER_COUNT;
		break;
	case KEY_LEFT:
		screen->order = (screen->order + RS_TOP_ORDER_COUNT - 1) % RS_TOP_ORDER_COUNT;
		break;
	case KEY_UP:
		screen->top -= screen->top > 0;
		break;
	case KEY_DOWN:
		screen->top++;
		break;
	case KEY_PPAGE:
		screen->top = screen->top > page ? screen->top - page : 0;
		break;
	case KEY_NPAGE:
		screen->top += page;
		break;
	case KEY_HOME:
		screen->top = 0;
		break;
	default: /* KEY_RESIZE too: it is drawn anew */
		break;
	}
	return true;
}

static void turn(struct screen *screen)
{
	uint64_t period_ns = (uint64_t)(screen->source->seconds * 1e9), next_ns = rs_now_ns();
	while (!ended) {
		uint64_t now_ns = rs_now_ns();
		if (now_ns >= next_ns) {
			take(screen);
			uint64_t taken_ns = rs_now_ns() - now_ns;
			/* Of thousands of revisions a sample takes its time, and the agent's: it gets a tenth of both.
			 */
			next_ns = now_ns + taken_ns +
				  (period_ns > TAKEN_SHARE * taken_ns ? period_ns : TAKEN_SHARE * taken_ns);
			continue;
		}
		draw(screen);
		timeout((int)((next_ns - now_ns) / RS_NS_PER_MS) + 1);
		int key = getch();
		if (key == ERR && errno == EIO)
			return; /* the terminal is gone */
		if (key != ERR && !on_key(screen, key))
			return;
		errno = 0;
	}
}

static void colours(void)
{
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_FAILING, COLOR_RED, -1);
	init_pair(PAIR_WAKING, COLOR_YELLOW, -1);
	init_pair(PAIR_SERVING, COLOR_GREEN, -1);
}

int rs_top_screen(const struct rs_top_source *source, struct rs_err *err)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction before[rs_array_length(signals)], action = {.sa_handler = on_end};
	struct screen screen = {.source = source};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO))
		return rs_err_set(err, -ENOTTY, "the keyboard is no terminal: use --once");
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return rs_err_set(err, -ENOTTY, "the terminal \"%s\" (TERM) is not known here: use --once",
				  term ? term : "");
	/* After ncurses, which brings handlers of its own. */
	ended = 0;
	for (size_t i = 0; i < rs_array_length(signals); i++)
		sigaction(signals[i], &action, &before[i]);
	if (!no_color || !*no_color)
		colours();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	turn(&screen);
	endwin();
	delscreen(terminal);
	for (size_t i = 0; i < rs_array_length(signals); i++)
		sigaction(signals[i], &before[i], NULL);
	rs_top_sample_done(&screen.sample);
	return 0;
}
