/* The criteria of a search for events, as parameters: those of the verbs' filters. Pure. */
#ifndef ADMIN_READ_CRITERIA_H
#define ADMIN_READ_CRITERIA_H

#include "admin/read/params.h"
#include "outbox/filter/filter.h"

/* Their names, for a list of known parameters. */
#define CRITERIA_NAMES                                                                             \
	"id", "site", "status", "reason", "kind", "name", "email", "message_id", "error",          \
	    "http_status", "via", "since", "until"

/* Fills in an initialized filter. ERR_INPUT names the parameter that is wrong. */
int criteria_parse(const struct params *p, struct outbox_filter *f, struct err *e);

#endif
