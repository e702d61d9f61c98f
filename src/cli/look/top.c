/*
 * top: a live screen of sites, waiting events and errors, with keys that pause, resume and flush a
 * site. Collecting a frame takes longer the more pending and failed events there are; top waits
 * COST_FACTOR times as long before the next frame, so that it stays cheap.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/act/site_control.h"
#include "cli/look/top_frame.h"
#include "cli/verbs.h"
#include "client/client.h"
#include "outbox/read/audit.h"
#include "term/keyboard.h"
#include "term/table.h"

#define TURN_MS 2000
#define COST_FACTOR 10
#define TEXT_MAX 1048576
#define HOME "\033[H"
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J"
#define KEYS "q: quit  up/down: choose  p: pause  r: resume  f: flush"

struct top {
	const struct config *config;
	struct outbox_audit *audit;
	struct top_frame frame;
	size_t chosen;
	bool asking;       /* the last line asks whether to pause the site */
	char message[512]; /* the result of the last key; "" to show the keys */
	int turn_ms;
};

static int
collect(struct top *t, struct err *e)
{
	int64_t began = clock_mono(&clock_system), took;

	top_frame_clear(&t->frame);
	if (top_frame_collect(&t->frame, t->audit, t->config, e) != 0)
		return -1;
	took = clock_mono(&clock_system) - began;
	t->turn_ms = took * COST_FACTOR > TURN_MS ? (int)(took * COST_FACTOR) : TURN_MS;
	if (t->chosen >= t->frame.n_sites)
		t->chosen = t->frame.n_sites == 0 ? 0 : t->frame.n_sites - 1;
	return 0;
}

/* ---- the screen ----------------------------------------------------------------------------- */

static void
append_last_line(const struct top *t, const struct terminal *terminal, struct buf *to)
{
	const char *site = t->frame.n_sites > 0 ? t->frame.sites[t->chosen].name : "";
	char line[sizeof(t->message) + AUDIT_NAME_MAX];

	if (t->asking)
		snprintf(line, sizeof(line), "pause site %s? y/n", site);
	else
		snprintf(line, sizeof(line), "%s", t->message[0] == '\0' ? KEYS : t->message);
	table_append_cut(to, slice_from(line), terminal->width);
}

/* Appends as much of a line as fits; escape sequences take no columns. */
static void
append_line(struct buf *to, const char *line, size_t n, int width)
{
	int columns = 0;
	size_t i = 0, len;

	while (i < n) {
		len = line[i] == '\033' ? strcspn(line + i, "m") + 1 : 1;
		if (line[i] != '\033' && ((unsigned char)line[i] & 0xc0) != 0x80)
			columns++;
		if (columns <= width || line[i] == '\033')
			buf_append(to, line + i, len);
		i += len;
	}
	buf_append_literal(to, REST_OF_LINE "\n");
}

/* Draws the lines of the frame that fit, and the line of keys below. */
static int
draw(const struct top *t, struct err *e)
{
	struct terminal terminal;
	struct buf frame, screen;
	const char *line, *end;
	int rc;

	terminal_look(stdout, &terminal);
	buf_init(&frame, TEXT_MAX);
	buf_init(&screen, 2 * TEXT_MAX);
	rc = top_frame_draw(&t->frame, t->chosen, &terminal, &frame, e);
	buf_append_literal(&screen, HOME);
	line = rc == 0 ? frame.p : "";
	for (int i = 0; i < terminal.height - 1; i++) {
		end = strchr(line, '\n');
		append_line(&screen, line, end == NULL ? 0 : (size_t)(end - line), terminal.width);
		line = end == NULL ? line : end + 1;
	}
	append_last_line(t, &terminal, &screen);
	buf_append_literal(&screen, REST_OF_SCREEN);
	if (rc == 0 && screen.failed)
		rc = err_nomem(e);
	if (rc == 0)
		fwrite(screen.p, 1, screen.n, stdout);
	fflush(stdout);
	buf_free(&frame);
	buf_free(&screen);
	return rc;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void
control_site(struct top *t, enum site_control_verb verb)
{
	const char *site = t->frame.sites[t->chosen].name;
	struct outbox_site_control message = {
		.verb = verb,
		.site = site,
		.actor = client_actor(),
	};
	struct act act = { .exchange = &exchange_site_control, .msg = &message.msg };
	struct err e;

	if (client_act(t->config, &act, &e) != 0)
		snprintf(t->message, sizeof(t->message), "%s", e.text);
	else
		snprintf(t->message, sizeof(t->message), "site %s: %s", site,
		    site_control_summary(&message, act.daemon));
}

/* Returns whether to collect the next frame now. */
static bool
obey_letter(struct top *t, char letter)
{
	bool asked = t->asking;

	t->asking = false;
	t->message[0] = '\0';
	if (t->frame.n_sites == 0)
		return false;
	if (asked && letter == 'y')
		control_site(t, SITE_CONTROL_PAUSE);
	else if (letter == 'p')
		t->asking = true;
	else if (letter == 'r')
		control_site(t, SITE_CONTROL_RESUME);
	else if (letter == 'f')
		control_site(t, SITE_CONTROL_FLUSH);
	return !t->asking;
}

static bool
obey(struct top *t, enum key key, char letter)
{
	if (key == KEY_OTHER)
		return obey_letter(t, letter);
	if (key == KEY_NONE)
		return true;
	if (key == KEY_AGAIN)
		return false;
	t->asking = false;
	t->message[0] = '\0';
	if (key == KEY_UP && t->chosen > 0)
		t->chosen--;
	if (key == KEY_DOWN && t->chosen + 1 < t->frame.n_sites)
		t->chosen++;
	return false;
}

static int
run(struct top *t, struct err *e)
{
	char letter = '\0';
	enum key key;
	int rc;

	if (collect(t, e) != 0 || keyboard_begin(e) != 0)
		return -1;
	while ((rc = draw(t, e)) == 0) {
		key = keyboard_wait(t->turn_ms, &letter);
		if (key == KEY_QUIT)
			break;
		if (obey(t, key, letter) && (rc = collect(t, e)) != 0)
			break;
	}
	keyboard_end();
	return rc;
}

/* ---- one frame ------------------------------------------------------------------------------ */

static int
print_once(struct top *t, bool json, struct err *e)
{
	struct terminal terminal;
	struct buf text;
	int rc;

	if (collect(t, e) != 0)
		return -1;
	if (json)
		return verb_print_json(top_frame_json(&t->frame)) == 0 ? 0 : err_nomem(e);
	terminal_look(stdout, &terminal);
	buf_init(&text, TEXT_MAX);
	rc = top_frame_draw(&t->frame, SIZE_MAX, &terminal, &text, e);
	if (rc == 0)
		fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
	return rc;
}

int
verb_top(const struct options *o)
{
	struct terminal terminal;
	struct top t = { .turn_ms = TURN_MS };
	struct config *c;
	struct err e;
	int rc;

	if (verb_open(o, &c, &t.audit) != 0)
		return VERB_ERROR;
	t.config = c;
	terminal_look(stdout, &terminal);
	if (!o->json && terminal.moves && isatty(STDIN_FILENO))
		rc = run(&t, &e);
	else
		rc = print_once(&t, o->json, &e);
	top_frame_clear(&t.frame);
	outbox_audit_close(t.audit);
	config_free(c);
	return rc == 0 ? VERB_DONE : verb_fail(&e);
}
