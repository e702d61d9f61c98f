/*
 * torture: says whether a directory keeps what bentospool promises. It works in a directory of its
 * own there, which it removes; only when events were lost, the directory stays as evidence. A
 * signal ends the test, and there is no verdict then.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/plural.h"
#include "cli/run/torture_disk.h"
#include "cli/run/torture_rounds.h"
#include "cli/verbs.h"
#include "outbox/read/audit.h"
#include "term/progress.h"
#include "term/terminal.h"

#define TIME_DEFAULT_MS 60000
#define TIME_MAX_MS INT64_C(86400000)
#define SYNC_MS_MAX 3000
#define PATH_SIZE 4096
#define VERDICT_MAX 16384

struct torture {
	const char *directory;
	char own[PATH_SIZE]; /* the directory of its own */
	char database[PATH_SIZE + 16];
	int64_t started, time_ms;
	int stop_fd;
	struct torture_file_system fs;
	struct torture_syncs syncs;
	struct torture_results results;
	struct progress progress;
	char what[80]; /* in the line of progress */
};

/* ---- the verdict ----------------------------------------------------------------------------- */

static bool
kept(const struct torture *t)
{
	return t->results.lost == 0 && t->results.findings == 0 && !torture_is_in_memory(&t->fs);
}

/* Prints a text and empties it. Returns -1 when the text is incomplete, for lack of memory. */
static int
paragraph(const struct terminal *terminal, struct buf *text)
{
	const int rc = text->failed ? -1 : 0;

	if (text->n > 0)
		terminal_print_wrapped(terminal, 0, buf_slice(text));
	buf_clear(text);
	return rc;
}

static void
count_doubt(void *arg, const char *sentence)
{
	(void)sentence;
	++*(int *)arg;
}

static void
add_sentence(void *arg, const char *sentence)
{
	buf_printf(arg, "%s%s", ((struct buf *)arg)->n == 0 ? "" : " ", sentence);
}

static void
write_summary(const struct torture *t, struct buf *to)
{
	int doubts = 0;

	torture_doubts(&t->fs, &t->syncs, count_doubt, &doubts);
	buf_printf(to, "%s (%s%s%s) ", t->directory, t->fs.type,
	    t->fs.source[0] == '/' ? " on " : "", t->fs.source[0] == '/' ? t->fs.source : "");
	if (t->results.lost > 0 || t->results.findings > 0)
		buf_printf(to,
		    "does NOT keep its promises: acknowledged events are %s. Do not use it, and "
		    "check "
		    "the disk, the memory and the kernel's log.",
		    t->results.lost > 0 ? "gone" : "damaged");
	else if (torture_is_in_memory(&t->fs))
		buf_printf(to, "is in memory: a restart of the machine loses every event.");
	else if (doubts > 0)
		buf_printf(to, "kept its promises in this test, but there is a reason for doubt.");
	else
		buf_printf(to, "kept its promises in this test.");
}

static void
write_trials(const struct torture *t, struct buf *to)
{
	const struct torture_results *r = &t->results;

	buf_printf(to,
	    "%lld process%s stored events and %s killed, %lld could not let a file grow, and %lld "
	    "ran out of file descriptors. ",
	    (long long)r->kills, r->kills == 1 ? "" : "es", r->kills == 1 ? "was" : "were",
	    (long long)r->full, (long long)r->descriptors);
	if (r->lost > 0)
		buf_printf(to, "Of %lld acknowledged events, %lld %s lost.", (long long)r->events,
		    (long long)r->lost, r->lost == 1 ? "is" : "are");
	else
		buf_printf(to,
		    "All %lld events that they had acknowledged were there afterward, in %lld "
		    "check%s of the database.",
		    (long long)r->events, (long long)r->checks, words_plural(r->checks));
	if (r->findings > 0)
		buf_printf(to, " verify found damage in %lld place%s; the first: %s.",
		    (long long)r->findings, words_plural(r->findings), r->finding);
	if (r->lost > 0 || r->findings > 0)
		buf_printf(to, " The files are kept in %s.", t->own);
}

