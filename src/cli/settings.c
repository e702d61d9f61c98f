#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>

#include "cli/address.h"

#define MASK "********"
#define TEXT_MAX 8192 /* bytes of one value */

#define TOP(field) SECTION_TOP, .offset = offsetof(struct config, field), .name = #field
#define INGEST(field)                                                                              \
	SECTION_INGEST, .offset = offsetof(struct config_ingest, field), .name = #field
#define SITE(field) SECTION_SITE, .offset = offsetof(struct config_site, field), .name = #field

#define TEXT(text) .type = SETTING_TEXT, .fallback = (text)
#define NUMBER(value, from, to)                                                                    \
	.type = SETTING_NUMBER, .fallback = (value), .min = (from), .max = (to)
#define SECONDS(value, from_ms, to_ms)                                                             \
	.type = SETTING_SECONDS, .fallback = (value), .min = (from_ms), .max = (to_ms)
#define SWITCH(value) .type = SETTING_SWITCH, .fallback = (value)
#define LIST(item) .type = SETTING_LIST, .fallback = (item)

static int check_not_empty(const char *text, struct err *e);
static int check_partial(const char *text, struct err *e);
static int check_ambiguous(const char *text, struct err *e);
static int check_maybe_delivered(const char *text, struct err *e);

/* clang-format off */
const struct setting settings[] = {
	{ TOP(database), TEXT("/var/lib/bentospool/spool.db"), .check = check_not_empty,
	  .help = "the SQLite file; its folder must exist and be writable" },
	{ TOP(control), TEXT(""),
	  .help = "unix socket for requeue, status and send; empty: the database's name and .sock" },
	{ TOP(min_free), NUMBER("67108864", 0, INT64_C(1) << 50),
	  .help = "bytes of free disk space below which new events are refused" },
	{ TOP(stop_deadline), SECONDS("10", 0, 3600000),
	  .help = "seconds that requests under way may still take when the daemon stops" },
	{ TOP(alarm_command), LIST(NULL), .check = check_not_empty,
	  .help = "a program and its arguments, run when a site pauses or resumes, or storage fails" },

	{ INGEST(listen), LIST("127.0.0.1:7300"), .check = address_check_listen,
	  .help = "addresses that applications post to; also [IPv6]:PORT and unix:/path" },
	{ INGEST(max_body), NUMBER("4194304", 1024, 268435456),
	  .help = "bytes of one request's body, after unpacking" },
	{ INGEST(max_event), NUMBER("32768", 256, 268435456),
	  .help = "bytes of one event; a larger one is kept as invalid and not sent" },
	{ INGEST(max_message_id), NUMBER("100", 36, 65536),
	  .help = "characters of a messageId; an event with a longer one is kept as invalid" },
	{ INGEST(max_header_bytes), NUMBER("16384", 1024, 1048576),
	  .help = "bytes of a request's first line and headers" },
	{ INGEST(max_headers), NUMBER("100", 8, 10000),
	  .help = "headers of one request" },
	{ INGEST(max_connections), NUMBER("512", 1, 100000),
	  .help = "connections at one time, over all addresses" },
	{ INGEST(max_buffered), NUMBER("33554432", 1024, INT64_C(1) << 40),
	  .help = "bytes of bodies held in memory at one time, over all connections" },
	{ INGEST(request_timeout), SECONDS("30", 100, 3600000),
	  .help = "seconds from a request's first byte to its last" },
	{ INGEST(idle_timeout), SECONDS("60", 100, 86400000),
	  .help = "seconds that a connection may stay open without a request" },

	{ SITE(site_uuid), TEXT(""),
	  .help = "siteUuid of the Segment function" },
	{ SITE(publishable_key), TEXT(""), .secret = true,
	  .help = "publishableKey of the Segment function" },
	{ SITE(publishable_key_file), TEXT(""),
	  .help = "a file that holds it, instead" },
	{ SITE(secret_key), TEXT(""), .secret = true,
	  .help = "secretKey of the Segment function; better in a file" },
	{ SITE(secret_key_file), TEXT(""),
	  .help = "a file that holds it, instead; mode 0600" },
	{ SITE(write_keys), LIST(NULL), .secret = true, .check = check_not_empty,
	  .help = "keys that applications post with; empty: any, with one site and on this machine only" },
	{ SITE(write_keys_file), TEXT(""),
	  .help = "a file that holds more of them, one a line, # comments; mode 0600" },
	{ SITE(allow_origins), LIST(NULL), .check = check_not_empty,
	  .help = "browser origins that may post without a write key, such as https://shop.example" },
	{ SITE(api_url), TEXT("https://app.bentonow.com/api/v1"), .check = address_check_url,
	  .help = "where Bento is; http:// to loopback addresses only" },
	{ SITE(ca_file), TEXT(""),
	  .help = "certificates to trust, PEM; empty: the system's" },
	{ SITE(batch_events), NUMBER("100", 1, 1000),
	  .help = "events in one request to Bento" },
	{ SITE(batch_bytes), NUMBER("1000000", 1000, 16000000),
	  .help = "bytes of one request to Bento" },
	{ SITE(requests_per_minute), NUMBER("60", 0, 100000),
	  .help = "requests to Bento in a minute, evenly spaced; 0: no limit" },
	{ SITE(concurrency), NUMBER("1", 1, 64),
	  .help = "requests to Bento under way at one time" },
	{ SITE(timeout), SECONDS("30", 100, 600000),
	  .help = "seconds for one request to Bento" },
	{ SITE(retry_first), SECONDS("5", 10, 3600000),
	  .help = "seconds to wait after the first failure; then longer each time, with jitter" },
	{ SITE(retry_max), SECONDS("3600", 10, 86400000),
	  .help = "seconds to wait at most" },
	{ SITE(max_attempts), NUMBER("20", 0, 1000000),
	  .help = "failures of an event itself, not outages, until it has failed; 0: never" },
	{ SITE(max_age), SECONDS("0", 0, INT64_C(315360000000)),
	  .help = "seconds after which an event that was not delivered has failed; 0: never" },
	{ SITE(all_refused), NUMBER("25", 0, 1000000),
	  .help = "events refused one after another, none accepted, that pause the site; 0: never" },
	{ SITE(partial), TEXT("split"), .check = check_partial,
	  .help = "when Bento fails some of a batch: split it if unique keys allow that, or hold it" },
	{ SITE(ambiguous), TEXT("retry"), .check = check_ambiguous,
	  .help = "when a success cannot be read: retry, delivered or hold" },
	{ SITE(maybe_delivered), TEXT("hold"), .check = check_maybe_delivered,
	  .help = "an event refused that Bento may have already: hold or fail" },
	{ SITE(unique_key), SWITCH("true"),
	  .help = "details.unique.key = messageId, unless the event has one: lets Bento drop repeats" },
	{ SITE(send_date), SWITCH("true"),
	  .help = "date = when it happened, so that late events are dated right" },
	{ .name = NULL },
};
/* clang-format on */

