/*
 * The child is this program itself (/proc/self/exe), with the daemon's configuration, environment
 * and user, so it finds what the daemon would find. It is killed when it takes too long or prints
 * too much; then the findings so far are shown, with the reason.
 */
#include "admin/read/doctor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/body_json.h"
#include "admin/read/reading.h"
#include "admin/state.h"
#include "base/spawn.h"

#define READ_SIZE 4096
#define EXIT_TRIES 100 /* a millisecond each, for a child whose output has ended, or at the end */

/* ---- the child process ----------------------------------------------------------------------- */

/* Reaps a child that was killed, if it has died. One that waits for a disk dies only when the disk
 * answers, and nobody waits for that. */
static void
reap(struct doctor_run *d)
{
	if (d->killed != 0 && waitpid(d->killed, NULL, WNOHANG) != 0)
		d->killed = 0;
}

/* Ends the child, which has closed its output or is killed here. */
static void
stop(struct doctor_run *d)
{
	if (d->pid == 0)
		return;
	event_del(&d->event);
	close(d->fd);
	if (!d->reaped) {
		kill(d->pid, SIGKILL);
		d->killed = d->pid;
		reap(d);
	}
	d->pid = 0;
	d->reaped = false;
}

/* Whether the child, whose output has ended, exits: one that is killed has not found all. */
static bool
exits(struct doctor_run *d)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int status = 0;

	for (int i = 0; i < EXIT_TRIES && !d->reaped; i++) {
		if (i > 0)
			nanosleep(&moment, NULL);
		d->reaped = waitpid(d->pid, &status, WNOHANG) == d->pid;
	}
	return d->reaped && WIFEXITED(status);
}

/* Takes over the findings of the run that ends. */
static void
finish(struct admin *a, const char *error)
{
	struct doctor_run *d = &a->doctor;

	stop(d);
	buf_free(&d->findings);
	d->findings = d->output;
	buf_init(&d->output, DOCTOR_OUTPUT_MAX);
	snprintf(d->error, sizeof(d->error), "%s", error);
	d->has_result = true;
	d->mono_ms = clock_mono(a->o.clock);
	d->finished_at = clock_wall(a->o.clock);
}

/* Waits for more output, until the deadline. */
static int
wait_more(struct admin *a)
{
	int64_t left = a->doctor.deadline - clock_mono(a->o.clock);
	const struct timeval longest = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };

	return left > 0 ? event_add(&a->doctor.event, &longest) : -1;
}

static void
on_output(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;
	struct doctor_run *d = &a->doctor;
	char bytes[READ_SIZE];
	ssize_t n = (what & EV_READ) != 0 ? read(fd, bytes, sizeof(bytes)) : -1;

	if (n > 0)
		buf_append(&d->output, bytes, (size_t)n);
	if (d->output.failed)
		finish(a, "it found more than can be shown here: run bentospool doctor");
	else if (n == 0 && d->output.n == 0)
		finish(a, "it ended without a result");
	else if (n == 0)
		finish(a, exits(d) ? "" : "it ended before its last check");
	else if ((what & EV_TIMEOUT) != 0 || wait_more(a) != 0)
		finish(a, "it took longer than a minute and was stopped");
}

/* Runs the program with its standard output on fd. Returns an errno. */
static int
start(const struct config *c, int fd, pid_t *ret_pid)
{
	static char name[] = "bentospool", verb[] = "doctor", json[] = "--json";
	static char database[] = "--database", file[] = "--config";
	bool has_file = c->file[0] != '\0';
	char *argv[] = { name, verb, json, database, c->database, has_file ? file : NULL, c->file,
		NULL };
	const struct spawn_options o = { .output = fd, .errors = SPAWN_DISCARD };

	return spawn("/proc/self/exe", argv, environ, &o, ret_pid);
}

static void
begin(struct admin *a)
{
	struct doctor_run *d = &a->doctor;
	char error[sizeof(d->error)];
	int ends[2], rc;

	buf_free(&d->output);
	buf_init(&d->output, DOCTOR_OUTPUT_MAX);
	reap(d);
	if (d->killed != 0) {
		finish(
		    a, "the former run has not ended since it was killed: it may wait for a disk");
		return;
	}
	rc = pipe2(ends, O_CLOEXEC) == 0 ? 0 : errno;
	if (rc == 0) {
		rc = start(admin_config(a), ends[1], &d->pid);
		close(ends[1]);
		if (rc != 0)
			close(ends[0]);
	}
	if (rc != 0) {
		d->pid = 0;
		snprintf(error, sizeof(error), "it cannot be started: %s", strerror(rc));
		finish(a, error);
		return;
	}
	d->fd = ends[0];
	/* The descriptor is not made non-blocking: the child may share it. It is read when
	 * readable. */
	event_assign(&d->event, a->base, d->fd, EV_READ, on_output, a);
	d->deadline = clock_mono(a->o.clock) + DOCTOR_RUN_S * 1000;
	if (wait_more(a) != 0)
		finish(a, "it cannot be started: out of memory");
}

void
doctor_end(struct doctor_run *d)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	stop(d);
	for (int i = 0; i < EXIT_TRIES && d->killed != 0; i++) {
		nanosleep(&moment, NULL);
		reap(d);
	}
	buf_free(&d->output);
	buf_free(&d->findings);
	*d = (struct doctor_run){ 0 };
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Adds the findings; returns whether none of them is a problem. */
static bool
add_findings(const struct doctor_run *d, cJSON *to)
{
	cJSON *list = cJSON_AddArrayToObject(to, "findings");
	struct slice rest = buf_slice(&d->findings);
	bool ok = true;

	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end == NULL ? rest.n : (size_t)(end - rest.p);
		cJSON *finding = cJSON_ParseWithLength(rest.p, n);
		const cJSON *grade = cJSON_GetObjectItemCaseSensitive(finding, "grade");

		ok &= !cJSON_IsString(grade) || strcmp(grade->valuestring, "problem") != 0;
		if (finding != NULL)
			cJSON_AddItemToArray(list, finding);
		n += end != NULL;
		rest.p += n;
		rest.n -= n;
	}
	return ok;
}

static void
answer(const struct doctor_run *d, struct admin_reply *reply)
{
	cJSON *o = cJSON_CreateObject();
	bool ok;

	cJSON_AddBoolToObject(o, "running", d->pid != 0);
	cJSON_AddNumberToObject(o, "finished_at", (double)d->finished_at);
	ok = add_findings(d, o);
	if (d->has_result && d->error[0] == '\0')
		cJSON_AddBoolToObject(o, "ok", ok);
	else
		cJSON_AddNullToObject(o, "ok");
	if (d->error[0] != '\0')
		cJSON_AddStringToObject(o, "error", d->error);
	else
		cJSON_AddNullToObject(o, "error");
	body_json_print(reply, o);
}

void
doctor_get(const struct admin_request *r, struct admin_reply *reply)
{
	static const char *const known[] = { NULL };
	struct params p;

	reap(&r->admin->doctor);
	if (reading_params(r, reply, known, &p) == 0)
		answer(&r->admin->doctor, reply);
}

void
doctor_post(struct admin_request *r, struct admin_reply *reply)
{
	struct doctor_run *d = &r->admin->doctor;
	bool is_new = d->has_result && clock_mono(r->admin->o.clock) - d->mono_ms < DOCTOR_KEEP_MS;

	if (d->pid == 0 && !is_new)
		begin(r->admin);
	answer(d, reply);
}
