/* Decides when faults act, and combines several of them. */
#include "sim/fault.h"

#include <stdio.h>
#include <string.h>

bool
fault_glob_match(const char *glob, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n;
	const char *star = NULL, *back = NULL;

	while (p < end) {
		if (*glob == '*') {
			star = ++glob;
			back = p;
		} else if (*glob == '?' || (*glob != '\0' && *glob == *p)) {
			glob++;
			p++;
		} else if (star != NULL) {
			glob = star;
			p = ++back;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

void
fault_list_start(struct fault_list *l, int64_t now_ms)
{
	for (size_t i = 0; i < l->n; i++) {
		l->fault[i].set_at = now_ms;
		l->fault[i].seen = 0;
		l->fault[i].used = 0;
	}
}

static bool
in_window(const struct fault *f, int64_t now_ms)
{
	int64_t t = now_ms - f->set_at;

	return (f->from < 0 || t >= f->from) && (f->to < 0 || t < f->to);
}

/* Counts one request or connection, and returns whether the fault acts on it. */
static bool
strikes(struct fault *f, int64_t now_ms, struct rand *rand)
{
	int64_t n;

	if (!in_window(f, now_ms))
		return false;
	n = f->seen++ - (f->after > 0 ? f->after : 0);
	if (n < 0 || (f->every > 0 && (n + 1) % f->every != 0))
		return false;
	if (f->count > 0 && f->used >= f->count)
		return false;
	if (f->chance >= 0 && (int64_t)rand_below(rand, 1000000) >= f->chance)
		return false;
	f->used++;
	return true;
}

static void
take_first(int64_t *to, int64_t value)
{
	if (*to < 0)
		*to = value;
}

static void
add_effect(const struct fault *f, struct fault_effect *to)
{
	if (to->spec[0] == '\0')
		memcpy(to->spec, f->spec, sizeof(to->spec));
	/* With refuse, the status is that of the batches it refuses. */
	if (to->status < 0 && f->status > 0 && f->refuse[0] == '\0') {
		to->status = f->status;
		to->accept = f->accept > 0;
	}
	take_first(&to->retry_after, f->retry_after);
	take_first(&to->retry_after_date, f->retry_after_date);
	take_first(&to->truncate, f->truncate);
	take_first(&to->delay, f->delay);
	take_first(&to->partial, f->partial);
	if (to->body == FAULT_BODY_USUAL)
		to->body = (enum fault_body)f->body;
	if (to->reset == FAULT_RESET_NONE)
		to->reset = (enum fault_reset)f->reset;
	if (to->location[0] == '\0')
		memcpy(to->location, f->location, sizeof(to->location));
	if (f->close > 0)
		to->close = true;
	if (f->refuse[0] != '\0') {
		struct fault_refusal *refusal = &to->refusal[to->n_refusals++];

		memcpy(refusal->glob, f->refuse, sizeof(refusal->glob));
		refusal->whole_batch = f->mode == FAULT_MODE_BATCH;
		refusal->status = f->status > 0 ? (unsigned)f->status : 422;
	}
}

void
fault_decide(struct fault_list *l, struct slice path, int64_t now_ms, struct rand *rand,
    struct fault_effect *ret_effect)
{
	struct fault_effect *to = ret_effect;

	to->spec[0] = '\0';
	to->location[0] = '\0';
	to->n_refusals = 0;
	to->accept = to->close = false;
	to->body = FAULT_BODY_USUAL;
	to->reset = FAULT_RESET_NONE;
	to->status = to->retry_after = to->retry_after_date = -1;
	to->truncate = to->delay = to->partial = -1;
	for (size_t i = 0; i < l->n; i++) {
		struct fault *f = &l->fault[i];

		if (f->down > 0 || f->reset == FAULT_RESET_CONNECT)
			continue;
		if (f->path[0] != '\0' && !fault_glob_match(f->path, path))
			continue;
		if (strikes(f, now_ms, rand))
			add_effect(f, to);
	}
}

bool
fault_resets_connect(struct fault_list *l, int64_t now_ms, struct rand *rand)
{
	bool resets = false;

	for (size_t i = 0; i < l->n; i++)
		if (l->fault[i].reset == FAULT_RESET_CONNECT && strikes(&l->fault[i], now_ms, rand))
			resets = true;
	return resets;
}

bool
fault_is_down(const struct fault_list *l, int64_t now_ms)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->fault[i].down > 0 && in_window(&l->fault[i], now_ms))
			return true;
	return false;
}

bool
fault_has_down(const struct fault_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->fault[i].down > 0)
			return true;
	return false;
}