static int
check_not_empty(const char *text, struct err *e)
{
	return text[0] != '\0' ? 0 : err_set(e, ERR_INPUT, "must not be empty");
}

static int
check_partial(const char *text, struct err *e)
{
	bool good = strcmp(text, "split") == 0 || strcmp(text, "hold") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"split\" or \"hold\"");
}

static int
check_ambiguous(const char *text, struct err *e)
{
	bool good = strcmp(text, "retry") == 0 || strcmp(text, "delivered") == 0
		    || strcmp(text, "hold") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"retry\", \"delivered\" or \"hold\"");
}

static int
check_maybe_delivered(const char *text, struct err *e)
{
	bool good = strcmp(text, "hold") == 0 || strcmp(text, "fail") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"hold\" or \"fail\"");
}

const struct setting *
setting_find(enum setting_section section, const char *name)
{
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == section && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

void *
setting_base(struct config *c, enum setting_section section)
{
	switch (section) {
	case SECTION_TOP:
		return c;
	case SECTION_INGEST:
		return &c->ingest;
	case SECTION_SITE:
		return c->sites;
	}
	return NULL;
}

/* ---- reading ---------------------------------------------------------------------------------*/

/* Digits, and up to `decimals` more behind a point; the value times 10^decimals. */
static int
read_decimal(const char *p, int decimals, int64_t *ret_value)
{
	const int64_t limit = INT64_MAX / 10 - 1;
	int64_t value = 0;
	bool point = false, digit = false;

	for (; *p != '\0'; p++) {
		if (*p == '.' && !point && decimals > 0 && digit) {
			point = true;
			digit = false;
			continue;
		}
		if (*p < '0' || *p > '9' || value > limit || (point && decimals-- == 0))
			return -1;
		value = value * 10 + (*p - '0');
		digit = true;
	}
	for (; decimals > 0; decimals--) {
		if (value > limit)
			return -1;
		value *= 10;
	}
	*ret_value = value;
	return digit ? 0 : -1;
}

static int
read_number(const struct setting *s, const char *text, int64_t *ret_value)
{
	int decimals = s->type == SETTING_SECONDS ? 3 : 0;

	if (read_decimal(text, decimals, ret_value) != 0)
		return -1;
	return *ret_value >= s->min && *ret_value <= s->max ? 0 : -1;
}

static int
read_switch(const char *text, bool *ret_value)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "on") == 0;
	bool no = strcmp(text, "false") == 0 || strcmp(text, "no") == 0 || strcmp(text, "off") == 0;

	*ret_value = yes;
	return yes || no ? 0 : -1;
}

