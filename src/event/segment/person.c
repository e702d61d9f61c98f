/*
 * Finds the address and the names of the person that an event is about, in the places where clients
 * put them, by rank. An event without a usable address gets none; only a full scratch buffer is an
 * error.
 */
#include "event/segment/person.h"

#include <string.h>

#include "base/utf8.h"
#include "event/segment/address.h"
#include "event/segment/invisible.h"

#define EMAIL_MIN 3
#define EMAIL_MAX 254
#define RAW_EMAIL_MAX 2000 /* bytes of an address as sent, with escapes and a name before it */

_Static_assert(RAW_EMAIL_MAX <= PERSON_SCRATCH_MAX, "an address must fit");

void
person_place_file(struct person_place *place, enum event_key key, const struct json_value *value)
{
	if (key == KEY_EMAIL)
		place->email = *value;
	else if (key == KEY_FIRST_NAME)
		place->first_name = *value;
	else if (key == KEY_LAST_NAME)
		place->last_name = *value;
	else if (key == KEY_FIRST_NAME_SNAKE)
		place->first_name_snake = *value;
	else if (key == KEY_LAST_NAME_SNAKE)
		place->last_name_snake = *value;
	else if (key == KEY_NAME)
		place->name = *value;
}

void
person_place_take(struct person_place *place, struct slice raw_key, const struct json_value *value)
{
	person_place_file(place, event_key(raw_key), value);
}

#define BIT(c) (UINT64_C(1) << ((c)&63))

/* A bit for each ASCII character that is invisible, or allowed in an address only within quotes. */
static const uint64_t strange_ascii[2] = {
	/* the controls and */ UINT64_C(0xffffffff) | BIT(' ') | BIT('"') | BIT('(') | BIT(')')
	    | BIT(',') | BIT(':') | BIT(';') | BIT('<') | BIT('>'),
	BIT('[') | BIT('\\') | BIT(']') | BIT(0x7f),
};

static inline bool
is_strange_ascii(unsigned char c)
{
	return (strange_ascii[c >> 6] >> (c & 63) & 1) != 0;
}

/* Whether the address has two dots in a row, or a strange character; for any address. */
static bool
is_malformed_text(struct slice email)
{
	unsigned code = 0, before;

	while (email.n > 0) {
		before = code;
		code = utf8_next(&email);
		if (code < 0x80 ? is_strange_ascii((unsigned char)code)
				: code == 0xfffd || code_is_invisible(code))
			return true;
		if (code == '.' && before == '.')
			return true;
	}
	return false;
}

/* The same; nearly all addresses are ASCII. */
static bool
is_malformed(struct slice email)
{
	unsigned char before = 0;

	for (size_t i = 0; i < email.n; i++) {
		unsigned char c = (unsigned char)email.p[i];

		if (c >= 0x80)
			return is_malformed_text(email);
		if (is_strange_ascii(c) || (c == '.' && before == '.'))
			return true;
		before = c;
	}
	return false;
}

bool
person_email_is_valid(struct slice email)
{
	const char *at, *domain;
	size_t n;

	if (email.p == NULL || email.n < EMAIL_MIN || email.n > EMAIL_MAX)
		return false;
	at = memchr(email.p, '@', email.n);
	if (at == NULL || at == email.p || email.p[0] == '.' || at[-1] == '.')
		return false;
	domain = at + 1;
	n = (size_t)(email.p + email.n - domain);
	if (n < 3 || memchr(domain, '@', n) != NULL || domain[0] == '.' || domain[n - 1] == '.')
		return false;
	return memchr(domain, '.', n) != NULL && memchr(domain, '\'', n) == NULL
	       && !is_malformed(email);
}

/* Returns the text in scratch, where it can be changed; copies it when it is not there yet.
 * Reserves all room, so that scratch does not move later and slices into it stay valid. */
static char *
copy_address(struct slice text, struct buf *scratch)
{
	char *copy;

	if (text.p >= scratch->p && scratch->n > 0 && text.p < scratch->p + scratch->n)
		return scratch->p + (text.p - scratch->p);
	if (buf_reserve(scratch, scratch->max - scratch->n) == NULL
	    || scratch->max - scratch->n < text.n)
		return NULL;
	copy = scratch->p + scratch->n;
	buf_append_slice(scratch, text);
	return copy;
}

int
person_read_address(const struct json_value *value, struct buf *scratch, struct slice *ret_email)
{
	size_t before = scratch->n;
	struct slice email;
	char *copy;

	if (value->type != JSON_STRING || value->raw.n > RAW_EMAIL_MAX)
		return 0;
	if (json_string_decode(value->raw, scratch, &email) != 0)
		return -1;
	if (person_email_is_valid(email)) {
		*ret_email = email;
		return 1;
	}
	if (email.n > 0 && memchr(email.p, '@', email.n) != NULL) {
		copy = copy_address(email, scratch);
		if (copy == NULL)
			return -1;
		email = address_clean(copy, email.n);
		if (person_email_is_valid(email)) {
			*ret_email = email;
			return 1;
		}
	}
	if (scratch->n != before)
		buf_truncate(scratch, before);
	return 0;
}

/* Returns the first name that is a string and not empty, as raw JSON. */
static struct slice
name_of(const struct json_value *first, const struct json_value *second)
{
	if (first->type == JSON_STRING && first->raw.n > 2)
		return first->raw;
	if (second->type == JSON_STRING && second->raw.n > 2)
		return second->raw;
	return SLICE_NONE;
}

static void
take_names(const struct person_place *place, struct person *person)
{
	person->first_name = name_of(&place->first_name, &place->first_name_snake);
	person->last_name = name_of(&place->last_name, &place->last_name_snake);
}

static void
take_names_of_traits(const struct person_sources *sources, struct person *person)
{
	take_names(&sources->place[PERSON_CONTEXT_TRAITS], person);
	if (person->first_name.p == NULL && person->last_name.p == NULL)
		take_names(&sources->place[PERSON_BATCH_TRAITS], person);
}

/* Uses a userId that looks like an address. */
static int
guess_address(const struct json_value *user_id, struct buf *scratch, struct slice *ret_email)
{
	size_t before = scratch->n;
	int found = person_read_address(user_id, scratch, ret_email);

	if (found <= 0 || address_may_be_guessed(*ret_email))
		return found;
	if (scratch->n != before)
		buf_truncate(scratch, before);
	*ret_email = SLICE_NONE;
	return 0;
}

int
person_find(const struct person_sources *sources, struct buf *scratch, struct person *ret_person)
{
	struct person person = { .where = PERSON_NOBODY };
	int found = 0;

	for (unsigned i = 0; i < PERSON_PLACES && found == 0; i++) {
		const struct json_value *value = &sources->place[i].email;

		if (value->type != JSON_STRING)
			continue;
		found = person_read_address(value, scratch, &person.email);
		person.is_invalid |= found == 0 && !event_string_is_blank(value->raw);
		if (found > 0) {
			person.where = (enum person_where)i;
			take_names(&sources->place[i], &person);
		}
	}
	if (found == 0) {
		found = guess_address(&sources->user_id, scratch, &person.email);
		if (found > 0)
			person.where = PERSON_USER_ID;
		take_names_of_traits(sources, &person);
	}
	if (found < 0)
		return -1;
	*ret_person = person;
	return 0;
}
