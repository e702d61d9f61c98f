/*
 * Logging in: the body is read, the token tried, and a session opened with a new secret, which only
 * the cookie has. The secret never comes from the client. Refusals say what is wrong with a name,
 * but nothing about a token.
 */
#include "admin/who/login.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "admin/body_json.h"
#include "admin/state.h"
#include "admin/who/headers.h"
#include "base/encode.h"
#include "base/rand.h"

#define LOGIN_LOG_MS 10000

/* ---- the session ----------------------------------------------------------------------------- */

static void
print(struct admin_reply *reply, const struct who *w, const struct who_person *person)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "may_read", person->level >= WHO_READS);
	cJSON_AddBoolToObject(o, "may_act", person->level >= WHO_ACTS);
	cJSON_AddStringToObject(o, "name", person->name);
	cJSON_AddBoolToObject(o, "read_token", w->tokens.has_read);
	cJSON_AddBoolToObject(o, "act_token", w->tokens.has_act);
	body_json_print(reply, o);
}

void
login_get_session(const struct admin_request *r, struct admin_reply *reply)
{
	print(reply, &r->admin->who, &r->person);
}

void
login_name_cookie(struct slice host, char ret_name[LOGIN_COOKIE_SIZE])
{
	struct slice port = headers_port(host);

	snprintf(ret_name, LOGIN_COOKIE_SIZE, LOGIN_COOKIE "%s%.*s", port.n == 0 ? "" : "_",
	    (int)port.n, port.n == 0 ? "" : port.p);
}

static void
set_cookie(const struct admin_request *r, struct admin_reply *reply, const char *secret, bool ends)
{
	snprintf(reply->headers, sizeof(reply->headers),
	    "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Strict%s%s\r\n", r->cookie, secret,
	    r->secure ? "; Secure" : "", ends ? "; Max-Age=0" : "");
}

static int
make_secret(char ret_secret[WHO_SECRET_HEX + 1])
{
	unsigned char bytes[WHO_SECRET_BYTES];
	struct buf hex;
	struct err e;
	int rc;

	if (rand_system(bytes, sizeof(bytes), &e) != 0)
		return -1;
	buf_init(&hex, WHO_SECRET_HEX + 1);
	encode_hex(&hex, bytes, sizeof(bytes));
	rc = hex.failed ? -1 : 0;
	if (rc == 0)
		memcpy(ret_secret, hex.p, WHO_SECRET_HEX + 1);
	buf_free(&hex);
	return rc;
}

/* ---- logging in ------------------------------------------------------------------------------ */

void
login_note_failure(const struct admin_request *r)
{
	struct admin *a = r->admin;
	char address[WHO_ADDRESS_TEXT];
	unsigned left_out;

	if (!log_limit_pass(&a->login_log, clock_mono(a->o.clock), LOGIN_LOG_MS, &left_out))
		return;
	who_address_print(&r->from, address);
	log_warn(
	    "admin: wrong token from %s (%u more since the last such line)", address, left_out);
}

/* Returns -1 when the token was refused, in words. */
static int
try_token(struct admin_request *r, struct admin_reply *reply, const char *token,
    enum who_level *ret_level)
{
	unsigned wait = 0;

	switch (who_try_token(&r->admin->who, slice_from(token), &r->from,
	    clock_mono(r->admin->o.clock), ret_level, &wait)) {
	case WHO_RIGHT:
		return 0;
	case WHO_WRONG:
		login_note_failure(r);
		admin_reply_refuse(reply, 401, "wrong_token", "this token is not known");
		return -1;
	case WHO_MUST_WAIT:
		reply->retry_after = wait;
		admin_reply_refuse(reply, 429, LOGIN_TOO_MANY, LOGIN_TOO_MANY_WORDS);
		return -1;
	case WHO_NO_MEMORY:
		break;
	}
	admin_reply_refuse(reply, 503, "busy", "out of memory; try again");
	return -1;
}

/* An empty name counts as none. Returns -1 when the name was refused. */
static int
take_name(struct admin_reply *reply, const char *name, struct who_person *person)
{
	if (name == NULL || name[0] == '\0') {
		if (person->level != WHO_ACTS)
			return 0;
		admin_reply_refuse(reply, 400, "name_required",
		    "the act token needs a name: it is recorded with each change");
		return -1;
	}
	if (!who_is_name(slice_from(name))) {
		admin_reply_refuse(reply, 400, "bad_name",
		    "the name must have 1 to %d printable characters, at most %d bytes, and no "
		    "blank at "
		    "its ends",
		    WHO_NAME_CHARACTERS, WHO_NAME_BYTES);
		return -1;
	}
	snprintf(person->name, sizeof(person->name), "%s", name);
	return 0;
}

static void
open_session(struct admin_request *r, struct admin_reply *reply, const struct who_person *person)
{
	struct who *w = &r->admin->who;
	char secret[WHO_SECRET_HEX + 1], address[WHO_ADDRESS_TEXT];

	if (make_secret(secret) != 0
	    || who_open(w, slice_from(secret), person, clock_mono(r->admin->o.clock)) != 0) {
		admin_reply_refuse(reply, 503, "busy", "out of memory; try again");
		return;
	}
	if (r->session[0] != '\0')
		who_close(w, slice_from(r->session));
	set_cookie(r, reply, secret, false);
	word_counts_add(&r->admin->logins, person->level == WHO_ACTS ? "act" : "read");
	who_address_print(&r->from, address);
	log_info("admin: %s%slogged in from %s, to %s", person->name,
	    person->name[0] == '\0' ? "somebody " : " ", address,
	    person->level == WHO_ACTS ? "act" : "read");
	print(reply, w, person);
}

static void
log_in(struct admin_request *r, struct admin_reply *reply, const cJSON *o)
{
	const cJSON *token = cJSON_GetObjectItemCaseSensitive(o, "token");
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(o, "name");
	struct who_person person = { .level = WHO_NOBODY };

	if (!cJSON_IsString(token) || (name != NULL && !cJSON_IsString(name))) {
		admin_reply_refuse(reply, 400, "bad_request",
		    "the body must be {\"token\":\"...\",\"name\":\"...\"}");
		return;
	}
	if (try_token(r, reply, token->valuestring, &person.level) == 0
	    && take_name(reply, name == NULL ? NULL : name->valuestring, &person) == 0)
		open_session(r, reply, &person);
}

void
login_post(struct admin_request *r, struct admin_reply *reply)
{
	cJSON *o = body_json_read(r, reply);

	if (o != NULL)
		log_in(r, reply, o);
	cJSON_Delete(o);
}

void
login_post_logout(struct admin_request *r, struct admin_reply *reply)
{
	static const struct who_person nobody;

	if (r->session[0] != '\0')
		who_close(&r->admin->who, slice_from(r->session));
	set_cookie(r, reply, "", true);
	print(reply, &r->admin->who, &nobody);
}