static void
write_ms(struct buf *to, int64_t us)
{
	buf_printf(to, us < 10000 ? "%.2f ms" : "%.0f ms", (double)us / 1000);
}

static void
write_syncs(const struct torture *t, struct buf *to)
{
	buf_printf(to, "A sync takes ");
	write_ms(to, t->syncs.median_us);
	buf_printf(to, "; 99 of 100 take at most ");
	write_ms(to, t->syncs.p99_us);
	buf_printf(to, ", and the longest of %lld took ", (long long)t->syncs.n);
	write_ms(to, t->syncs.longest_us);
	buf_append_byte(to, '.');
}

static int
print_verdict(const struct torture *t)
{
	struct terminal terminal;
	struct buf text;
	struct err e;
	int rc = 0;

	terminal_look(stdout, &terminal);
	buf_init(&text, VERDICT_MAX);
	write_summary(t, &text);
	rc |= paragraph(&terminal, &text);
	write_trials(t, &text);
	rc |= paragraph(&terminal, &text);
	write_syncs(t, &text);
	rc |= paragraph(&terminal, &text);
	torture_doubts(&t->fs, &t->syncs, add_sentence, &text);
	rc |= paragraph(&terminal, &text);
	buf_printf(&text,
	    "This test cannot see whether a sync reaches the disk: what a killed process wrote "
	    "stays in the kernel's memory. Only a power cut can tell.");
	rc |= paragraph(&terminal, &text);
	buf_free(&text);
	if (rc != 0) {
		err_nomem(&e);
		verb_fail(&e);
	}
	return rc;
}

static void
add_doubt(void *arg, const char *sentence)
{
	cJSON_AddItemToArray(arg, cJSON_CreateString(sentence));
}

static int
print_json(const struct torture *t)
{
	const struct torture_results *r = &t->results;
	cJSON *o = cJSON_CreateObject(), *doubts;
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "kills", r->kills },
		{ "full", r->full },
		{ "descriptors", r->descriptors },
		{ "checks", r->checks },
		{ "events", r->events },
		{ "lost", r->lost },
		{ "findings", r->findings },
		{ "syncs", t->syncs.n },
		{ "sync_median_us", t->syncs.median_us },
		{ "sync_p99_us", t->syncs.p99_us },
		{ "sync_longest_us", t->syncs.longest_us },
	};

	cJSON_AddBoolToObject(o, "kept", kept(t));
	cJSON_AddStringToObject(o, "directory", t->directory);
	cJSON_AddStringToObject(o, "file_system", t->fs.type);
	cJSON_AddStringToObject(o, "device", t->fs.source);
	cJSON_AddStringToObject(o, "mount_options", t->fs.options);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		cJSON_AddNumberToObject(o, numbers[i].name, (double)numbers[i].value);
	if (r->findings > 0)
		cJSON_AddStringToObject(o, "finding", r->finding);
	if (r->lost > 0 || r->findings > 0)
		cJSON_AddStringToObject(o, "evidence", t->own);
	doubts = cJSON_AddArrayToObject(o, "doubts");
	torture_doubts(&t->fs, &t->syncs, add_doubt, doubts);
	return verb_print_json(o);
}

/* ---- the test -------------------------------------------------------------------------------- */

static void
show_progress(void *arg, const struct torture_results *r)
{
	struct torture *t = arg;
	const int64_t seconds = (clock_mono(&clock_system) - t->started) / 1000;

	snprintf(t->what, sizeof(t->what), "seconds, %lld kills, %lld events", (long long)r->kills,
	    (long long)r->events);
	t->progress.what = t->what;
	t->progress.all = t->time_ms / 1000;
	progress_tell(&t->progress, seconds);
}

