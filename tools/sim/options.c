/* The command line options of the simulator. A wrong option is an error with a message. */
#include "sim/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sim/limit.h"
#include "sim/unique.h"

enum {
	OPT_LISTEN = 1,
	OPT_CONTROL,
	OPT_RECORD,
	OPT_RECORD_SUPPRESSED,
	OPT_REQUESTS,
	OPT_KEY,
	OPT_SITE_UUID,
	OPT_FAULT,
	OPT_INVALID,
	OPT_OVER_LIMIT,
	OPT_SUPPRESSED,
	OPT_UNIQUE_SCOPE,
	OPT_DENIED,
	OPT_OK,
	OPT_MAX_EVENTS,
	OPT_MAX_BODY,
	OPT_REMEMBER,
	OPT_LIMIT,
	OPT_LIMIT_WINDOW,
	OPT_LIMIT_PENALTY,
	OPT_LIMIT_RETRY_AFTER,
	OPT_SEED,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "record", required_argument, NULL, OPT_RECORD },
	{ "record-suppressed", no_argument, NULL, OPT_RECORD_SUPPRESSED },
	{ "requests", required_argument, NULL, OPT_REQUESTS },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "site-uuid", required_argument, NULL, OPT_SITE_UUID },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "invalid", required_argument, NULL, OPT_INVALID },
	{ "over-limit", required_argument, NULL, OPT_OVER_LIMIT },
	{ "suppressed", required_argument, NULL, OPT_SUPPRESSED },
	{ "unique-scope", required_argument, NULL, OPT_UNIQUE_SCOPE },
	{ "denied", required_argument, NULL, OPT_DENIED },
	{ "ok", required_argument, NULL, OPT_OK },
	{ "max-events", required_argument, NULL, OPT_MAX_EVENTS },
	{ "max-body", required_argument, NULL, OPT_MAX_BODY },
	{ "remember", required_argument, NULL, OPT_REMEMBER },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "limit-window", required_argument, NULL, OPT_LIMIT_WINDOW },
	{ "limit-penalty", required_argument, NULL, OPT_LIMIT_PENALTY },
	{ "limit-retry-after", no_argument, NULL, OPT_LIMIT_RETRY_AFTER },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Options with a fixed choice of words: the position of the word is the value of the enum. */
static int
parse_choice(const char *name, const char *const *choices, int *ret_choice, struct err *e)
{
	char list[128] = "";
	size_t n = 0;

	for (int i = 0; choices[i] != NULL; i++) {
		if (strcmp(optarg, choices[i]) == 0) {
			*ret_choice = i;
			return 0;
		}
		n += (size_t)snprintf(list + n, sizeof(list) - n, " %s", choices[i]);
	}
	return err_set(e, ERR_INPUT, "--%s %s: the choices are:%s", name, optarg, list);
}

static int
parse_chosen(int opt, struct sim_options *o, struct err *e)
{
	static const char *const invalid[] = { "failed", "422", NULL };
	static const char *const over[] = { "400", "413", "422", "accept", "first", NULL };
	static const char *const suppressed[] = { "results", "failed", NULL };
	static const char *const scope[] = { "site", "type", NULL };
	static const char *const denied[] = { "json", "text", NULL };
	static const char *const ok[] = { "200", "201", NULL };
	int choice = 0, rc = 0;

	if (opt == OPT_INVALID) {
		rc = parse_choice("invalid", invalid, &choice, e);
		o->invalid = (enum sim_invalid)choice;
	} else if (opt == OPT_OVER_LIMIT) {
		rc = parse_choice("over-limit", over, &choice, e);
		o->over = (enum sim_over)choice;
	} else if (opt == OPT_SUPPRESSED) {
		rc = parse_choice("suppressed", suppressed, &choice, e);
		o->suppressed = (enum sim_suppressed)choice;
	} else if (opt == OPT_UNIQUE_SCOPE) {
		rc = parse_choice("unique-scope", scope, &choice, e);
		o->scope = (enum sim_scope)choice;
	} else if (opt == OPT_DENIED) {
		rc = parse_choice("denied", denied, &choice, e);
		o->denied = (enum sim_denied)choice;
	} else {
		rc = parse_choice("ok", ok, &choice, e);
		o->ok_status = choice == 0 ? 200 : 201;
	}
	return rc;
}

