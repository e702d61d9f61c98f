/*
 * A checksum mixes eight bytes at a time into 64 bits: first the numbers of the row and the lengths
 * of its texts, then the texts. No step loses anything, so a change within one such word is always
 * found, and any other change escapes once in 2^64. The words are little-endian, because a file may
 * move to another machine. A text of 32 bytes or more is mixed in four lanes, which the processor
 * computes at the same time. CRC-32 would find less, and takes nine times as long.
 */
#include "outbox/file/checksum.h"

#include <endian.h>
#include <sqlite3.h>
#include <string.h>

#define FACTOR 0x9e3779b97f4a7c15 /* odd, so that multiplying by it loses nothing */
#define BLOCK 32                  /* bytes: a word for each of four lanes */
#define NO_TEXT UINT64_MAX        /* the length of a text that is NULL */

static uint64_t
add_number(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * FACTOR;
	return sum ^ sum >> 32;
}

/* Adds a number that may be NULL: such numbers are ids and marks, and never 0. */
static uint64_t
add_maybe(uint64_t sum, struct db_int value)
{
	return add_number(sum, value.there ? (uint64_t)value.value : 0);
}

static uint64_t
add_length(uint64_t sum, struct slice text)
{
	return add_number(sum, text.p == NULL ? NO_TEXT : text.n);
}

