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
	char config[INIT_PATH_MAX - 16]; /* these three are absolute paths */
	char secret_file[INIT_PATH_MAX];
	char database[INIT_PATH_MAX];
};

/* Whether a text needs no quoting in the configuration and in an HTTP header. Pure. */
bool init_is_plain(const char *text);
/* ERR_INPUT: the file exists. */
int init_refuse_existing(const char *path, struct err *e);
/* Writes the secret file and the configuration: both or none. ERR_INPUT when one exists. */
int init_write(const struct init_answers *a, struct err *e);

#endif