static void
print_seconds(int64_t ms, struct buf *to)
{
	buf_printf(to, "%lld", (long long)(ms / 1000));
	if (ms % 1000 != 0) {
		buf_printf(to, ".%03d", (int)(ms % 1000));
		while (to->n > 0 && to->p[to->n - 1] == '0')
			buf_truncate(to, to->n - 1);
	}
}

void
setting_allowed(const struct setting *s, struct buf *to)
{
	switch (s->type) {
	case SETTING_TEXT:
		buf_append_literal(to, "a text");
		return;
	case SETTING_NUMBER:
		buf_printf(
		    to, "a whole number from %lld to %lld", (long long)s->min, (long long)s->max);
		return;
	case SETTING_SECONDS:
		buf_append_literal(to, "a number of seconds from ");
		print_seconds(s->min, to);
		buf_append_literal(to, " to ");
		print_seconds(s->max, to);
		return;
	case SETTING_SWITCH:
		buf_append_literal(to, "true or false");
		return;
	case SETTING_LIST:
		buf_append_literal(to, "a list of texts: {\"...\", \"...\"}");
		return;
	}
}

static int
refuse(const struct setting *s, const char *text, struct err *e)
{
	struct buf allowed;

	buf_init(&allowed, 256);
	setting_allowed(s, &allowed);
	err_set(e, ERR_INPUT, "%s must be %s, not \"%.64s\"", s->name, allowed.p, text);
	buf_free(&allowed);
	return -1;
}

static int
check_text(const struct setting *s, const char *text, struct err *e)
{
	if (strlen(text) > TEXT_MAX)
		return err_set(e, ERR_INPUT, "%s is longer than %d bytes", s->name, TEXT_MAX);
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(
			    e, ERR_INPUT, "%s must not hold control characters", s->name);
	if (s->check != NULL && s->check(text, e) != 0) {
		if (s->secret || e == NULL || text[0] == '\0')
			return err_wrap(e, "%s", s->name);
		return err_wrap(e, "%s = \"%.128s\"", s->name, text);
	}
	return 0;
}

int
setting_check(const struct setting *s, const char *text, struct err *e)
{
	int64_t number;
	bool yes;

	switch (s->type) {
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		return read_number(s, text, &number) == 0 ? 0 : refuse(s, text, e);
	case SETTING_SWITCH:
		return read_switch(text, &yes) == 0 ? 0 : refuse(s, text, e);
	case SETTING_TEXT:
	case SETTING_LIST:
		return check_text(s, text, e);
	}
	return 0;
}

/* ---- values --------------------------------------------------------------------------------- */

