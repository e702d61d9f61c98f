/*
 * Runs alarm_command for one alarm after another. alarm_raise queues an alarm, which replaces an
 * older one of the same site, and starts the command if none is running; SIGCHLD starts the next. A
 * command that cannot run, fails or takes too long is logged, and its alarm is dropped.
 */
#include "daemon/alarm.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spawn.h"

#define SITE_SIZE 128
#define N_VARIABLES 7 /* the most variables in the environment of the command */

struct waiting {
	enum alarm_event event;
	char site[SITE_SIZE];
	char text[ALARM_TEXT_SIZE];
};

struct alarm {
	const struct config_list *command;
	struct event *child; /* SIGCHLD */
	struct event *limit; /* time limit of the running command */
	pid_t pid;           /* 0: no command is running */
	struct waiting waiting[ALARM_WAITING];
	size_t n;
};

/* The name of each event, and the one that begins its subject. */
static const struct {
	const char *name;
	enum alarm_event subject;
} events[] = {
	[ALARM_SITE_PAUSED] = { "site_paused", ALARM_SITE_PAUSED },
	[ALARM_SITE_BACKING_OFF] = { "site_backing_off", ALARM_SITE_PAUSED },
	[ALARM_SITE_RESUMED] = { "site_resumed", ALARM_SITE_PAUSED },
	[ALARM_EVENTS_FAILED] = { "events_failed", ALARM_EVENTS_FAILED },
	[ALARM_STORAGE_FAILED] = { "storage_failed", ALARM_STORAGE_FAILED },
	[ALARM_STORAGE_OK] = { "storage_ok", ALARM_STORAGE_FAILED },
	[ALARM_SPACE_LOW] = { "space_low", ALARM_SPACE_LOW },
	[ALARM_SPACE_OK] = { "space_ok", ALARM_SPACE_LOW },
	[ALARM_REQUESTS_REFUSED] = { "requests_refused", ALARM_REQUESTS_REFUSED },
	[ALARM_REQUESTS_OK] = { "requests_ok", ALARM_REQUESTS_REFUSED },
	[ALARM_CERTIFICATE_TROUBLE] = { "certificate_trouble", ALARM_CERTIFICATE_TROUBLE },
	[ALARM_CERTIFICATE_OK] = { "certificate_ok", ALARM_CERTIFICATE_TROUBLE },
	[ALARM_BOX_SILENT] = { "box_silent", ALARM_BOX_SILENT },
	[ALARM_BOX_BACK] = { "box_back", ALARM_BOX_SILENT },
};

/* ---- running it ----------------------------------------------------------------------------- */

struct environment {
	char text[N_VARIABLES][ALARM_TEXT_SIZE + 64];
	char *list[N_VARIABLES + 1];
	size_t n;
};

static void
add_variable(struct environment *env, const char *name, const char *value)
{
	if (value == NULL)
		return;
	snprintf(env->text[env->n], sizeof(env->text[env->n]), "%s=%s", name, value);
	env->list[env->n] = env->text[env->n];
	env->n++;
}

static void
fill_environment(struct environment *env, const struct waiting *w)
{
	static const char *const kept[] = { "PATH", "HOME", "LANG", "TZ" };

	*env = (struct environment){ .n = 0 };
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		add_variable(env, kept[i], getenv(kept[i]));
	add_variable(env, "BENTOSPOOL_EVENT", events[w->event].name);
	add_variable(env, "BENTOSPOOL_SITE", w->site);
	add_variable(env, "BENTOSPOOL_TEXT", w->text);
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct alarm *a = arg;

	(void)fd;
	(void)what;
	log_warn("alarm_command: still running after %d s: killed", ALARM_SECONDS);
	if (a->pid != 0)
		kill(-a->pid, SIGKILL);
}

static int
run(struct alarm *a, const struct waiting *w)
{
	const struct timeval limit = { .tv_sec = ALARM_SECONDS };
	const struct spawn_options o = { STDERR_FILENO, STDERR_FILENO, .own_group = true };
	char **argv = calloc(a->command->n + 1, sizeof(*argv));
	struct environment *env = malloc(sizeof(*env));
	int rc = ENOMEM;

	if (argv != NULL && env != NULL) {
		memcpy(argv, a->command->item, a->command->n * sizeof(*argv));
		fill_environment(env, w);
		rc = spawn(argv[0], argv, env->list, &o, &a->pid);
	}
	free(argv);
	free(env);
	if (rc == 0) {
		/* Without a limit a command that hangs would hold back all later alarms. */
		if (event_add(a->limit, &limit) != 0)
			on_limit(-1, 0, a);
		return 0;
	}
	a->pid = 0;
	log_error("alarm_command: cannot run %s: %s", a->command->item[0], strerror(rc));
	return -1;
}

/* Starts the command for the next waiting alarm. When the command cannot run, logs why and drops
 * the alarm. */
static void
run_next(struct alarm *a)
{
	struct waiting first;

	while (a->pid == 0 && a->n > 0) {
		first = a->waiting[0];
		a->n--;
		memmove(a->waiting, a->waiting + 1, a->n * sizeof(*a->waiting));
		if (a->command->n > 0)
			run(a, &first);
	}
}

static void
on_child(evutil_socket_t signal, short what, void *arg)
{
	struct alarm *a = arg;
	int status;

	(void)signal;
	(void)what;
	if (a->pid == 0 || waitpid(a->pid, &status, WNOHANG) != a->pid)
		return;
	event_del(a->limit);
	a->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		log_warn("alarm_command: exit status %d", WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		log_warn("alarm_command: ended by signal %d", WTERMSIG(status));
	run_next(a);
}

/* ---- from outside --------------------------------------------------------------------------- */

int
alarm_new(struct event_base *base, const struct config_list *command, struct alarm **ret_alarm,
    struct err *e)
{
	struct alarm *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e);
	a->command = command;
	a->child = evsignal_new(base, SIGCHLD, on_child, a);
	a->limit = evtimer_new(base, on_limit, a);
	if (a->child == NULL || a->limit == NULL || event_add(a->child, NULL) != 0) {
		alarm_free(a);
		return err_nomem(e);
	}
	*ret_alarm = a;
	return 0;
}

void
alarm_set(struct alarm *a, const struct config_list *command)
{
	a->command = command;
}

void
alarm_free(struct alarm *a)
{
	if (a == NULL)
		return;
	if (a->child != NULL)
		event_free(a->child);
	if (a->limit != NULL)
		event_free(a->limit);
	free(a);
}

static struct waiting *
find_place(struct alarm *a, enum alarm_event event, const char *site)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->waiting[i].site, site) == 0
		    && events[a->waiting[i].event].subject == events[event].subject)
			return &a->waiting[i];
	return a->n == ALARM_WAITING ? NULL : &a->waiting[a->n++];
}

void
alarm_raise(struct alarm *a, enum alarm_event event, const char *site, const char *text)
{
	struct waiting *w;

	if (a->command->n == 0)
		return;
	w = find_place(a, event, site);
	if (w == NULL) {
		log_warn("alarm_command: not run for %s of %s: %d alarms are waiting already",
		    events[event].name, site, ALARM_WAITING);
		return;
	}
	w->event = event;
	snprintf(w->site, sizeof(w->site), "%s", site);
	snprintf(w->text, sizeof(w->text), "%s", text);
	run_next(a);
}