static int
parse_number(const char *name, int64_t min, int64_t max, int64_t *ret_n, struct err *e)
{
	if (number_parse(optarg, min, max, ret_n) != 0)
		return err_set(e, ERR_INPUT, "--%s %s: a whole number from %lld to %lld is needed",
		    name, optarg, (long long)min, (long long)max);
	return 0;
}

static int
parse_size(const char *name, size_t min, size_t max, size_t *ret_n, struct err *e)
{
	int64_t n;

	if (parse_number(name, (int64_t)min, (int64_t)max, &n, e) != 0)
		return -1;
	*ret_n = (size_t)n;
	return 0;
}

static int
parse_seed(uint64_t *ret_seed, struct err *e)
{
	int64_t n;

	if (parse_number("seed", 0, INT64_MAX, &n, e) != 0)
		return -1;
	*ret_seed = (uint64_t)n;
	return 0;
}

static int
parse_seconds(const char *name, int64_t *ret_ms, struct err *e)
{
	char *end;
	double x = strtod(optarg, &end);

	if (end == optarg || *end != '\0' || !(x >= 0.001) || x > 86400)
		return err_set(
		    e, ERR_INPUT, "--%s %s: seconds from 0.001 to 86400 are needed", name, optarg);
	*ret_ms = (int64_t)(x * 1000 + 0.5);
	return 0;
}

static int
parse_key(struct sim_options *o, struct err *e)
{
	const char *colon = strchr(optarg, ':');

	if (colon == NULL || colon == optarg || colon[1] == '\0')
		return err_set(e, ERR_INPUT, "--key: PUBLISHABLE:SECRET is needed");
	o->key = optarg;
	return 0;
}

static int
parse_option(int opt, struct sim_options *o, struct err *e)
{
	switch (opt) {
	case OPT_LISTEN:
		o->listen = optarg;
		return 0;
	case OPT_CONTROL:
		o->control = optarg;
		return 0;
	case OPT_RECORD:
		o->record_path = optarg;
		return 0;
	case OPT_RECORD_SUPPRESSED:
		o->record_suppressed = true;
		return 0;
	case OPT_REQUESTS:
		o->requests_path = optarg;
		return 0;
	case OPT_KEY:
		return parse_key(o, e);
	case OPT_SITE_UUID:
		o->site_uuid = optarg;
		return 0;
	case OPT_FAULT:
		return fault_list_add(&o->faults, slice_from(optarg), e);
	case OPT_MAX_EVENTS:
		return parse_size("max-events", 1, SIM_MAX_EVENTS, &o->max_events, e);
	case OPT_MAX_BODY:
		return parse_size("max-body", 1, SIM_MAX_BODY, &o->max_body, e);
	case OPT_REMEMBER:
		return parse_size("remember", 0, UNIQUE_MAX, &o->remember, e);
	case OPT_LIMIT:
		return parse_size("limit", 0, LIMIT_MAX, &o->limit, e);
	case OPT_LIMIT_WINDOW:
		return parse_seconds("limit-window", &o->limit_window_ms, e);
	case OPT_LIMIT_PENALTY:
		return parse_seconds("limit-penalty", &o->limit_penalty_ms, e);
	case OPT_LIMIT_RETRY_AFTER:
		o->limit_retry_after = true;
		return 0;
	case OPT_SEED:
		o->has_seed = true;
		return parse_seed(&o->seed, e);
	}
	return opt == '?' ? err_set(e, ERR_INPUT, "see --help") : parse_chosen(opt, o, e);
}

int
sim_options_parse(int argc, char **argv, struct sim_options *ret_o, struct err *e)
{
	int opt;

	*ret_o = (struct sim_options){
		.listen = "127.0.0.1:7301",
		.max_events = 1000,
		.max_body = SIM_MAX_BODY,
		.remember = 1000000,
		.ok_status = 200,
		.over = SIM_OVER_413,
		.limit_window_ms = 60000,
	};
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (opt == OPT_HELP) {
			fputs(sim_help, stdout);
			return 1;
		}
		if (parse_option(opt, ret_o, e) != 0)
			return -1;
	}
	if (optind < argc)
		return err_set(e, ERR_INPUT, "%s: unexpected argument", argv[optind]);
	if (ret_o->limit == 0 && (ret_o->limit_retry_after || ret_o->limit_penalty_ms > 0))
		return err_set(e, ERR_INPUT, "--limit-... without --limit has no effect");
	return 0;
}