static uint64_t
word_at(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/* Adds the blocks from p to end. Only the first lane begins with what was added before, so that a
 * change there cannot cancel itself. */
static uint64_t
add_blocks(uint64_t sum, const char *p, const char *end)
{
	uint64_t a = sum, b = 1, c = 2, d = 3;

	for (; p != end; p += BLOCK) {
		a = add_number(a, word_at(p));
		b = add_number(b, word_at(p + 8));
		c = add_number(c, word_at(p + 16));
		d = add_number(d, word_at(p + 24));
	}
	return add_number(add_number(add_number(a, b), c), d);
}

static uint64_t
add_text(uint64_t sum, struct slice text)
{
	size_t blocks = text.n - text.n % BLOCK;
	size_t rest = text.n % sizeof(uint64_t);
	const char *p, *end;
	uint64_t word = 0;

	if (text.n == 0)
		return sum;
	p = text.p + blocks;
	end = text.p + (text.n - rest);
	if (blocks > 0)
		sum = add_blocks(sum, text.p, p);
	for (; p != end; p += sizeof(word))
		sum = add_number(sum, word_at(p));
	if (rest == 0)
		return sum;
	memcpy(&word, end, rest);
	return add_number(sum, le64toh(word));
}

int64_t
checksum_event(const struct stmt_event_add *row)
{
	uint64_t sum = add_number(0, (uint64_t)row->event_id);

	sum = add_number(sum, (uint64_t)row->site_id);
	sum = add_number(sum, (uint64_t)row->occurred_at);
	sum = add_number(sum, (uint64_t)row->received_at);
	sum = add_maybe(sum, row->envelope_id);
	sum = add_maybe(sum, row->provisional);
	sum = add_number(sum, row->browser);
	sum = add_length(sum, row->message_id);
	sum = add_length(sum, row->kind);
	sum = add_length(sum, row->name);
	sum = add_length(sum, row->email);
	sum = add_length(sum, row->body);
	sum = add_text(sum, row->message_id);
	sum = add_text(sum, row->kind);
	sum = add_text(sum, row->name);
	sum = add_text(sum, row->email);
	return (int64_t)add_text(sum, row->body);
}

int64_t
checksum_envelope(const struct stmt_envelope_add *row)
{
	uint64_t sum = add_number(0, (uint64_t)row->envelope_id);

	sum = add_length(sum, row->context);
	sum = add_length(sum, row->integrations);
	sum = add_length(sum, row->sent_at);
	sum = add_text(sum, row->context);
	sum = add_text(sum, row->integrations);
	return (int64_t)add_text(sum, row->sent_at);
}

/* ---- in SQL ---------------------------------------------------------------------------------- */

#define NO_CHECKSUM (-1) /* of a row with a value of a wrong type */

/* The parameters of a call. */
struct arguments {
	sqlite3_value **value;
	bool wrong; /* one has a type that no such row has */
};

static struct db_int
maybe_at(struct arguments *a, int at)
{
	int type = sqlite3_value_type(a->value[at]);

	a->wrong = a->wrong || (type != SQLITE_INTEGER && type != SQLITE_NULL);
	return db_int_if(type == SQLITE_INTEGER, sqlite3_value_int64(a->value[at]));
}

static int64_t
number_at(struct arguments *a, int at)
{
	struct db_int number = maybe_at(a, at);

	a->wrong = a->wrong || !number.there;
	return number.value;
}

static struct slice
text_at(struct arguments *a, int at)
{
	int type = sqlite3_value_type(a->value[at]);
	const char *p;

	a->wrong = a->wrong || (type != SQLITE_TEXT && type != SQLITE_NULL);
	if (type != SQLITE_TEXT)
		return SLICE_NONE;
	/* As a blob, because SQLite copies a text to end it with a zero byte. */
	p = sqlite3_value_blob(a->value[at]);
	return (struct slice){ p != NULL ? p : "", (size_t)sqlite3_value_bytes(a->value[at]) };
}

/* The columns of the table event, in its order. */
enum {
	EVENT_ID,
	SITE_ID,
	MESSAGE_ID,
	KIND,
	NAME,
	EMAIL,
	OCCURRED_AT,
	RECEIVED_AT,
	ENVELOPE_ID,
	BROWSER,
	PROVISIONAL,
	BODY,
	EVENT_COLUMNS
};

static void
event_checksum(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct arguments a = { .value = value };
	struct stmt_event_add row = {
		.event_id = number_at(&a, EVENT_ID),
		.site_id = number_at(&a, SITE_ID),
		.message_id = text_at(&a, MESSAGE_ID),
		.kind = text_at(&a, KIND),
		.name = text_at(&a, NAME),
		.email = text_at(&a, EMAIL),
		.occurred_at = number_at(&a, OCCURRED_AT),
		.received_at = number_at(&a, RECEIVED_AT),
		.envelope_id = maybe_at(&a, ENVELOPE_ID),
		.browser = number_at(&a, BROWSER) != 0,
		.provisional = maybe_at(&a, PROVISIONAL),
		.body = text_at(&a, BODY),
		.checksum = 0,
	};

	(void)n;
	a.wrong = a.wrong || row.kind.p == NULL;
	sqlite3_result_int64(context, a.wrong ? NO_CHECKSUM : checksum_event(&row));
}

static void
envelope_checksum(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct arguments a = { .value = value };
	struct stmt_envelope_add row = {
		.envelope_id = number_at(&a, 0),
		.context = text_at(&a, 1),
		.integrations = text_at(&a, 2),
		.sent_at = text_at(&a, 3),
		.checksum = 0,
	};

	(void)n;
	sqlite3_result_int64(context, a.wrong ? NO_CHECKSUM : checksum_envelope(&row));
}

static void
changed_checksum(sqlite3_context *context, int n, sqlite3_value **value)
{
	(void)n;
	sqlite3_result_int64(context, sqlite3_value_int64(value[0]) ^ sqlite3_value_int64(value[1])
					  ^ sqlite3_value_int64(value[2]));
}

int
checksum_register(sqlite3 *handle)
{
	static const struct {
		const char *name;
		int parameters;
		void (*call)(sqlite3_context *context, int n, sqlite3_value **value);
	} functions[] = {
		{ "event_checksum", EVENT_COLUMNS, event_checksum },
		{ "envelope_checksum", 4, envelope_checksum },
		{ "changed_checksum", 3, changed_checksum },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(functions) / sizeof(*functions); i++)
		rc = sqlite3_create_function_v2(handle, functions[i].name, functions[i].parameters,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, functions[i].call, NULL, NULL, NULL);
	return rc;
}
