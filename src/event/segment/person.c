/*
 * The address and the names of the person an event is about, from the places where clients put
 * them, by rank. An event without a usable address gets none; only a full scratch buffer is an
 * error.
 */
#include "event/segment/person.h"

#define EMAIL_MIN 3
#define EMAIL_MAX 254
/* Every byte of an address can be written as \u00XX. */
#define RAW_EMAIL_MAX (6 * EMAIL_MAX + 2)

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

bool
person_email_is_valid(struct slice email)
{
	const char *at, *domain, *dot;
	size_t n;

	if (email.p == NULL || email.n < EMAIL_MIN || email.n > EMAIL_MAX)
		return false;
	at = memchr(email.p, '@', email.n);
	if (at == NULL || at == email.p)
		return false;
	domain = at + 1;
	n = (size_t)(email.p + email.n - domain);
	if (n < 3 || memchr(domain, '@', n) != NULL || domain[0] == '.' || domain[n - 1] == '.')
		return false;
	dot = memchr(domain, '.', n);
	if (dot == NULL)
		return false;
	for (size_t i = 0; i < email.n; i++) {
		if ((unsigned char)email.p[i] <= ' ' || email.p[i] == 0x7f)
			return false;
	}
	return true;
}

/* 1: value is an address; 0: it is none; -1: scratch is full. */
static int
take_address(const struct json_value *value, struct buf *scratch, struct slice *ret_email)
{
	size_t before = scratch->n;
	struct slice email;

	if (value->type != JSON_STRING || value->raw.n > RAW_EMAIL_MAX)
		return 0;
	if (json_string_decode(value->raw, scratch, &email) != 0)
		return -1;
	if (person_email_is_valid(email)) {
		*ret_email = email;
		return 1;
	}
	if (scratch->n != before)
		buf_truncate(scratch, before);
	return 0;
}

/* A name is a string that is not empty, as raw JSON. */
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

int
person_find(const struct person_sources *sources, struct buf *scratch, struct person *ret_person)
{
	struct person person = { .where = PERSON_NOBODY };
	int found = 0;

	for (unsigned i = 0; i < PERSON_PLACES && found == 0; i++) {
		found = take_address(&sources->place[i].email, scratch, &person.email);
		if (found > 0) {
			person.where = (enum person_where)i;
			take_names(&sources->place[i], &person);
		}
	}
	if (found == 0) {
		found = take_address(&sources->user_id, scratch, &person.email);
		if (found > 0)
			person.where = PERSON_USER_ID;
		take_names_of_traits(sources, &person);
	}
	if (found < 0)
		return -1;
	*ret_person = person;
	return 0;
}
