/*
 * The simulator's options. Filled once from the command line, then only read.
 */
#ifndef TOOLS_SIM_OPTIONS_H
#define TOOLS_SIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sim/fault.h"

#define SIM_MAX_BODY ((size_t)64 << 20)
#define SIM_MAX_EVENTS 200000 /* maximum in one batch, whatever the options say */

/* What happens to a batch that contains an invalid event; Bento does not document it. */
enum sim_invalid { SIM_INVALID_FAILED, SIM_INVALID_422 };
/* What happens to a batch with more than max_events. */
enum sim_over { SIM_OVER_400, SIM_OVER_413, SIM_OVER_422, SIM_OVER_ACCEPT, SIM_OVER_FIRST };
/* How a suppressed duplicate counts in the answer. */
enum sim_suppressed { SIM_SUPPRESSED_RESULTS, SIM_SUPPRESSED_FAILED };
enum sim_scope { SIM_SCOPE_SITE, SIM_SCOPE_TYPE };
enum sim_denied { SIM_DENIED_JSON, SIM_DENIED_TEXT };

struct sim_options {
	const char *listen;
	const char *control; /* NULL: none */
	const char *record_path;
	const char *requests_path;
	const char *key;       /* PUB:SECRET; NULL: accept any */
	const char *site_uuid; /* NULL: accept any */
	enum sim_invalid invalid;
	enum sim_over over;
	enum sim_suppressed suppressed;
	enum sim_scope scope;
	enum sim_denied denied;
	bool record_suppressed;
	size_t max_events;
	size_t max_body;
	size_t remember; /* number of unique keys; 0: no suppression */
	unsigned ok_status;
	size_t limit; /* requests in limit_window_ms; 0: no limit */
	int64_t limit_window_ms;
	int64_t limit_penalty_ms;
	bool limit_retry_after;
	uint64_t seed;
	bool has_seed;
	struct fault_list faults;
};

/* Returns 0 to run, 1 when help was printed, -1 when e says what is wrong. Borrows argv while o is
 * in use. */
int sim_options_parse(int argc, char **argv, struct sim_options *ret_o, struct err *e);

/* The text of --help. */
extern const char sim_help[];

#endif
