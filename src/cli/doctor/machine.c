/*
 * Checks the machine: versions of libraries against known defects, the clock, and the limit of open
 * files. The tables of defects come from the makers' own pages; add new ones here.
 */
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
#include "daemon/daemon.h"
#include "dispatch/transport/transport.h"
#include "http/gzip.h"
#include "outbox/read/audit.h"

void
doctor_report(struct doctor *d, enum doctor_grade grade, const char *what, const char *remedy,
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
	d->report(d->arg, &f);
}

/*
 * SQLite's "WAL-Reset Bug" (sqlite.org): two connections that checkpoint at once can corrupt the
 * WAL. Fixed in 3.51.3, 3.50.7 and 3.44.6. bentospool checkpoints from one connection only, so the
 * bug matters only when a shell writes to the database, too.
 */
const char *
doctor_sqlite_defect(const char *version)
{
	long minor, patch;
	bool fixed;
	char *end;

	if (strncmp(version, "3.", 2) != 0)
		return NULL;
	minor = strtol(version + 2, &end, 10);
	patch = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	fixed = minor > 51 || (minor == 51 && patch >= 3) || (minor == 50 && patch >= 7)
		|| (minor == 44 && patch >= 6);
	return fixed ? NULL
		     : "two programs that write at once can damage the database; bentospool alone "
		       "is not affected";
}

/* Turns "8.11.1" into one number that grows with the version. */
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

/* From curl.se/docs/security.html: the defects that affect an HTTP/1.1 client with threads. */
void
doctor_curl_defects(const char *version, char ret_text[DOCTOR_TEXT])
{
	static const struct {
		const char *first, *last, *words;
	} known[] = {
		{ "7.84.0", "8.2.1",
		    "CVE-2023-38039 (a response with endless headers fills the memory)" },
		{ "7.69.0", "8.3.0", "CVE-2023-38545 (heap overflow, with a socks5h proxy only)" },
		{ "8.11.1", "8.11.1",
		    "CVE-2025-0665 (closes a descriptor twice, possibly the database's)" },
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
		doctor_report(d, DOCTOR_PROBLEM, "sqlite", "install the system's SQLite",
		    "SQLite %s was built without %s, which bentospool needs", sqlite, lack);
	if (defect != NULL)
		doctor_report(d, DOCTOR_NOTE, "sqlite",
		    "open the database only with sqlite3 -readonly; update SQLite when the system "
		    "offers it",
		    "SQLite %s: %s", sqlite, defect);
}

static void
check_libraries(struct doctor *d)
{
	const char *curl, *tls;
	char defects[DOCTOR_TEXT];

	transport_curl_versions(&curl, &tls);
	doctor_report(d, DOCTOR_OK, "libraries", NULL,
	    "SQLite %s, libcurl %s, %s, libevent %s, zlib %s, cJSON %s", outbox_audit_library(),
	    curl, tls, event_get_version(), gzip_library(), cJSON_Version());
	check_sqlite(d);
	doctor_curl_defects(curl, defects);
	if (defects[0] != '\0')
		doctor_report(d, DOCTOR_NOTE, "libcurl",
		    "update libcurl when the system offers it; distributions fix defects without a "
		    "new version number (Debian 12: 7.88.1-10+deb12u15 is fixed)",
		    "libcurl %s, as released upstream, has %s", curl, defects);
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

	if (clock_wall(&clock_system) < CLOCK_FLOOR)
		doctor_report(d, DOCTOR_PROBLEM, "clock",
		    "set the clock, and keep it right with systemd-timesyncd, chrony or ntpd",
		    "the clock shows a time before 2026: dates and ages would be wrong");
	else if (!doctor_clock_is_kept(state, t.status))
		doctor_report(d, DOCTOR_NOTE, "clock",
		    "synchronize the clock with systemd-timesyncd, chrony or ntpd (for a "
		    "container, on the host)",
		    "the kernel reports that the clock is not synchronized");
	else
		doctor_report(d, DOCTOR_OK, "clock", NULL, "synchronized");
}

static void
check_limits(struct doctor *d)
{
	rlim_t want = (rlim_t)daemon_files(d->config);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < want)
		doctor_report(d, DOCTOR_PROBLEM, "open files",
		    "raise LimitNOFILE of the unit (or ulimit -Hn), or lower max_connections",
		    "at most %llu files may be open, but max_connections needs %llu",
		    (unsigned long long)limit.rlim_max, (unsigned long long)want);
	else
		doctor_report(d, DOCTOR_OK, "open files", NULL, "enough for max_connections");
}

void
doctor_machine(struct doctor *d)
{
	check_libraries(d);
	check_clock(d);
	if (d->config != NULL)
		check_limits(d);
}
