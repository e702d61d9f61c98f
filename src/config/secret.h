/* Reads files that hold secrets, and refuses them when other users can. Main thread. */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SECRET_MAX 4096 /* bytes of one secret */

/*
 * A file's text, NUL-terminated, at most max bytes; free it (explicit_bzero first when secret).
 * ERR_INPUT when it holds NUL bytes or is not a regular file.
 */
int secret_read_text(const char *path, size_t max, char **ret_text, struct err *e);
/*
 * As secret_read_text, but refuses (with the chmod to type) a file that group or others may touch,
 * unless it is in systemd's credentials directory, which the service manager protects.
 */
int secret_read_private(const char *path, size_t max, char **ret_text, struct err *e);
/* The one secret in a file, without the white space around it. */
int secret_read(const char *path, char **ret_secret, struct err *e);
/* Whether group or others may read the file; false when that cannot be found out. */
bool secret_is_exposed(const char *path);

#endif
