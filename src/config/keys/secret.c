/*
 * Reads a small file as a whole. It checks on the open descriptor that the file is regular and, for
 * secrets, that no other user may read or write it. The error names the remedy and never shows a
 * part of the file.
 */
#include "config/keys/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the path is in the directory, which ends in no slash, and does not leave it. */
static bool
is_below(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return n > 0 && strncmp(path, directory, n) == 0 && path[n] == '/'
	       && strstr(path + n, "/..") == NULL;
}

const char *
secret_credentials_directory(void)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	return directory != NULL && directory[0] != '\0' ? directory
							 : SECRET_CREDENTIALS_OF_SERVICE;
}

bool
secret_is_credential(const char *path)
{
	return is_below(path, SECRET_CREDENTIALS) || is_below(path, secret_credentials_directory());
}

/* Explains why a file cannot be opened. Outside the service a credential is there only while the
 * service runs, and only for root and the service's user. */
static int
fail_open(const char *path, struct err *e)
{
	if (!secret_is_credential(path) || (errno != ENOENT && errno != EACCES))
		return err_file(e, path, "cannot open %s", path);
	return err_set(e, ERR_NOTFOUND,
	    errno == ENOENT
		? "%s cannot be checked here: systemd hands this credential over only while the "
		  "service runs, if its unit has LoadCredential=; bentospool doctor says how to "
		  "check it"
		: "%s cannot be checked here: only root and the service's user can read this "
		  "credential of systemd",
	    path);
}

static int
check_file(int fd, const char *path, bool private, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(e, "cannot examine %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is not a regular file", path);
	if (private && (st.st_mode & 0077) != 0 && !secret_is_credential(path))
		return err_set(e, ERR_INPUT, "%s can be read by others (mode %04o): chmod 600 %s",
		    path, (unsigned)(st.st_mode & 07777), path);
	return 0;
}

/* ret_n gets the number of bytes read; more than max when the file is longer. */
static int
read_all(int fd, const char *path, char *to, size_t max, size_t *ret_n, struct err *e)
{
	size_t n = 0;
	ssize_t got;

	while (n <= max) {
		got = read(fd, to + n, max + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "cannot read %s", path);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return 0;
}

static int
read_file(const char *path, size_t max, bool private, char **ret_text, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text;
	size_t n = 0;
	int rc;

	if (fd < 0)
		return fail_open(path, e);
	text = calloc(1, max + 2);
	rc = text == NULL ? err_nomem(e) : check_file(fd, path, private, e);
	if (rc == 0)
		rc = read_all(fd, path, text, max, &n, e);
	close(fd);
	if (rc == 0 && n > max)
		rc = err_set(e, ERR_LIMIT, "%s is longer than %zu bytes", path, max);
	if (rc == 0 && memchr(text, '\0', n) != NULL)
		rc = err_set(e, ERR_INPUT, "%s holds NUL bytes", path);
	if (rc != 0) {
		free(text);
		return -1;
	}
	*ret_text = text;
	return 0;
}

int
secret_read_text(const char *path, size_t max, char **ret_text, struct err *e)
{
	return read_file(path, max, false, ret_text, e);
}

int
secret_read_private(const char *path, size_t max, char **ret_text, struct err *e)
{
	return read_file(path, max, true, ret_text, e);
}

int
secret_read(const char *path, char **ret_secret, struct err *e)
{
	static const char blank[] = " \t\r\n";
	char *text, *start, *secret = NULL;
	size_t n;
	int rc = 0;

	if (secret_read_private(path, SECRET_MAX, &text, e) != 0)
		return -1;
	start = text + strspn(text, blank);
	n = strlen(start);
	while (n > 0 && strchr(blank, start[n - 1]) != NULL)
		n--;
	if (n == 0 || memchr(start, '\n', n) != NULL)
		rc = err_set(e, ERR_INPUT, "%s must hold one secret on one line", path);
	else if ((secret = strndup(start, n)) == NULL)
		rc = err_nomem(e);
	explicit_bzero(text, strlen(text));
	free(text);
	if (rc == 0)
		*ret_secret = secret;
	return rc;
}

bool
secret_is_exposed(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & 0077) != 0 && !secret_is_credential(path);
}
