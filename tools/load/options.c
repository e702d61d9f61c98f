/* The command line options of the load generator. A wrong option is an error with a message. */
#include "load/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const char help[] =
    "spool-load [options]: sends Segment events over keep-alive connections and measures.\n"
    "It retries nothing: each event is sent once and counted by its answer.\n"
    "\n"
    "  --url http://HOST:PORT   send to this address, or\n"
    "  --url https://HOST:PORT  the same with TLS; the certificate is not checked; or\n"
    "  --unix PATH              send to this unix socket\n"
    "  --connections N          1 to 4096, default 1\n"
    "  --events N               how many; default 10000, or no limit with --duration\n"
    "  --duration SECONDS       start no more requests after this time\n"
    "  --batch N                events per request to /v1/batch; 0 (default): /v1/track, one each\n"
    "  --size BYTES             of one event, 512 to 1000000, default 1024\n"
    "  --ids ordered|random     messageIds: time-ordered (UUIDv7, default) or UUIDv4\n"
    "  --write-key KEY          as the Basic user name\n"
    "  --rate N                 events a second at most\n"
    "  --acked FILE             append the messageIds of every request that was answered 200\n"
    "  --patience SECONDS       give up after this long without a connection, default 10\n"
    "  --json                   print the result as one JSON object\n"
    "\n"
    "Exit: 0 the run was completed, whatever the answers were; 1 it was not; 2 usage.\n";

enum {
	OPT_URL = 1,
	OPT_UNIX,
	OPT_CONNECTIONS,
	OPT_EVENTS,
	OPT_DURATION,
	OPT_BATCH,
	OPT_SIZE,
	OPT_IDS,
	OPT_WRITE_KEY,
	OPT_RATE,
	OPT_ACKED,
	OPT_PATIENCE,
	OPT_JSON,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "url", required_argument, NULL, OPT_URL },
	{ "unix", required_argument, NULL, OPT_UNIX },
	{ "connections", required_argument, NULL, OPT_CONNECTIONS },
	{ "events", required_argument, NULL, OPT_EVENTS },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "batch", required_argument, NULL, OPT_BATCH },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "ids", required_argument, NULL, OPT_IDS },
	{ "write-key", required_argument, NULL, OPT_WRITE_KEY },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "acked", required_argument, NULL, OPT_ACKED },
	{ "patience", required_argument, NULL, OPT_PATIENCE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int
parse_number(
    const char *name, const char *text, int64_t min, int64_t max, int64_t *ret_n, struct err *e)
{
	if (number_parse(text, min, max, ret_n) != 0)
		return err_set(e, ERR_INPUT, "%s: %s is not a number from %lld to %lld", name, text,
		    (long long)min, (long long)max);
	return 0;
}

static int
parse_positive(const char *name, const char *text, double *ret_x, struct err *e)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end != '\0' || !(x > 0) || x > 1e9)
		return err_set(e, ERR_INPUT, "%s: %s is not a positive number", name, text);
	*ret_x = x;
	return 0;
}

static int
parse_url(const char *url, struct load_options *o, struct err *e)
{
	const char *host = strstr(url, "://"), *colon;
	size_t n_port;

	o->tls = strncmp(url, "https://", 8) == 0;
	if ((!o->tls && strncmp(url, "http://", 7) != 0)
	    || (colon = strrchr(host += 3, ':')) == NULL)
		return err_set(e, ERR_INPUT, "--url: %s is not http[s]://HOST:PORT", url);
	n_port = strspn(colon + 1, "0123456789");
	if (n_port == 0 || n_port >= sizeof(o->port) || strspn(colon + 1 + n_port, "/") > 1
	    || colon == host || (size_t)(colon - host) >= sizeof(o->host))
		return err_set(e, ERR_INPUT, "--url: %s is not http[s]://HOST:PORT", url);
	if (host[0] == '[' && colon[-1] == ']') {
		host++;
		snprintf(o->host, sizeof(o->host), "%.*s", (int)(colon - 1 - host), host);
	} else {
		snprintf(o->host, sizeof(o->host), "%.*s", (int)(colon - host), host);
	}
	snprintf(o->port, sizeof(o->port), "%.*s", (int)n_port, colon + 1);
	return 0;
}

