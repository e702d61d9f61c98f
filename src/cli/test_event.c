/*
 * Makes a track event from options, or reads one from a file. Fails with ERR_INPUT when the options
 * do not name one event.
 */
#include "cli/test_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/isotime.h"
#include "base/rand.h"
#include "config/keys/secret.h"
#include "event/json/json.h"

static int
read_input(struct buf *to, struct err *e)
{
	char chunk[4096];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0)
		buf_append(to, chunk, n);
	if (ferror(stdin))
		return err_set(e, ERR_SYSTEM, "cannot read standard input");
	return to->failed
		   ? err_set(e, ERR_LIMIT, "the event is longer than %d bytes", TEST_EVENT_MAX)
		   : 0;
}

int
test_event_read(const char *path, struct buf *to, struct err *e)
{
	char *text;

	if (strcmp(path, "-") == 0)
		return read_input(to, e);
	if (secret_read_text(path, TEST_EVENT_MAX, &text, e) != 0)
		return -1;
	buf_append(to, text, strlen(text));
	free(text);
	return to->failed ? err_nomem(e) : 0;
}

static int
append_message_id(struct buf *to, struct err *e)
{
	unsigned char id[12];

	if (rand_system(id, sizeof(id), e) != 0)
		return -1;
	buf_append_literal(to, "\"test-");
	encode_hex(to, id, sizeof(id));
	buf_append_byte(to, '"');
	return 0;
}

/* Whole numbers, true and false become such JSON values; any other text becomes a string. */
static bool
is_plain_value(const char *text)
{
	size_t n = strlen(text), digits = strspn(text, "0123456789");

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return true;
	return n > 0 && n == digits && n < 16 && (text[0] != '0' || n == 1);
}

static void
append_properties(const struct options *o, struct buf *to)
{
	for (size_t i = 0; i < o->n_properties; i++) {
		const char *equals = strchr(o->property[i], '=');

		if (i > 0)
			buf_append_byte(to, ',');
		json_string_append(
		    to, (struct slice){ o->property[i], (size_t)(equals - o->property[i]) });
		buf_append_byte(to, ':');
		if (is_plain_value(equals + 1))
			buf_append(to, equals + 1, strlen(equals + 1));
		else
			json_string_append(to, slice_from(equals + 1));
	}
}

static int
make(const struct options *o, int64_t now, struct buf *to, struct err *e)
{
	char when[ISOTIME_SIZE];

	isotime_format(now, when);
	buf_append_literal(to, "{\"type\":\"track\",\"event\":");
	json_string_append(to, slice_from(o->event_name));
	buf_append_literal(to, ",\"messageId\":");
	if (append_message_id(to, e) != 0)
		return -1;
	buf_printf(to, ",\"timestamp\":\"%s\",\"context\":{\"traits\":{\"email\":", when);
	json_string_append(to, slice_from(o->event_email));
	buf_append_literal(to, "}},\"properties\":{");
	append_properties(o, to);
	buf_append_literal(to, "}}");
	return to->failed ? err_nomem(e) : 0;
}

int
test_event_make(const struct options *o, int64_t now, struct buf *to, struct err *e)
{
	bool described = o->event_name != NULL || o->event_email != NULL || o->n_properties > 0;

	if (o->event != NULL && described)
		return err_set(e, ERR_INPUT, "give either --event FILE or --name and --email");
	if (o->event != NULL)
		return test_event_read(o->event, to, e);
	if (o->event_name == NULL || o->event_email == NULL)
		return err_set(e, ERR_INPUT, "give --name and --email, or --event FILE");
	return make(o, now, to, e);
}
