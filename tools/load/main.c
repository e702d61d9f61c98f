/* spool-load: a load generator for the ingest listener. See --help. */
#include <signal.h>
#include <stdio.h>

#include "load/options.h"
#include "load/report.h"
#include "load/run.h"

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

int
main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct report report;
	struct load_options o;
	struct err e;
	int rc = load_options_parse(argc, argv, &o, &e);

	if (rc == 1)
		return 0;
	if (rc < 0) {
		fprintf(stderr, "spool-load: %s\n", e.text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	rc = load_run(&o, &stop, &report, &e);
	report_print(&report, o.json, stdout);
	if (rc != 0)
		fprintf(stderr, "spool-load: %s\n", e.text);
	return rc == 0 ? 0 : 1;
}
