/*
 * What doctor looks at: each check says how it found things, and what to do where that is not well.
 * Main thread.
 */
#ifndef CLI_DOCTOR_DOCTOR_H
#define CLI_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

enum doctor_grade { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_PROBLEM };

#define DOCTOR_TEXT 400

struct doctor_finding {
	enum doctor_grade grade;
	const char *what;         /* "disk" */
	char found[DOCTOR_TEXT];  /* a sentence */
	char remedy[DOCTOR_TEXT]; /* "" when all is well */
};

struct doctor {
	const struct config *config; /* NULL: it cannot be read at all */
	bool refused;                /* serve would refuse it: no secrets are in it */
	void (*tell)(void *arg, const struct doctor_finding *f);
	void *arg;
	enum doctor_grade worst;
};

void doctor_tell(struct doctor *d, enum doctor_grade grade, const char *what, const char *remedy,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * doctor_settings.c: why the configuration is refused and what to do about it. config is what can
 * be read of it all the same; file: where it is, NULL: nowhere.
 */
void doctor_settings_refused(struct doctor *d, const char *file, const struct err *why);
/* doctor_machine.c: libraries, clock, limits of the process. */
void doctor_machine(struct doctor *d);
/* doctor_files.c: the database's folder, its file system, syncing, modes, space, the file itself.
 */
void doctor_files(struct doctor *d);
/* doctor_net.c: the daemon, where it listens and what it says there; else whether serve could. Of a
 * configuration that is refused: only whether a daemon runs. */
void doctor_net(struct doctor *d);
/* doctor_bento.c: each host's name and certificate, each site's keys. */
void doctor_bento(struct doctor *d);

/* What is known against a version of SQLite; NULL: nothing. Pure. */
const char *doctor_sqlite_defect(const char *version);
/* What is known against a version of libcurl and matters here; "": nothing. Pure. */
void doctor_curl_defects(const char *version, char ret_text[DOCTOR_TEXT]);
/* Whether the clock is kept in step, by what adjtimex gave and its status; not when it failed.
 * Pure. */
bool doctor_clock_is_kept(int state, int status);
/* Whether syncs this quick (the middle one of some, in microseconds) can be true. Pure. */
bool doctor_sync_is_plausible(int64_t median_us);

#endif
