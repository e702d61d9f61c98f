/*
 * The functions of SQLite, libcurl and libevent that failing.so can fail, as far as the program
 * itself calls them. They are declared by hand, because curl's header replaces its own functions by
 * macros.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/failing/failing_private.h"

/* Defines a function that returns `failure` when it fails. */
#define CALL(class, type, name, parameters, arguments, failure)                                    \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
		if (failing_now(#name, class, HERE))                                               \
			return failure;                                                            \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real arguments;                                                             \
	}

/* The same with one optional argument, which fits a word. */
#define OPTIONAL(class, name, option, failure)                                                     \
	int name(void *handle, option which, ...);                                                 \
	int name(void *handle, option which, ...)                                                  \
	{                                                                                          \
		static int (*real)(void *, option, ...);                                           \
		va_list ap;                                                                        \
		void *more;                                                                        \
		va_start(ap, which);                                                               \
		more = va_arg(ap, void *);                                                         \
		va_end(ap);                                                                        \
		if (failing_now(#name, class, HERE))                                               \
			return failure;                                                            \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real(handle, which, more);                                                  \
	}

/* ---- SQLite
 * -------------------------------------------------------------------------------------- */

#define SQLITE_NOMEM 7

/* The result that this thread's last call was made to return, until its next call. */
static __thread int pretended;

static int
pretend(void)
{
	pretended = failing_error(SQLITE_NOMEM);
	return pretended;
}

#define SQL(type, name, parameters, arguments, failure)                                            \
	type name parameters;                                                                      \
	type name parameters                                                                       \
	{                                                                                          \
		static type(*real) parameters;                                                     \
		pretended = 0;                                                                     \
		if (failing_now(#name, "sqlite", HERE)) {                                          \
			pretend();                                                                 \
			return failure;                                                            \
		}                                                                                  \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real arguments;                                                             \
	}

SQL(int, sqlite3_step, (void *s), (s), pretended)
SQL(int, sqlite3_prepare_v2, (void *db, const char *sql, int n, void **ret, const char **end),
    (db, sql, n, ret, end), (*ret = NULL, pretended))
SQL(int, sqlite3_prepare_v3,
    (void *db, const char *sql, int n, unsigned flags, void **ret, const char **end),
    (db, sql, n, flags, ret, end), (*ret = NULL, pretended))
SQL(int, sqlite3_open_v2, (const char *path, void **ret, int flags, const char *vfs),
    (path, ret, flags, vfs), (*ret = NULL, pretended))
SQL(int, sqlite3_exec, (void *db, const char *sql, void *each, void *arg, char **error),
    (db, sql, each, arg, error), pretended)
SQL(int, sqlite3_wal_checkpoint_v2, (void *db, const char *name, int mode, int *n, int *done),
    (db, name, mode, n, done), pretended)
SQL(int, sqlite3_bind_int, (void *s, int i, int n), (s, i, n), pretended)
SQL(int, sqlite3_bind_int64, (void *s, int i, int64_t n), (s, i, n), pretended)
SQL(int, sqlite3_bind_null, (void *s, int i), (s, i), pretended)
SQL(int, sqlite3_bind_text, (void *s, int i, const char *p, int n, void *end), (s, i, p, n, end),
    pretended)
SQL(int, sqlite3_bind_text64,
    (void *s, int i, const char *p, uint64_t n, void *end, unsigned char encoding),
    (s, i, p, n, end, encoding), pretended)
SQL(int, sqlite3_bind_blob64, (void *s, int i, const void *p, uint64_t n, void *end),
    (s, i, p, n, end), pretended)
SQL(const void *, sqlite3_column_text, (void *s, int i), (s, i), NULL)
SQL(const void *, sqlite3_column_blob, (void *s, int i), (s, i), NULL)

/* A pretended result is what the library reports, too. */
#define SQL_CODE(name)                                                                             \
	int name(void *db);                                                                        \
	int name(void *db)                                                                         \
	{                                                                                          \
		static int (*real)(void *);                                                        \
		if (pretended != 0)                                                                \
			return pretended;                                                          \
		if (real == NULL)                                                                  \
			*(void **)&real = failing_real(#name);                                     \
		return real(db);                                                                   \
	}

SQL_CODE(sqlite3_errcode)
SQL_CODE(sqlite3_extended_errcode)

/* ---- libcurl
 * ------------------------------------------------------------------------------------- */

#define CURLE_OUT_OF_MEMORY 27
#define CURLM_OUT_OF_MEMORY 3
#define CURLUE_OUT_OF_MEMORY 7
#define CURLHE_OUT_OF_MEMORY 5

OPTIONAL("curl", curl_easy_setopt, int, CURLE_OUT_OF_MEMORY)
OPTIONAL("curl", curl_easy_getinfo, int, CURLE_OUT_OF_MEMORY)
OPTIONAL("curl", curl_multi_setopt, int, CURLM_OUT_OF_MEMORY)
CALL("curl", int, curl_global_init, (long flags), (flags), CURLE_OUT_OF_MEMORY)
CALL("curl", void *, curl_easy_init, (void), (), NULL)
CALL("curl", int, curl_easy_perform, (void *c), (c), CURLE_OUT_OF_MEMORY)
CALL("curl", void *, curl_easy_escape, (void *c, const char *p, int n), (c, p, n), NULL)
CALL("curl", int, curl_easy_header,
    (void *c, const char *name, size_t i, unsigned origin, int request, void **ret),
    (c, name, i, origin, request, ret), CURLHE_OUT_OF_MEMORY)
CALL("curl", void *, curl_multi_init, (void), (), NULL)
CALL("curl", int, curl_multi_add_handle, (void *m, void *c), (m, c), CURLM_OUT_OF_MEMORY)
CALL("curl", int, curl_multi_perform, (void *m, int *n), (m, n), CURLM_OUT_OF_MEMORY)
CALL("curl", int, curl_multi_poll, (void *m, void *fds, unsigned n, int ms, int *ready),
    (m, fds, n, ms, ready), CURLM_OUT_OF_MEMORY)
CALL("curl", int, curl_multi_wakeup, (void *m), (m), CURLM_OUT_OF_MEMORY)
CALL("curl", void *, curl_slist_append, (void *list, const char *p), (list, p), NULL)
CALL("curl", void *, curl_url, (void), (), NULL)
CALL("curl", int, curl_url_set, (void *u, int part, const char *p, unsigned flags),
    (u, part, p, flags), CURLUE_OUT_OF_MEMORY)
CALL("curl", int, curl_url_get, (void *u, int part, char **ret, unsigned flags),
    (u, part, ret, flags), CURLUE_OUT_OF_MEMORY)

/* ---- libevent
 * ------------------------------------------------------------------------------------ */

CALL("event", void *, event_base_new, (void), (), NULL)
CALL("event", void *, event_new, (void *base, int fd, short what, void *f, void *arg),
    (base, fd, what, f, arg), NULL)
CALL("event", int, event_add, (void *event, const void *after), (event, after), -1)
CALL("event", void *, evconnlistener_new,
    (void *base, void *f, void *arg, unsigned flags, int backlog, int fd),
    (base, f, arg, flags, backlog, fd), NULL)
CALL("event", void *, bufferevent_socket_new, (void *base, int fd, int options),
    (base, fd, options), NULL)
CALL("event", int, bufferevent_write, (void *b, const void *p, size_t n), (b, p, n), -1)
CALL("event", int, bufferevent_enable, (void *b, short what), (b, what), -1)
CALL("event", int, bufferevent_set_timeouts, (void *b, const void *in, const void *out),
    (b, in, out), -1)
