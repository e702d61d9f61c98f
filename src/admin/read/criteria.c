/* Each parameter has the meaning of the option of the same name. Lists have commas. */
#include "admin/read/criteria.h"

#include <inttypes.h>
#include <string.h>

#include "base/isotime.h"
#include "base/number.h"

static int
parse_status(struct slice word)
{
	enum event_status status;

	return status_parse(word, &status) == 0 ? (int)status : -1;
}

static int
parse_kind(struct slice word)
{
	enum event_kind kind = kind_parse(word);

	return slice_equals(word, slice_from(kind_name(kind))) ? (int)kind : -1;
}

/* Reads words between commas into a set of bits. */
static int
read_set(const struct params *p, const char *name, int (*parse)(struct slice), unsigned *ret_set,
    struct err *e)
{
	const char *text = params_get(p, name), *end;

	for (; text != NULL; text = *end == ',' ? end + 1 : NULL) {
		int bit;

		end = strchrnul(text, ',');
		bit = parse((struct slice){ text, (size_t)(end - text) });
		if (bit < 0)
			return err_set(e, ERR_INPUT, "%s cannot be \"%.*s\"", name,
			    end - text < 40 ? (int)(end - text) : 40, text);
		*ret_set |= 1u << bit;
	}
	return 0;
}

/* A time is ISO 8601, or wall ms. */
static int
read_time(const struct params *p, const char *name, int64_t *ret_at, struct err *e)
{
	const char *text = params_get(p, name);

	if (text == NULL || number_parse(text, 1, INT64_MAX, ret_at) == 0
	    || (isotime_parse(slice_from(text), ret_at) == 0 && *ret_at > 0))
		return 0;
	return err_set(e, ERR_INPUT,
	    "%s must be milliseconds since 1970, or a time like 2026-08-01T12:34:56Z", name);
}

static int
read_ids(const struct params *p, struct outbox_filter *f, struct err *e)
{
	const char *text = params_get(p, "id"), *end;
	char word[24];
	int64_t id;

	for (; text != NULL; text = *end == ',' ? end + 1 : NULL) {
		size_t n = (size_t)((end = strchrnul(text, ',')) - text);

		if (n >= sizeof(word))
			n = 0;
		memcpy(word, text, n);
		word[n] = '\0';
		if (number_parse(word, 1, INT64_MAX, &id) != 0)
			return err_set(
			    e, ERR_INPUT, "id must be whole numbers from 1 to %" PRId64, INT64_MAX);
		if (outbox_filter_add_id(f, id, e) != 0)
			return err_wrap(e, "id");
	}
	return 0;
}

int
criteria_parse(const struct params *p, struct outbox_filter *f, struct err *e)
{
	static const char *const texts[FILTER_TEXTS] = {
		[FILTER_MESSAGE_ID] = "message_id",
		[FILTER_REASON] = "reason",
		[FILTER_NAME] = "name",
		[FILTER_EMAIL] = "email",
		[FILTER_ERROR] = "error",
		[FILTER_SITE] = "site",
		[FILTER_VIA] = "via",
	};
	int64_t http_status = 0;

	for (size_t i = 0; i < FILTER_TEXTS; i++) {
		const char *value = params_get(p, texts[i]);

		if (value != NULL && outbox_filter_set_text(f, (enum filter_text)i, value, e) != 0)
			return err_wrap(e, "%s", texts[i]);
	}
	if (read_ids(p, f, e) != 0 || read_set(p, "status", parse_status, &f->statuses, e) != 0
	    || read_set(p, "kind", parse_kind, &f->kinds, e) != 0
	    || read_time(p, "since", &f->since, e) != 0 || read_time(p, "until", &f->until, e) != 0
	    || params_number(p, "http_status", 100, 599, &http_status, e) != 0)
		return -1;
	f->http_status = (int)http_status;
	return 0;
}
