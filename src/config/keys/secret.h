/* Reads files that hold secrets, and refuses them when other users can. Main thread. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SECRET_MAX 4096 /* bytes of one secret */

/* Where systemd puts the credentials of each unit; only root can write there. */
#define SECRET_CREDENTIALS "/run/credentials"
#define SECRET_CREDENTIALS_OF_SERVICE SECRET_CREDENTIALS "/bentospool.service"

/*
 * Reads a file as NUL-terminated text of at most max bytes. The caller frees it (explicit_bzero
 * first when secret). ERR_INPUT when the file holds NUL bytes or is not regular.
 */
int secret_read_text(const char *path, size_t max, char **ret_text, struct err *e);
/*
 * Like secret_read_text, but refuses a file that group or others may read or write; the error has
 * the chmod command. Credentials of systemd are accepted whatever their mode. ERR_NOTFOUND: a
 * credential that cannot be read here, which may be right all the same.
 */
int secret_read_private(const char *path, size_t max, char **ret_text, struct err *e);
/* Reads the one secret in a file, without the white space around it. */
int secret_read(const char *path, char **ret_secret, struct err *e);
/*
 * Returns $CREDENTIALS_DIRECTORY, which systemd sets for a unit with credentials. Other commands do
 * not have it: for them it is the directory of bentospool.service.
 */
const char *secret_credentials_directory(void);
/* Whether the path is that of a credential, which the service manager protects. */
bool secret_is_credential(const char *path);
/* Whether group or others may read the file; false when that is unknown. */
bool secret_is_exposed(const char *path);

#endif
