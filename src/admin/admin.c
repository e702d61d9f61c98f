/*
 * The life of the admin listener: it binds on the main thread, so that a start fails with the
 * reason, and serves on its own. The end wakes the thread by an eventfd. A request that waits for a
 * hanging disk delays the end, like every other reader of the database.
 */
#include "admin/admin.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admin/act/act.h"
#include "admin/metrics/process.h"
#include "admin/overview.h"
#include "admin/state.h"
#include "tls/context.h"

#define AUDIT_LOG_MS 60000

/* Whether clients of the address prove who they are. */
static bool
proves(const struct listen_address *address, const struct admin_options *o)
{
	return address->is_tls && (tls_context_asks_clients(o->tls) || o->read_token[0] != '\0');
}

static int
open_server(struct admin *a, const struct admin_options *o, struct err *e)
{
	const struct server_options so = {
		.name = "admin",
		.max_body = ADMIN_MAX_BODY,
		.limits = { .max_bytes = 16384, .max_headers = 100 },
		.max_connections = ADMIN_MAX_CONNECTIONS,
		.max_buffered_bytes = (size_t)ADMIN_MAX_CONNECTIONS * ADMIN_MAX_BODY,
		.max_content = ADMIN_MAX_REPLY,
		.headers = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
			   "Content-Security-Policy: default-src 'none'; script-src 'self'; "
			   "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
			   "form-action 'none'; frame-ancestors 'none'\r\n"
			   "Cross-Origin-Resource-Policy: same-origin\r\n"
			   "Referrer-Policy: no-referrer\r\n",
		.request_timeout_ms = 10000,
		.idle_timeout_ms = 120000,
		.answer_timeout_ms = ADMIN_ANSWER_MS,
		.closes_slow = true,
		.ends_with_client = true,
		.challenge = "Bearer realm=\"bentospool\"",
		.clock = o->clock,
	};
	const struct server_hooks hooks = { admin_on_head, admin_on_body, admin_on_refused,
		admin_on_gone, a, NULL };

	if (server_new(&so, &hooks, a->base, &a->server, e) != 0)
		return -1;
	if (o->tls != NULL)
		server_use_tls(a->server, o->tls);
	for (size_t i = 0; i < o->n_listen; i++) {
		struct listen_address address;

		if (listen_parse(o->listen[i], &address, e) != 0)
			return -1;
		if (!address.local && !proves(&address, o))
			return err_set(e, ERR_INPUT,
			    "admin: other machines can reach %s: listen on a loopback address or "
			    "a unix socket; or use TLS, and a token for reading or certificates of "
			    "clients",
			    o->listen[i]);
		if (server_listen(a->server, o->listen[i], o->inherited, e) != 0)
			return err_wrap(e, "admin");
	}
	return 0;
}

void
admin_take_tokens(struct admin *a)
{
	struct who_tokens *next = atomic_exchange(&a->next_tokens, NULL);

	if (next != NULL)
		who_use_tokens(&a->who, next);
	free(next);
}

const struct config *
admin_config(struct admin *a)
{
	struct config *next = atomic_exchange(&a->next_config, NULL);

	if (next != NULL) {
		config_free(a->config);
		a->config = next;
	}
	return a->config;
}

/* Takes over what admin_use_tls has left. */
static void
take_tls(struct admin *a)
{
	struct tls_context *next = atomic_exchange(&a->next_tls, NULL);

	if (next != NULL)
		server_use_tls(a->server, next);
	tls_context_free(next);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof(n)); /* it is readable, or another wake has been read with it */
	take_tls(a);
	admin_take_tokens(a);
	if (!atomic_load(&a->ending))
		return;
	act_stop_all(a);
	event_base_loopbreak(a->base);
}

static int
open_wake(struct admin *a, struct err *e)
{
	a->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (a->wake_fd < 0)
		return err_sys(e, "admin: cannot create an eventfd");
	event_assign(&a->wake_event, a->base, a->wake_fd, EV_READ | EV_PERSIST, on_wake, a);
	if (event_add(&a->wake_event, NULL) != 0)
		return err_nomem(e);
	a->waking = true;
	return 0;
}

static void
on_sample(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	overview_sample(arg);
}

static int
open_samples(struct admin *a, struct err *e)
{
	const struct timeval period = { .tv_sec = ADMIN_SAMPLE_S };

	overview_begin(a);
	event_assign(&a->sample_event, a->base, -1, EV_PERSIST, on_sample, a);
	if (event_add(&a->sample_event, &period) != 0)
		return err_nomem(e);
	a->sampling = true;
	return 0;
}

