#include <cjson/cJSON.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timex.h>

#include "base/clock.h"
#include "cli/doctor/doctor.h"
#include "dispatch/transport/transport.h"
#include "ingest/http/gzip.h"
#include "outbox/read/audit.h"

#define BUILT_AFTER INT64_C(1767225600000) /* 2026-01-01: no clock is right that shows less */
#define SPARE_FILES 64                     /* beside connections */

void
doctor_tell(struct doctor *d, enum doctor_grade grade, const char *what, const char *remedy,
    const char *fmt, ...)
{
	struct doctor_finding f = { .grade = grade, .what = what };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.found, sizeof(f.found), fmt, ap);
	va_end(ap);
	if (remedy != NULL)
		snprintf(f.remedy, sizeof(f.remedy), "%s", remedy);
	if (grade > d->worst)
		d->worst = grade;
	d->tell(d->arg, &f);
}

/*
 * The corruption of the WAL that two connections could bring about when both checkpoint
 * (sqlite.org, "WAL-Reset Bug", mended in 3.51.3 and 3.50.7, 3.44.6). Here one connection alone
 * checkpoints, so it matters only beside a shell that writes.
 */
const char *
doctor_sqlite_defect(const char *version)
{
	long minor, patch;
	bool mended;
	char *end;

	if (strncmp(version, "3.", 2) != 0)
		return NULL;
	minor = strtol(version + 2, &end, 10);
	patch = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	mended = minor > 51 || (minor == 51 && patch >= 3) || (minor == 50 && patch >= 7)
		 || (minor == 44 && patch >= 6);
	return mended ? NULL
		      : "two programs that write at once can damage the file; bentospool itself is "
			"not affected, for it alone writes and checkpoints";
}

/* The parts of "8.11.1" as one number that grows with the version. */
static long
version_number_of(const char *version)
{
	long part[3] = { 0, 0, 0 };
	const char *p = version;
	char *end;

	for (int i = 0; i < 3; i++) {
		part[i] = strtol(p, &end, 10);
		if (end == p || *end != '.')
			break;
		p = end + 1;
	}
	return part[0] * 1000000 + part[1] * 1000 + part[2];
}

/* From curl.se/docs/security.html: what an HTTP/1.1 client with several threads can meet. */
void
doctor_curl_defects(const char *version, char ret_text[DOCTOR_TEXT])
{
	static const struct {
		const char *first, *last, *words;
	} known[] = {
		{ "7.84.0", "8.2.1",
		    "CVE-2023-38039 (endless headers of an answer fill the memory)" },
		{ "7.69.0", "8.3.0",
		    "CVE-2023-38545 (memory is overwritten, with a socks5h proxy only)" },
		{ "8.11.1", "8.11.1",
		    "CVE-2025-0665 (a descriptor is closed twice, be it the database's)" },
	};
	long number = version_number_of(version);
	size_t n = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (number >= version_number_of(known[i].first)
		    && number <= version_number_of(known[i].last))
			n += (size_t)snprintf(ret_text + n, DOCTOR_TEXT - n, "%s%s",
			    n > 0 ? ", " : "", known[i].words);
}

static void
check_sqlite(struct doctor *d)
{
	const char *sqlite = outbox_audit_library(), *defect = doctor_sqlite_defect(sqlite);
	const char *lack = outbox_audit_lack();

	if (lack != NULL)
		doctor_tell(d, DOCTOR_PROBLEM, "sqlite", "install the SQLite of the system",
		    "SQLite %s was built without %s: bentospool needs that", sqlite, lack);
	if (defect != NULL)
		doctor_tell(d, DOCTOR_NOTE, "sqlite",
		    "open the database with sqlite3 -readonly only; update SQLite when the system "
		    "offers it",
		    "SQLite %s: %s", sqlite, defect);
}

static void
check_libraries(struct doctor *d)
{
	const char *curl, *tls;
	char defects[DOCTOR_TEXT];

	transport_curl_versions(&curl, &tls);
	doctor_tell(d, DOCTOR_OK, "libraries", NULL,
	    "SQLite %s, libcurl %s, %s, libevent %s, zlib %s, cJSON %s", outbox_audit_library(),
	    curl, tls, event_get_version(), gzip_library(), cJSON_Version());
	check_sqlite(d);
	doctor_curl_defects(curl, defects);
	if (defects[0] != '\0')
		doctor_tell(d, DOCTOR_NOTE, "libcurl",
		    "update it when the system offers it; a distribution mends it under the same "
		    "number (Debian 12: 7.88.1-10+deb12u15 is mended)",
		    "libcurl %s as its makers released it has %s", curl, defects);
}

bool
doctor_clock_is_kept(int state, int status)
{
	return state >= 0 && state != TIME_ERROR && (status & STA_UNSYNC) == 0;
}

static void
check_clock(struct doctor *d)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	if (clock_wall(&clock_system) < BUILT_AFTER)
		doctor_tell(d, DOCTOR_PROBLEM, "clock",
		    "set the clock, and let systemd-timesyncd, chrony or ntpd keep it right",
		    "the clock shows a time before 2026: dates and ages would be wrong");
	else if (!doctor_clock_is_kept(state, t.status))
		doctor_tell(d, DOCTOR_NOTE, "clock",
		    "let systemd-timesyncd, chrony or ntpd keep the clock right (in a container "
		    "the "
		    "host does)",
		    "nothing that the kernel knows of keeps the clock in step");
	else
		doctor_tell(d, DOCTOR_OK, "clock", NULL, "kept in step");
}

static void
check_limits(struct doctor *d)
{
	rlim_t want = (rlim_t)d->config->ingest.max_connections + SPARE_FILES;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < want)
		doctor_tell(d, DOCTOR_PROBLEM, "open files",
		    "raise LimitNOFILE of the unit (or ulimit -Hn), or lower max_connections",
		    "%llu may be open, max_connections needs %llu",
		    (unsigned long long)limit.rlim_max, (unsigned long long)want);
	else
		doctor_tell(d, DOCTOR_OK, "open files", NULL, "enough for max_connections");
}

void
doctor_machine(struct doctor *d)
{
	check_libraries(d);
	check_clock(d);
	if (d->config != NULL)
		check_limits(d);
}