static void *
field(const struct setting *s, void *base)
{
	return (char *)base + s->offset;
}

static const void *
field_const(const struct setting *s, const void *base)
{
	return (const char *)base + s->offset;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static int
store_text(char **slot, const char *text, struct err *e)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return err_nomem(e);
	wipe(*slot);
	*slot = copy;
	return 0;
}

static int
add_item(struct config_list *list, const char *text, struct err *e)
{
	char **grown = realloc(list->item, (list->n + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_nomem(e);
	list->item = grown;
	list->item[list->n] = strdup(text);
	if (list->item[list->n] == NULL)
		return err_nomem(e);
	list->n++;
	return 0;
}

static int
store_number(const struct setting *s, int64_t *slot, const char *text, struct err *e)
{
	int64_t value;

	if (read_number(s, text, &value) != 0)
		return refuse(s, text, e);
	*slot = value;
	return 0;
}

int
setting_store(const struct setting *s, void *base, const char *text, struct err *e)
{
	switch (s->type) {
	case SETTING_TEXT:
		return store_text(field(s, base), text, e);
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		return store_number(s, field(s, base), text, e);
	case SETTING_SWITCH:
		return read_switch(text, field(s, base)) == 0 ? 0 : refuse(s, text, e);
	case SETTING_LIST:
		return add_item(field(s, base), text, e);
	}
	return 0;
}

void
setting_clear(const struct setting *s, void *base)
{
	if (s->type == SETTING_TEXT) {
		char **slot = field(s, base);

		wipe(*slot);
		*slot = NULL;
	}
	if (s->type == SETTING_LIST) {
		struct config_list *list = field(s, base);

		for (size_t i = 0; i < list->n; i++)
			wipe(list->item[i]);
		free(list->item);
		*list = (struct config_list){ 0 };
	}
}

int
setting_default(const struct setting *s, void *base, struct err *e)
{
	setting_clear(s, base);
	return s->fallback == NULL ? 0 : setting_store(s, base, s->fallback, e);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void
print_quoted(const struct setting *s, const char *text, struct buf *to)
{
	buf_append_byte(to, '"');
	for (const char *p = s->secret && text[0] != '\0' ? MASK : text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			buf_append_byte(to, '\\');
		buf_append_byte(to, *p);
	}
	buf_append_byte(to, '"');
}

static void
print_list(const struct setting *s, const struct config_list *list, struct buf *to)
{
	buf_append_byte(to, '{');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_append_literal(to, ", ");
		print_quoted(s, list->item[i], to);
	}
	buf_append_byte(to, '}');
}

void
setting_print(const struct setting *s, const void *base, struct buf *to)
{
	const void *value = field_const(s, base);

	switch (s->type) {
	case SETTING_TEXT:
		print_quoted(s, *(char *const *)value, to);
		return;
	case SETTING_NUMBER:
		buf_printf(to, "%lld", (long long)*(const int64_t *)value);
		return;
	case SETTING_SECONDS:
		print_seconds(*(const int64_t *)value, to);
		return;
	case SETTING_SWITCH:
		buf_printf(to, "%s", *(const bool *)value ? "true" : "false");
		return;
	case SETTING_LIST:
		print_list(s, value, to);
		return;
	}
}

static bool
list_is_default(const struct setting *s, const struct config_list *list)
{
	if (s->fallback == NULL)
		return list->n == 0;
	return list->n == 1 && strcmp(list->item[0], s->fallback) == 0;
}

bool
setting_is_default(const struct setting *s, const void *base)
{
	const void *value = field_const(s, base);
	int64_t number = 0;
	bool yes = false;

	switch (s->type) {
	case SETTING_TEXT:
		return strcmp(*(char *const *)value, s->fallback) == 0;
	case SETTING_NUMBER:
	case SETTING_SECONDS:
		read_number(s, s->fallback, &number);
		return *(const int64_t *)value == number;
	case SETTING_SWITCH:
		read_switch(s->fallback, &yes);
		return *(const bool *)value == yes;
	case SETTING_LIST:
		return list_is_default(s, value);
	}
	return false;
}