int
admin_new(const struct admin_options *o, struct admin **ret_admin, struct err *e)
{
	struct admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return err_nomem(e);
	a->o = *o;
	shared_hold(&o->config->shared);
	a->config = o->config;
	a->wake_fd = -1;
	a->started_ms = process_started(o->clock);
	atomic_store(&a->reloaded_ms, clock_wall(o->clock));
	a->certificates = calloc(o->n_certificates + 1, sizeof(const struct tls_meter *));
	a->database = strdup(o->database);
	a->control = strdup(o->control);
	a->base = event_base_new();
	if (a->certificates == NULL || a->database == NULL || a->control == NULL
	    || a->base == NULL) {
		admin_free(a);
		return err_nomem(e);
	}
	if (who_tokens_make(o->read_token, o->act_token, &a->who.tokens) != 0) {
		admin_free(a);
		return err_nomem(e);
	}
	a->o.listen = NULL;
	a->o.read_token = a->o.act_token = NULL;
	a->o.inherited = NULL;
	for (size_t i = 0; i < o->n_certificates; i++)
		a->certificates[i] = o->certificates[i];
	a->o.certificates = a->certificates;
	a->o.database = a->database;
	a->o.control = a->control;
	if (open_wake(a, e) != 0 || open_samples(a, e) != 0 || open_server(a, o, e) != 0) {
		admin_free(a);
		return -1;
	}
	*ret_admin = a;
	return 0;
}

const char *
admin_address(const struct admin *a, size_t i)
{
	return server_address(a->server, i);
}

static void *
run(void *arg)
{
	const struct admin *a = arg;

	if (event_base_dispatch(a->base) < 0)
		log_error("admin: the event loop failed: metrics and health checks are not served "
			  "until a restart");
	return NULL;
}

int
admin_start(struct admin *a, struct err *e)
{
	sigset_t all, before;
	int rc;

	/* Signals go to the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, "cannot start the admin listener's thread");
	a->running = true;
	return 0;
}

void
admin_note_reload(struct admin *a, bool done)
{
	if (a == NULL)
		return;
	atomic_store(&a->reload_failed, !done);
	if (done)
		atomic_store(&a->reloaded_ms, clock_wall(a->o.clock));
}

void
admin_note_stopping(struct admin *a)
{
	if (a != NULL)
		atomic_store(&a->stopping, true);
}

static void
wake(struct admin *a)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(a->wake_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

void
admin_use_config(struct admin *a, struct config *config)
{
	if (a == NULL)
		return;
	shared_hold(&config->shared);
	/* The thread takes it over when it needs it next. */
	config_free(atomic_exchange(&a->next_config, config));
}

void
admin_use_tls(struct admin *a, struct tls_context *tls)
{
	if (a == NULL)
		return;
	tls_context_free(atomic_exchange(&a->next_tls, tls_context_hold(tls)));
	wake(a);
}

int
admin_prepare_tokens(struct admin *a, const char *read_token, const char *act_token, struct err *e)
{
	struct who_tokens *next;

	if (a == NULL)
		return 0;
	admin_cancel_tokens(a);
	next = malloc(sizeof(*next));
	if (next == NULL || who_tokens_make(read_token, act_token, next) != 0) {
		free(next);
		return err_nomem(e);
	}
	a->prepared = next;
	return 0;
}

void
admin_commit_tokens(struct admin *a)
{
	if (a == NULL || a->prepared == NULL)
		return;
	free(atomic_exchange(&a->next_tokens, a->prepared));
	a->prepared = NULL;
	wake(a);
}

void
admin_cancel_tokens(struct admin *a)
{
	if (a == NULL)
		return;
	free(a->prepared);
	a->prepared = NULL;
}

static void
stop(struct admin *a)
{
	atomic_store(&a->ending, true);
	wake(a);
	pthread_join(a->thread, NULL);
	a->running = false;
}

void
admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	if (a->running)
		stop(a);
	server_free(a->server);
	tls_context_free(atomic_load(&a->next_tls));
	config_free(atomic_load(&a->next_config));
	config_free(a->config);
	free(atomic_load(&a->next_tokens));
	admin_cancel_tokens(a);
	outbox_audit_close(a->audit);
	facts_free(&a->facts);
	doctor_end(&a->doctor);
	if (a->waking)
		event_del(&a->wake_event);
	if (a->sampling)
		event_del(&a->sample_event);
	if (a->wake_fd >= 0)
		close(a->wake_fd);
	if (a->base != NULL)
		event_base_free(a->base);
	free(a->certificates);
	free(a->database);
	free(a->control);
	free(a);
}

/* ---- the database --------------------------------------------------------------------------- */

struct outbox_audit *
admin_audit(struct admin *a, struct err *e)
{
	if (a->audit == NULL && outbox_audit_open(a->database, &a->audit, e) != 0)
		return NULL;
	return a->audit;
}

void
admin_audit_failed(struct admin *a, const struct err *e)
{
	unsigned left_out;

	outbox_audit_close(a->audit);
	a->audit = NULL;
	if (log_limit_pass(&a->audit_log, clock_mono(a->o.clock), AUDIT_LOG_MS, &left_out))
		log_warn("admin: cannot read the database: %s (%u more since the last such line)",
		    e->text, left_out);
}
