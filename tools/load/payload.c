/*
 * Request bodies for the load generator. A batch of track calls is built once; each request only
 * gets new messageIds and user numbers.
 */
#include "load/payload.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/isotime.h"

#define USER_DIGITS 8

int
load_ids_init(struct load_ids_state *s, enum load_ids kind, struct err *e)
{
	*s = (struct load_ids_state){ .kind = kind };
	if (rand_seed_system(&s->rand, e) != 0)
		return -1;
	s->process = (uint32_t)rand_u64(&s->rand);
	return 0;
}

static char *
put_hex(char *to, uint64_t value, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = digits; i > 0; i--, value >>= 4)
		to[i - 1] = hex[value & 15];
	return to + digits;
}

/* high and low are the 128 bits of a UUID; its version and variant are set here. */
static void
put_uuid(char *to, uint64_t high, uint64_t low)
{
	to = put_hex(to, high >> 32, 8);
	*to++ = '-';
	to = put_hex(to, high >> 16, 4);
	*to++ = '-';
	to = put_hex(to, high, 4);
	*to++ = '-';
	to = put_hex(to, low >> 48, 4);
	*to++ = '-';
	put_hex(to, low, 12);
}

void
load_ids_next(struct load_ids_state *s, int64_t wall_ms, char *to)
{
	const uint64_t variant = UINT64_C(2) << 62;
	uint64_t high, low;

	if (s->kind == LOAD_IDS_RANDOM) {
		high = (rand_u64(&s->rand) & ~UINT64_C(0xf000)) | 0x4000;
		low = (rand_u64(&s->rand) >> 2) | variant;
	} else {
		/* the counter behind the time keeps ids in order within a millisecond */
		uint64_t n = s->counter++;

		high = (uint64_t)wall_ms << 16 | 0x7000 | (n >> 30 & 0xfff);
		low = variant | (n & 0x3fffffff) << 32 | s->process;
	}
	put_uuid(to, high, low);
}

static void
append_padding(struct buf *b, size_t n)
{
	static const char words[] = "the quick brown fox jumps over the lazy dog and back again ";

	while (n > 0) {
		size_t k = n < sizeof(words) - 1 ? n : sizeof(words) - 1;

		buf_append(b, words, k);
		n -= k;
	}
}

/* Writes one event; p gets the offsets of its variable parts, from the start of the event. */
static void
append_event(struct payload *p, struct buf *b, size_t size, const char *now)
{
	static const char tail[] = "\"}}";
	size_t start = b->n;

	buf_append_literal(b, "{\"type\":\"track\",\"messageId\":\"");
	p->first_id = b->n - start;
	buf_append_literal(b, "00000000-0000-0000-0000-000000000000\",\"userId\":\"user-");
	p->user_at[0] = b->n - start - p->first_id;
	buf_printf(b, "00000000\",\"timestamp\":\"%s\",\"event\":\"Order Completed\",", now);
	buf_append_literal(b,
	    "\"context\":{\"library\":{\"name\":\"spool-load\",\"version\":\"1\"},"
	    "\"traits\":{\"email\":\"user-");
	p->user_at[1] = b->n - start - p->first_id;
	buf_append_literal(b,
	    "00000000@load.example\",\"firstName\":\"Ada\",\"lastName\":\"Load\"}},"
	    "\"properties\":{\"order_id\":1491926160718000000,\"total\":19.90,\"currency\":\"EUR\","
	    "\"products\":[{\"sku\":\"A-1\",\"price\":9.95,\"quantity\":2}],\"note\":\"");
	append_padding(b, size - (b->n - start) - (sizeof(tail) - 1));
	buf_append(b, tail, sizeof(tail) - 1);
}

static void
append_body(struct payload *p, struct buf *b, const struct load_options *o, unsigned n_events)
{
	char now[ISOTIME_SIZE];
	size_t first_event;

	isotime_format(clock_wall(&clock_system), now);
	if (o->batch != 0)
		buf_append_literal(b, "{\"batch\":[");
	first_event = b->n;
	for (unsigned i = 0; i < n_events; i++) {
		if (i > 0)
			buf_append_byte(b, ',');
		append_event(p, b, o->size, now);
	}
	p->first_id += first_event;
	if (o->batch != 0)
		buf_printf(b, "],\"sentAt\":\"%s\"}", now);
}

static void
append_head(struct buf *b, const struct load_options *o, size_t n_body)
{
	bool v6 = strchr(o->host, ':') != NULL;

	buf_printf(b, "POST %s HTTP/1.1\r\n", o->batch != 0 ? "/v1/batch" : "/v1/track");
	if (o->unix_path != NULL)
		buf_append_literal(b, "Host: localhost\r\n");
	else
		buf_printf(b, v6 ? "Host: [%s]:%s\r\n" : "Host: %s:%s\r\n", o->host, o->port);
	buf_append_literal(b, "User-Agent: spool-load/1\r\nContent-Type: application/json\r\n");
	if (o->write_key != NULL) {
		char user[256];
		struct buf plain;

		buf_init(&plain, sizeof(user));
		buf_printf(&plain, "%s:", o->write_key);
		buf_append_literal(b, "Authorization: Basic ");
		encode_base64(b, buf_slice(&plain));
		buf_append_literal(b, "\r\n");
		buf_free(&plain);
	}
	buf_printf(b, "Content-Length: %zu\r\n\r\n", n_body);
}

int
payload_build(struct payload *p, const struct load_options *o, unsigned n_events, struct err *e)
{
	struct buf body;
	size_t n_head;

	*p = (struct payload){ .n_events = n_events, .stride = o->size + 1 };
	buf_init(&p->request, LOAD_MAX_REQUEST + LOAD_MAX_REQUEST / 8);
	buf_init(&body, LOAD_MAX_REQUEST + LOAD_MAX_REQUEST / 16);
	append_body(p, &body, o, n_events);
	append_head(&p->request, o, body.n);
	n_head = p->request.n;
	buf_append_slice(&p->request, buf_slice(&body));
	p->first_id += n_head;
	if (p->request.failed || body.failed) {
		buf_free(&body);
		payload_free(p);
		return err_nomem(e);
	}
	buf_free(&body);
	return 0;
}

void
payload_free(struct payload *p)
{
	buf_free(&p->request);
}

static void
put_decimal(char *to, uint64_t value)
{
	for (unsigned i = USER_DIGITS; i > 0; i--, value /= 10)
		to[i - 1] = (char)('0' + value % 10);
}

void
payload_stamp(struct payload *p, struct load_ids_state *ids, int64_t wall_ms)
{
	char *id = p->request.p + p->first_id;

	for (unsigned i = 0; i < p->n_events; i++, id += p->stride) {
		uint64_t user = rand_below(&ids->rand, 100000);

		load_ids_next(ids, wall_ms, id);
		put_decimal(id + p->user_at[0], user);
		put_decimal(id + p->user_at[1], user);
	}
}

void
payload_append_ids(const struct payload *p, struct buf *to)
{
	const char *id = p->request.p + p->first_id;

	for (unsigned i = 0; i < p->n_events; i++, id += p->stride) {
		buf_append(to, id, LOAD_ID_SIZE);
		buf_append_byte(to, '\n');
	}
}
