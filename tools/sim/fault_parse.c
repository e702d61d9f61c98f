/* The language of fault specifications. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "sim/fault.h"

enum word_kind {
	WORD_FLAG,
	WORD_NUMBER,
	WORD_DECIMAL, /* stored multiplied by scale */
	WORD_CHOICE,  /* stored as the position in the list, from 1 */
	WORD_TEXT
};

struct word {
	const char *name;
	enum word_kind kind;
	size_t offset; /* in struct fault */
	int64_t min, max;
	int64_t scale;
	const char *choices[9]; /* in the order of the enum, from its second value */
};

#define AT(member) offsetof(struct fault, member)
#define WHOLE(name, member, min, max)                                                              \
	{                                                                                          \
		name, WORD_NUMBER, AT(member), min, max, 1,                                        \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}
#define DECIMAL(name, member, max, scale)                                                          \
	{                                                                                          \
		name, WORD_DECIMAL, AT(member), 0, max, scale,                                     \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}
#define FLAG(name, member)                                                                         \
	{                                                                                          \
		name, WORD_FLAG, AT(member), 0, 0, 0,                                              \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}
#define TEXT(name, member)                                                                         \
	{                                                                                          \
		name, WORD_TEXT, AT(member), 0, 0, 0,                                              \
		{                                                                                  \
			NULL                                                                       \
		}                                                                                  \
	}
#define CHOICE(name, member, ...)                                                                  \
	{                                                                                          \
		name, WORD_CHOICE, AT(member), 0, 0, 0,                                            \
		{                                                                                  \
			__VA_ARGS__, NULL                                                          \
		}                                                                                  \
	}