static int
parse_ids(const char *text, struct load_options *o, struct err *e)
{
	if (strcmp(text, "ordered") == 0)
		o->ids = LOAD_IDS_ORDERED;
	else if (strcmp(text, "random") == 0)
		o->ids = LOAD_IDS_RANDOM;
	else
		return err_set(e, ERR_INPUT, "--ids: %s is neither ordered nor random", text);
	return 0;
}

static int
parse_whole(int opt, struct load_options *o, struct err *e)
{
	int64_t n = 0;

	if (opt == OPT_CONNECTIONS) {
		if (parse_number("--connections", optarg, 1, LOAD_MAX_CONNECTIONS, &n, e) != 0)
			return -1;
		o->connections = (unsigned)n;
	} else if (opt == OPT_EVENTS) {
		if (parse_number("--events", optarg, 1, INT64_C(1) << 40, &n, e) != 0)
			return -1;
		o->events = (uint64_t)n;
	} else if (opt == OPT_BATCH) {
		if (parse_number("--batch", optarg, 0, LOAD_MAX_BATCH, &n, e) != 0)
			return -1;
		o->batch = (unsigned)n;
	} else {
		if (parse_number("--size", optarg, LOAD_MIN_EVENT, LOAD_MAX_EVENT, &n, e) != 0)
			return -1;
		o->size = (size_t)n;
	}
	return 0;
}

static int
parse_option(int opt, struct load_options *o, struct err *e)
{
	switch (opt) {
	case OPT_URL:
		return parse_url(optarg, o, e);
	case OPT_UNIX:
		o->unix_path = optarg;
		return 0;
	case OPT_IDS:
		return parse_ids(optarg, o, e);
	case OPT_WRITE_KEY:
		o->write_key = optarg;
		return 0;
	case OPT_ACKED:
		o->acked_path = optarg;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_RATE:
		return parse_positive("--rate", optarg, &o->rate, e);
	case OPT_DURATION:
		return parse_positive("--duration", optarg, &o->duration, e);
	case OPT_PATIENCE:
		return parse_positive("--patience", optarg, &o->patience, e);
	case OPT_CONNECTIONS:
	case OPT_EVENTS:
	case OPT_BATCH:
	case OPT_SIZE:
		return parse_whole(opt, o, e);
	}
	return err_set(e, ERR_INPUT, "see --help");
}

static int
check_options(struct load_options *o, struct err *e)
{
	if ((o->host[0] == '\0') == (o->unix_path == NULL))
		return err_set(e, ERR_INPUT, "one of --url and --unix is needed");
	if (o->size * (o->batch == 0 ? 1 : o->batch) > LOAD_MAX_REQUEST)
		return err_set(
		    e, ERR_INPUT, "--batch times --size is more than %u bytes", LOAD_MAX_REQUEST);
	if (o->write_key != NULL && strlen(o->write_key) > 200)
		return err_set(e, ERR_INPUT, "--write-key: more than 200 bytes");
	if (o->events == 0 && o->duration == 0)
		o->events = 10000;
	return 0;
}

int
load_options_parse(int argc, char **argv, struct load_options *ret_o, struct err *e)
{
	struct load_options o = { .connections = 1, .size = 1024, .patience = 10 };
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			fputs(help, stdout);
			return 1;
		}
		if (parse_option(opt, &o, e) != 0)
			return -1;
	}
	if (optind < argc)
		return err_set(e, ERR_INPUT, "%s: unexpected argument", argv[optind]);
	if (check_options(&o, e) != 0)
		return -1;
	*ret_o = o;
	return 0;
}