static int
test(struct torture *t, struct err *e)
{
	const int64_t sync_ms = t->time_ms / 10 < SYNC_MS_MAX ? t->time_ms / 10 : SYNC_MS_MAX;
	const struct torture_plan plan = {
		.database = t->database,
		.until = t->started + t->time_ms,
		.stop_fd = t->stop_fd,
		.progress = show_progress,
		.arg = t,
	};

	torture_file_system(t->own, &t->fs);
	show_progress(t, &t->results);
	if (torture_measure_syncs(t->own, sync_ms, t->stop_fd, &t->syncs, e) != 0)
		return -1;
	return torture_rounds(&plan, &t->results, e);
}

/* Removes the directory, unless it is evidence. */
static void
clean_up(const struct torture *t)
{
	if (t->results.lost > 0 || t->results.findings > 0)
		return;
	torture_remove_files(t->own);
	if (rmdir(t->own) != 0)
		fprintf(stderr, "bentospool: cannot remove %s: %s\n", t->own, strerror(errno));
}

static int
torture(struct torture *t, bool json)
{
	struct err e;
	int rc;

	t->started = clock_mono(&clock_system);
	rc = test(t, &e);
	progress_end(&t->progress);
	clean_up(t);
	if (rc == 0 && torture_is_stopped(t->stop_fd)) {
		rc = err_set(&e, ERR_STATE,
		    "interrupted after %lld kills, without a verdict: no loss so far; the files of "
		    "the test are removed",
		    (long long)t->results.kills);
	}
	if (rc != 0)
		return verb_fail(&e);
	if ((json ? print_json(t) : print_verdict(t)) != 0)
		return VERB_ERROR;
	return kept(t) ? VERB_DONE : VERB_ERROR;
}

/* ---- the directory --------------------------------------------------------------------------- */

static int
make_directory(struct torture *t, struct err *e)
{
	uint64_t free_bytes;
	struct stat st;

	if (stat(t->directory, &st) != 0)
		return err_sys(e, "cannot test %s", t->directory);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT,
		    "%s is not a directory: name the directory that the "
		    "database is or will be in",
		    t->directory);
	if (snprintf(t->own, sizeof(t->own), "%s/bentospool-torture-XXXXXX", t->directory)
	    >= (int)sizeof(t->own))
		return err_set(e, ERR_INPUT, "the path of the directory is too long");
	free_bytes = outbox_audit_free(t->own);
	if (free_bytes < TORTURE_SPACE)
		return err_set(e, ERR_FULL,
		    "%s has %llu MiB free, and the test needs %llu: free some, or test another "
		    "directory of the same disk",
		    t->directory, (unsigned long long)(free_bytes >> 20),
		    (unsigned long long)(TORTURE_SPACE >> 20));
	if (mkdtemp(t->own) == NULL)
		return err_sys(e, "cannot create a directory in %s", t->directory);
	snprintf(t->database, sizeof(t->database), "%s/spool.db", t->own);
	return 0;
}

/* From here on signals end the test in an orderly way. */
static int
take_signals(struct torture *t, struct err *e)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
		return err_sys(e, "cannot block signals");
	t->stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	return t->stop_fd >= 0 ? 0 : err_sys(e, "cannot wait for signals");
}

int
verb_torture(const struct options *o)
{
	static struct torture t;
	struct err e;

	if (o->n_operands == 0)
		return verb_usage(
		    "torture: name the directory to test: bentospool torture DIRECTORY");
	t = (struct torture){ .directory = o->operands[0],
		.time_ms = o->timeout < 0 ? TIME_DEFAULT_MS : o->timeout };
	if (t.time_ms > TIME_MAX_MS)
		return verb_usage("torture: --time may be 1d at most");
	if (take_signals(&t, &e) != 0 || make_directory(&t, &e) != 0)
		return verb_fail(&e);
	return torture(&t, o->json);
}
