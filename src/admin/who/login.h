/* /api/session, /api/login and /api/logout. Admin's thread. */
#ifndef ADMIN_WHO_LOGIN_H
#define ADMIN_WHO_LOGIN_H

#include "base/slice.h"

struct admin_request;
struct admin_reply;

/* Browsers send a cookie to every port of its host. The name therefore ends with "_" and the port
 * in the Host header: daemons on several ports of a host would end each other's sessions. */
#define LOGIN_COOKIE "bentospool_session"
#define LOGIN_COOKIE_SIZE (sizeof(LOGIN_COOKIE) + 6)
#define LOGIN_TOO_MANY "too_many_logins"
#define LOGIN_TOO_MANY_WORDS                                                                       \
	"this token is not known, nor were several before it; a known one is accepted at once"

/* GET: who the browser has logged in as, and which tokens are configured. */
void login_get_session(const struct admin_request *r, struct admin_reply *reply);
/* POST {"token":"...","name":"Anna"}: opens a session, and ends the browser's former one. */
void login_post(struct admin_request *r, struct admin_reply *reply);
/* POST {}: ends the session. */
void login_post_logout(struct admin_request *r, struct admin_reply *reply);

/* Names the cookie of a request with that Host header. */
void login_name_cookie(struct slice host, char ret_name[LOGIN_COOKIE_SIZE]);
/* Logs that a token was wrong. */
void login_note_failure(const struct admin_request *r);

#endif