static const struct word words[] = {
	WHOLE("after", after, 0, 1000000000),
	WHOLE("every", every, 1, 1000000000),
	WHOLE("count", count, 1, 1000000000),
	DECIMAL("chance", chance, 100, 10000),
	DECIMAL("from", from, 10000000, 1000),
	DECIMAL("to", to, 10000000, 1000),
	TEXT("path", path),
	WHOLE("status", status, 200, 599),
	FLAG("accept", accept),
	WHOLE("retry-after", retry_after, 0, 100000000),
	WHOLE("retry-after-date", retry_after_date, 0, 100000000),
	CHOICE("body", body, "error", "errors", "message", "text", "html", "empty", "results",
	    "author"),
	TEXT("location", location),
	CHOICE("reset", reset, "connect", "before-body", "after-body", "after-accept"),
	WHOLE("truncate", truncate, 0, 1000000),
	WHOLE("delay", delay, 0, 3600000),
	WHOLE("partial", partial, 1, 1000000),
	TEXT("refuse", refuse),
	CHOICE("mode", mode, "batch"),
	FLAG("close", close),
	FLAG("down", down),
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static int
unknown_word(struct slice name, struct err *e)
{
	struct buf list;

	buf_init(&list, 400);
	for (size_t i = 0; i < WORDS; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : " ", words[i].name);
	err_set(e, ERR_INPUT, "unknown word \"%.*s\"; the words are: %s html", (int)name.n, name.p,
	    buf_slice(&list).p);
	buf_free(&list);
	return -1;
}

static int
parse_choice(const struct word *w, const char *value, int64_t *to, struct err *e)
{
	struct buf list;

	for (size_t i = 0; w->choices[i] != NULL; i++)
		if (strcmp(value, w->choices[i]) == 0) {
			*to = (int64_t)i + 1;
			return 0;
		}
	buf_init(&list, 200);
	for (size_t i = 0; w->choices[i] != NULL; i++)
		buf_printf(&list, " %s", w->choices[i]);
	err_set(e, ERR_INPUT, "%s=%s: the choices are:%s", w->name, value, buf_slice(&list).p);
	buf_free(&list);
	return -1;
}

static int
parse_whole(const struct word *w, const char *value, int64_t *to, struct err *e)
{
	if (number_parse(value, w->min, w->max, to) != 0)
		return err_set(e, ERR_INPUT, "%s=%s: a whole number from %lld to %lld is needed",
		    w->name, value, (long long)w->min, (long long)w->max);
	return 0;
}

static int
parse_decimal(const struct word *w, const char *value, int64_t *to, struct err *e)
{
	char *end;
	double x = strtod(value, &end);

	if (end == value || *end != '\0' || !(x >= 0) || x > (double)w->max)
		return err_set(e, ERR_INPUT, "%s=%s: a number from 0 to %lld is needed", w->name,
		    value, (long long)w->max);
	*to = (int64_t)(x * (double)w->scale + 0.5);
	return 0;
}

static int
parse_value(const struct word *w, const char *value, struct fault *f, struct err *e)
{
	void *member = (char *)f + w->offset;

	switch (w->kind) {
	case WORD_FLAG:
		*(int64_t *)member = 1;
		return 0;
	case WORD_NUMBER:
		return parse_whole(w, value, member, e);
	case WORD_DECIMAL:
		return parse_decimal(w, value, member, e);
	case WORD_CHOICE:
		return parse_choice(w, value, member, e);
	case WORD_TEXT:
		if (*value == '\0')
			return err_set(e, ERR_INPUT, "%s: it is empty", w->name);
		snprintf(member, FAULT_TEXT_SIZE, "%s", value);
		return 0;
	}
	return 0;
}

static int
parse_word(struct slice text, struct fault *f, struct err *e)
{
	const char *equals = memchr(text.p, '=', text.n);
	struct slice name = { text.p, equals == NULL ? text.n : (size_t)(equals - text.p) };
	char value[FAULT_TEXT_SIZE] = "";

	if (SLICE_IS(text, "html")) {
		f->body = FAULT_BODY_HTML;
		return 0;
	}
	if (SLICE_IS(text, "mode=failed")) /* the default, spelled out */
		return 0;
	for (size_t i = 0; i < WORDS; i++) {
		if (!slice_equals(name, slice_from(words[i].name)))
			continue;
		if ((equals == NULL) != (words[i].kind == WORD_FLAG))
			return err_set(e, ERR_INPUT,
			    equals == NULL ? "%s needs a value" : "%s takes no value",
			    words[i].name);
		if (equals != NULL && text.n - name.n > sizeof(value))
			return err_set(e, ERR_INPUT, "%s: the value is longer than %zu bytes",
			    words[i].name, sizeof(value) - 1);
		if (equals != NULL)
			snprintf(
			    value, sizeof(value), "%.*s", (int)(text.n - name.n - 1), equals + 1);
		return parse_value(&words[i], value, f, e);
	}
	return unknown_word(name, e);
}

static bool
has_action(const struct fault *f)
{
	return f->status > 0 || f->retry_after >= 0 || f->retry_after_date >= 0 || f->body > 0
	       || f->location[0] != '\0' || f->reset > 0 || f->truncate >= 0 || f->delay >= 0
	       || f->partial > 0 || f->refuse[0] != '\0' || f->close > 0 || f->down > 0;
}

/* Refuses words that would have no effect. */
static int
check_fault(const struct fault *f, struct err *e)
{
	if (!has_action(f))
		return err_set(e, ERR_INPUT, "it says when, but not what (status, reset, ...)");
	if (f->accept > 0 && f->status < 0)
		return err_set(e, ERR_INPUT, "accept needs status");
	if (f->mode > 0 && f->refuse[0] == '\0')
		return err_set(e, ERR_INPUT, "mode needs refuse");
	if (f->refuse[0] != '\0' && f->status > 0 && f->mode != FAULT_MODE_BATCH)
		return err_set(e, ERR_INPUT, "status with refuse needs mode=batch");
	if (f->refuse[0] != '\0' && f->accept > 0)
		return err_set(e, ERR_INPUT, "refuse and accept exclude each other");
	if (f->down > 0
	    && (f->after >= 0 || f->every >= 0 || f->count >= 0 || f->chance >= 0
		|| f->path[0] != '\0'))
		return err_set(e, ERR_INPUT, "down takes from and to only");
	if (f->from >= 0 && f->to >= 0 && f->from >= f->to)
		return err_set(e, ERR_INPUT, "from must be less than to");
	return 0;
}

static void
fault_clear(struct fault *f)
{
	*f = (struct fault){ 0 };
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].kind == WORD_NUMBER || words[i].kind == WORD_DECIMAL)
			*(int64_t *)(void *)((char *)f + words[i].offset) = -1;
}

int
fault_list_add(struct fault_list *l, struct slice spec, struct err *e)
{
	struct fault *f = &l->fault[l->n];
	struct slice rest = spec;

	if (l->n == FAULT_MAX)
		return err_set(e, ERR_LIMIT, "more than %d faults", FAULT_MAX);
	if (spec.n == 0 || spec.n >= sizeof(f->spec) || memchr(spec.p, '\0', spec.n) != NULL)
		return err_set(e, ERR_INPUT, "a fault has 1 to %zu bytes", sizeof(f->spec) - 1);
	fault_clear(f);
	snprintf(f->spec, sizeof(f->spec), "%.*s", (int)spec.n, spec.p);
	for (;;) {
		const char *comma = memchr(rest.p, ',', rest.n);
		struct slice word = { rest.p, comma == NULL ? rest.n : (size_t)(comma - rest.p) };

		if (parse_word(word, f, e) != 0)
			return err_wrap(e, "fault \"%s\"", f->spec);
		if (comma == NULL)
			break;
		rest = (struct slice){ comma + 1, rest.n - word.n - 1 };
	}
	if (check_fault(f, e) != 0)
		return err_wrap(e, "fault \"%s\"", f->spec);
	l->n++;
	return 0;
}
