/* /api/session, /api/login and /api/logout. Admin's thread. */
#ifndef ADMIN_WHO_LOGIN_H
#define ADMIN_WHO_LOGIN_H

struct admin_request;
struct admin_reply;

#define LOGIN_COOKIE "bentospool_session"
#define LOGIN_TOO_MANY "too_many_logins"

/* GET: who the browser has logged in as, and which tokens are configured. */
void login_get_session(const struct admin_request *r, struct admin_reply *reply);
/* POST {"token":"...","name":"Anna"}: opens a session, and ends the browser's former one. */
void login_post(struct admin_request *r, struct admin_reply *reply);
/* POST {}: ends the session. */
void login_post_logout(struct admin_request *r, struct admin_reply *reply);

/* Logs that a token was wrong. */
void login_note_failure(const struct admin_request *r);

#endif
