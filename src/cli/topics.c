/*
 * The topics of help. The words on statuses and filters are here; those on reasons come from the
 * table that the reports use, too. bentospool-schema(7) and bentospool(1) say more.
 */
#include "cli/topics.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "event/kind.h"
#include "report/reasons.h"

static void
print_statuses(void)
{
	static const char *const words[STATUS_COUNT] = {
		[STATUS_PENDING] = "waits for its first or next attempt",
		[STATUS_DELIVERED] = "Bento accepted it",
		[STATUS_FAILED] = "Bento refused it, or it reached max_attempts or max_age",
		[STATUS_UNSUPPORTED] = "its kind is not forwarded",
		[STATUS_INVALID] = "cannot become a Bento event",
		[STATUS_HELD] = "waits for an operator",
		[STATUS_DISCARDED] =
		    "is not sent, because of an operator, a rule or the event itself",
	};

	printf("Each event has one status:\n\n");
	for (int i = 0; i < STATUS_COUNT; i++)
		printf("  %-12s %s\n", status_name((enum event_status)i), words[i]);
	printf("\nrequeue sends undelivered events again; hold keeps pending events back, and\n"
	       "release sends them; discard gives events up. undo reverses an operation.\n"
	       "Why an event has its status: bentospool help reasons\n");
}

static void
print_reasons(void)
{
	printf("Why an event has its status:\n\n");
	for (const struct reason *r = reasons; r->name != NULL; r++)
		printf("  %-26s %s\n", r->name, r->words);
	printf("\nSelect by reason: bentospool list --reason refused\n");
}

static void
print_filters(void)
{
	printf("Filters select events; an event must match all that are given:\n\n");
	options_print(OPTIONS_FILTER, stdout);
	printf("\nA GLOB is a pattern with *, ? and [abc], and matches the whole text.\n"
	       "A TIME is how long ago (90s, 15m, 2h, 3d), a date (2026-08-01, UTC) or\n"
	       "a time (2026-08-01T10:00:00Z). Several values of one filter: any of them.\n\n"
	       "  bentospool list --status failed,held --since 3d --name 'Order*'\n"
	       "  bentospool requeue --error '*timeout*' --dry-run\n");
}

const char *const topic_names[] = { "statuses", "reasons", "filters", NULL };
static void (*const printers[])(void) = { print_statuses, print_reasons, print_filters };

bool
topic_print(const char *name)
{
	for (size_t i = 0; topic_names[i] != NULL; i++)
		if (strcmp(name, topic_names[i]) == 0) {
			printers[i]();
			return true;
		}
	return false;
}
