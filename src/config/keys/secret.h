/* Reads files that hold secrets, and refuses them when other users can. Main thread. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SECRET_MAX 4096 /* bytes of one secret */

/*
 * Reads a file as NUL-terminated text of at most max bytes. The caller frees it (explicit_bzero
 * first when secret). ERR_INPUT when the file holds NUL bytes or is not regular.
 */
int secret_read_text(const char *path, size_t max, char **ret_text, struct err *e);
/*
 * Like secret_read_text, but refuses a file that group or others may read or write; the error has
 * the chmod command. Files in systemd's credentials directory are accepted: the service manager
 * protects them.
 */
int secret_read_private(const char *path, size_t max, char **ret_text, struct err *e);
/* Reads the one secret in a file, without the white space around it. */
int secret_read(const char *path, char **ret_secret, struct err *e);
/* Whether group or others may read the file; false when that is unknown. */
bool secret_is_exposed(const char *path);

#endif
