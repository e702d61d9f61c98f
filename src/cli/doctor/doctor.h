/*
 * The checks of doctor. Each reports findings: what it looked at, what it found, and a remedy when
 * something is wrong. Main thread.
 */
#ifndef CLI_DOCTOR_DOCTOR_H
#define CLI_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct cJSON;

enum doctor_grade { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_PROBLEM };

#define DOCTOR_TEXT 400

struct doctor_finding {
	enum doctor_grade grade;
	const char *what;         /* "disk" */
	char found[DOCTOR_TEXT];  /* a sentence */
	char remedy[DOCTOR_TEXT]; /* "" when nothing is wrong */
};

struct doctor {
	const struct config *config; /* NULL when the configuration cannot be read at all */
	bool refused; /* serve would refuse this configuration, which was therefore loaded without
			 secrets */
	void (*report)(void *arg, const struct doctor_finding *f);
	void *arg;
	enum doctor_grade worst;
};

void doctor_report(struct doctor *d, enum doctor_grade grade, const char *what, const char *remedy,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Reports why the configuration is refused. file: the path of the configuration, NULL for none. */
void doctor_settings_refused(struct doctor *d, const char *file, const struct err *why);
/* Checks libraries, the clock and the limits of the process. */
void doctor_machine(struct doctor *d);
/* Checks the database's directory: file system, syncing, free space. False when it cannot be
 * used. */
bool doctor_disk(struct doctor *d);
/* Checks the database: modes, sizes, and whether it is damaged. */
void doctor_database(struct doctor *d);
/*
 * Checks the daemon and its listeners, or without a daemon whether serve could listen. When the
 * configuration is refused, checks only whether the daemon runs.
 */
void doctor_network(struct doctor *d);
/* Checks the certificates of TLS listeners, and of sites as clients: those in use, from the
 * daemon's answer to a ping; without an answer those in the files. */
void doctor_certificates(struct doctor *d, const struct cJSON *answer);
/* Checks Bento: the name and certificate of each host, the keys of each site. */
void doctor_bento(struct doctor *d);

/* Known defects of a version of SQLite; NULL for none. Pure. */
const char *doctor_sqlite_defect(const char *version);
/* Known defects of a version of libcurl that matter here; "" for none. Pure. */
void doctor_curl_defects(const char *version, char ret_text[DOCTOR_TEXT]);
/* Whether the clock is synchronized, from adjtimex's result and status. Pure. */
bool doctor_clock_is_kept(int state, int status);
/* Whether a median sync time (in microseconds) is possible on a disk. Pure. */
bool doctor_sync_is_plausible(int64_t median_us);

#endif
