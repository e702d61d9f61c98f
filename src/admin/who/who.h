/*
 * Who asks: tokens, and the sessions of browsers that have logged in with one.
 *
 * Pure but for SHA-256, which needs memory: no clock (times are mono ms), no chance, no I/O. Tokens
 * and the secrets of sessions are kept as digests and compared in constant time. One thread at a
 * time.
 */
#ifndef ADMIN_WHO_WHO_H
#define ADMIN_WHO_WHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/who/attempts.h"
#include "base/secret/sha256.h"
#include "base/slice.h"

#define WHO_SESSIONS 64 /* one more ends the session that was used least recently */
#define WHO_IDLE_MS (INT64_C(12) * 3600 * 1000) /* a session that is not used this long ends */
#define WHO_SECRET_BYTES 32                     /* of a session: random */
#define WHO_SECRET_HEX (2 * WHO_SECRET_BYTES)   /* its characters in the cookie */
#define WHO_NAME_CHARACTERS 40
#define WHO_NAME_BYTES 100 /* the audit shows a name with its addition whole */

enum who_level { WHO_NOBODY, WHO_READS, WHO_ACTS };

struct who_tokens {
	bool has_read, has_act;
	unsigned char read[SHA256_SIZE], act[SHA256_SIZE];
};

struct who_person {
	enum who_level level;
	char name[WHO_NAME_BYTES + 1]; /* "": not given */
};

struct who_session {
	bool open;
	unsigned char digest[SHA256_SIZE];
	int64_t used_ms;
	struct who_person person;
};

/* Zeroed, nobody has a token. */
struct who {
	struct who_tokens tokens;
	struct attempts attempts;
	struct who_session sessions[WHO_SESSIONS];
};

/* "": none. Returns -1 without memory. */
int who_tokens_make(const char *read, const char *act, struct who_tokens *ret_tokens);
/* Ends all sessions if a token is another one than before. */
void who_use_tokens(struct who *w, const struct who_tokens *tokens);

/* Whether a text may be the name of a person: 1 to WHO_NAME_CHARACTERS printable characters in
 * UTF-8, without blanks at the ends and without characters that change how others are shown. */
bool who_is_name(struct slice text);

enum who_result {
	WHO_RIGHT,
	WHO_WRONG,     /* this counts against the limit */
	WHO_MUST_WAIT, /* wrong, and past the limit */
	WHO_NO_MEMORY
};
/* Finds what a token allows. ret_wait is set with WHO_MUST_WAIT: seconds. */
enum who_result who_try_token(struct who *w, struct slice token, const struct who_address *from,
    int64_t now, enum who_level *ret_level, unsigned *ret_wait);

/* Opens a session of a person whose token was right. Returns -1 without memory. */
int who_open(struct who *w, struct slice secret, const struct who_person *person, int64_t now);
/* Finds the session with that secret, which counts as used. NULL: there is none, or it has ended.
 */
const struct who_session *who_find(struct who *w, struct slice secret, int64_t now);
void who_close(struct who *w, struct slice secret);
/* Returns how many sessions are open. */
unsigned who_count(const struct who *w, int64_t now);

#endif
