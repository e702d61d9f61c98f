/*
 * A comparison looks at every token and every session, so that its time shows neither which one
 * matched nor how much of it. Only a lack of memory fails.
 */
#include "admin/who/who.h"

#include <string.h>

#include "base/secret/constant_time.h"
#include "base/utf8.h"

/* ---- tokens ---------------------------------------------------------------------------------- */

static int
make_token(const char *text, bool *ret_has, unsigned char ret_digest[SHA256_SIZE])
{
	*ret_has = text[0] != '\0';
	return *ret_has ? sha256(slice_from(text), ret_digest) : 0;
}

int
who_tokens_make(const char *read, const char *act, struct who_tokens *ret_tokens)
{
	memset(ret_tokens, 0, sizeof(*ret_tokens));
	if (make_token(read, &ret_tokens->has_read, ret_tokens->read) != 0)
		return -1;
	return make_token(act, &ret_tokens->has_act, ret_tokens->act);
}

void
who_use_tokens(struct who *w, const struct who_tokens *tokens)
{
	const struct who_tokens *old = &w->tokens;

	if (old->has_read == tokens->has_read && old->has_act == tokens->has_act
	    && memcmp(old->read, tokens->read, SHA256_SIZE) == 0
	    && memcmp(old->act, tokens->act, SHA256_SIZE) == 0)
		return;
	w->tokens = *tokens;
	memset(w->sessions, 0, sizeof(w->sessions));
}

static enum who_result
fail(struct who *w, const struct who_address *from, int64_t now, unsigned *ret_wait)
{
	unsigned wait = attempts_wait(&w->attempts, from, now);

	if (wait > 0) {
		*ret_wait = wait;
		return WHO_MUST_WAIT;
	}
	attempts_failed(&w->attempts, from, now);
	return WHO_WRONG;
}

enum who_result
who_try_token(struct who *w, struct slice token, const struct who_address *from, int64_t now,
    enum who_level *ret_level, unsigned *ret_wait)
{
	unsigned char digest[SHA256_SIZE];
	bool reads, acts;

	if (sha256(token, digest) != 0)
		return WHO_NO_MEMORY;
	reads = constant_time_equal(digest, w->tokens.read, SHA256_SIZE) != 0;
	acts = constant_time_equal(digest, w->tokens.act, SHA256_SIZE) != 0;
	/* A token that is not set has a digest of zeros, which no text is known to have. */
	reads = reads && w->tokens.has_read;
	acts = acts && w->tokens.has_act;
	if (!reads && !acts)
		return fail(w, from, now, ret_wait);
	*ret_level = acts ? WHO_ACTS : WHO_READS;
	return WHO_RIGHT;
}

/* ---- names ----------------------------------------------------------------------------------- */

struct range {
	unsigned from, to;
};

/* Controls, and what is invisible, breaks a line, or changes the direction of the text around it.
 */
static const struct range unprintable[] = {
	{ 0, 0x1f },
	{ 0x7f, 0x9f },
	{ 0xad, 0xad },
	{ 0x61c, 0x61c },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0xfeff, 0xfeff },
	{ 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff },
	{ 0xe0000, 0xe0fff },
};

static bool
is_printable(unsigned code)
{
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(*unprintable); i++)
		if (code >= unprintable[i].from && code <= unprintable[i].to)
			return false;
	return true;
}

bool
who_is_name(struct slice text)
{
	unsigned n = 0;

	if (text.n == 0 || text.n > WHO_NAME_BYTES || text.p[0] == ' ' || text.p[text.n - 1] == ' ')
		return false;
	while (text.n > 0) {
		unsigned length = utf8_length(text.p, text.n);

		if (length == 0 || !is_printable(utf8_code(text.p, length)))
			return false;
		text.p += length;
		text.n -= length;
		n++;
	}
	return n <= WHO_NAME_CHARACTERS;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool
is_open(const struct who_session *s, int64_t now)
{
	return s->open && now - s->used_ms < WHO_IDLE_MS;
}

/* Returns a free place, or that of the session that was used least recently. */
static struct who_session *
find_place(struct who *w, int64_t now)
{
	struct who_session *oldest = &w->sessions[0];

	for (size_t i = 0; i < WHO_SESSIONS; i++) {
		if (!is_open(&w->sessions[i], now))
			return &w->sessions[i];
		if (w->sessions[i].used_ms < oldest->used_ms)
			oldest = &w->sessions[i];
	}
	return oldest;
}

int
who_open(struct who *w, struct slice secret, const struct who_person *person, int64_t now)
{
	struct who_session s = { .open = true, .used_ms = now, .person = *person };

	if (sha256(secret, s.digest) != 0)
		return -1;
	*find_place(w, now) = s;
	return 0;
}

/* Also finds a session whose time is over. */
static struct who_session *
find(struct who *w, struct slice secret)
{
	struct who_session *found = NULL;
	unsigned char digest[SHA256_SIZE];

	if (secret.n != WHO_SECRET_HEX || sha256(secret, digest) != 0)
		return NULL;
	for (size_t i = 0; i < WHO_SESSIONS; i++)
		if (constant_time_equal(digest, w->sessions[i].digest, SHA256_SIZE) != 0)
			found = &w->sessions[i];
	return found != NULL && found->open ? found : NULL;
}

const struct who_session *
who_find(struct who *w, struct slice secret, int64_t now)
{
	struct who_session *s = find(w, secret);

	if (s == NULL || !is_open(s, now))
		return NULL;
	s->used_ms = now;
	return s;
}

void
who_close(struct who *w, struct slice secret)
{
	struct who_session *s = find(w, secret);

	if (s != NULL)
		*s = (struct who_session){ 0 };
}

unsigned
who_count(const struct who *w, int64_t now)
{
	unsigned n = 0;

	for (size_t i = 0; i < WHO_SESSIONS; i++)
		n += is_open(&w->sessions[i], now);
	return n;
}
