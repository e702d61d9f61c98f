/* bentospool-sim: a simulated Bento. See --help. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "sim/options.h"
#include "sim/server.h"
#include "sim/sim.h"

static void
on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

static int
run_loop(struct event_base *base, struct sim *sim, struct err *e)
{
	struct event *on_term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *on_int = evsignal_new(base, SIGINT, on_signal, base);
	struct server *server = NULL;
	int rc = -1;

	if (on_term == NULL || on_int == NULL || event_add(on_term, NULL) != 0
	    || event_add(on_int, NULL) != 0) {
		err_set(e, ERR_SYSTEM, "cannot catch signals");
	} else if (server_open(&server, base, sim, e) == 0) {
		event_base_dispatch(base);
		rc = 0;
		if (server_failure(server) != NULL) {
			*e = *server_failure(server);
			rc = -1;
		}
	}
	server_close(server);
	if (on_term != NULL)
		event_free(on_term);
	if (on_int != NULL)
		event_free(on_int);
	return rc;
}

static int
run(const struct sim_options *o, struct err *e)
{
	static struct sim sim;
	struct event_base *base;
	int rc;

	if (sim_open(&sim, o, &clock_system, e) != 0)
		return -1;
	base = event_base_new();
	rc = base == NULL ? err_nomem(e) : run_loop(base, &sim, e);
	if (base != NULL)
		event_base_free(base);
	sim_close(&sim);
	return rc;
}

int
main(int argc, char **argv)
{
	static struct sim_options o;
	struct err e;
	int rc = sim_options_parse(argc, argv, &o, &e);

	if (rc == 1)
		return 0;
	if (rc < 0) {
		fprintf(stderr, "bentospool-sim: %s\n", e.text);
		return 2;
	}
	if (run(&o, &e) == 0)
		return 0;
	fprintf(stderr, "bentospool-sim: %s\n", e.text);
	return 1;
}
