/*
 * Formats error texts and cuts them to the size of struct err. Cannot fail.
 */
#include "base/err.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	if (e == NULL)
		return -1;
	e->code = saved == ENOSPC || saved == EDQUOT || saved == EFBIG ? ERR_FULL
		  : saved == ENOMEM                                    ? ERR_NOMEM
								       : ERR_SYSTEM;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(saved));
	return -1;
}

/* ---- permissions ---------------------------------------------------------------------------- */

#define USER_SIZE 64

static void
name_user(uid_t uid, char name[static USER_SIZE])
{
	struct passwd entry, *found = NULL;
	char space[1024];

	if (getpwuid_r(uid, &entry, space, sizeof(space), &found) == 0 && found != NULL)
		snprintf(name, USER_SIZE, "%s", entry.pw_name);
	else
		snprintf(name, USER_SIZE, "#%lu", (unsigned long)uid);
}

static bool
has_daemon_user(void)
{
	struct passwd entry, *found = NULL;
	char space[1024];

	return getpwnam_r(DAEMON_USER, &entry, space, sizeof(space), &found) == 0 && found != NULL;
}

/* Cuts the path to the part that this user may examine. Returns -1 when there is none. */
static int
examine(char *path, struct stat *st)
{
	char *slash;

	while (stat(path, st) != 0) {
		slash = strrchr(path, '/');
		if (slash == NULL)
			return -1;
		slash[slash == path && slash[1] != '\0'] = '\0';
		if (path[0] == '\0')
			return -1;
	}
	return 0;
}

/* Returns whom to run this as: the owner, unless that is root, to whom the daemon's files never
 * belong. */
static const char *
choose_user(const struct stat *st, const char *owner)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return owner;
	return has_daemon_user() ? DAEMON_USER : NULL;
}

__attribute__((format(printf, 2, 3))) static void
append(struct err *e, const char *fmt, ...)
{
	size_t n = strlen(e->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text + n, sizeof(e->text) - n, fmt, ap);
	va_end(ap);
}

void
err_denied(struct err *e, int cause, const char *path)
{
	char there[sizeof(e->text)], owner[USER_SIZE], self[USER_SIZE];
	const char *user;
	struct stat st;

	if (e == NULL || (cause != EACCES && cause != EPERM))
		return;
	snprintf(there, sizeof(there), "%s", path);
	if (examine(there, &st) != 0)
		return;
	name_user(st.st_uid, owner);
	name_user(geteuid(), self);
	user = choose_user(&st, owner);
	append(e, " (%s belongs to %s and has the mode %04o): ", there, owner,
	    (unsigned)(st.st_mode & 07777));
	if (st.st_uid == geteuid())
		append(e, "chmod u+rw%s %s", S_ISDIR(st.st_mode) ? "x" : "", there);
	else if (strcmp(self, DAEMON_USER) == 0)
		append(e, "as root, chown %s %s", self, there);
	else if (user != NULL)
		append(e, "use sudo -u %s bentospool ...", user);
	else
		append(e, "run this as root or as the daemon's user");
}

int
err_file(struct err *e, const char *path, const char *fmt, ...)
{
	int saved = errno;
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	errno = saved;
	err_sys(e, "%s", text);
	err_denied(e, saved, path);
	return -1;
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char cause[sizeof(e->text)];
	va_list ap;
	size_t n;

	if (e == NULL)
		return -1;
	memcpy(cause, e->text, sizeof(cause));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", cause);
	return -1;
}

int
err_nomem(struct err *e)
{
	return err_set(e, ERR_NOMEM, "out of memory");
}
