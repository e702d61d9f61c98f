/* Writes the configuration that init composes from its answers. Main thread. */
#ifndef CLI_RUN_INIT_FILE_H
#define CLI_RUN_INIT_FILE_H

#include <stdbool.h>

#include "base/err.h"

#define INIT_VALUE_MAX 512
#define INIT_PATH_MAX 4096

enum init_answer {
	INIT_SITE_UUID,
	INIT_PUBLISHABLE_KEY,
	INIT_SECRET_KEY,
	INIT_WRITE_KEY,
	INIT_ANSWERS
};

struct init_answers {
	char text[INIT_ANSWERS][INIT_VALUE_MAX];
	char config[INIT_PATH_MAX - 32]; /* these three are absolute paths */
	char secret_file[INIT_PATH_MAX];
	char database[INIT_PATH_MAX];
};

/* Whether this process is root and the daemon's user exists, so that it gets the files. */
bool init_has_daemon_user(void);
/* Whether a text needs no quoting in the configuration and in an HTTP header. Pure. */
bool init_is_plain(const char *text);
/* ERR_INPUT: the file exists. The secret's file may be the one that exists. */
int init_refuse_existing(const struct init_answers *a, const char *path, struct err *e);
/*
 * Writes the secret file and the configuration: both or none. ERR_INPUT when one exists. Creates
 * their directory and that of the database when these are missing.
 */
int init_write(const struct init_answers *a, struct err *e);

#endif
