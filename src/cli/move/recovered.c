/* Says in words and in JSON what a recovery could not read, and what to do about it. */
#include "cli/move/recovered.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/plural.h"

static void
print_lost(const struct recover_report *r)
{
	if (r->counted && r->lost > 0)
		fprintf(stderr, "  %lld event%s could not be read\n", (long long)r->lost,
		    words_plural(r->lost));
	if (!r->counted && r->n_ranges > 0)
		fprintf(stderr, "  the counts of events could not be read\n");
	for (size_t i = 0; i < r->n_ranges; i++)
		fprintf(stderr, "  ids %lld to %lld: lost, or removed by retention before\n",
		    (long long)r->range[i].first, (long long)r->range[i].last);
	if (r->more_ranges > 0)
		fprintf(stderr, "  and %lld more range%s of ids\n", (long long)r->more_ranges,
		    words_plural(r->more_ranges));
}

void
recovered_print(const struct recover_report *r)
{
	if (r->pages > 0)
		fprintf(stderr, "  %lld page%s damaged or missing\n", (long long)r->pages,
		    r->pages == 1 ? " is" : "s are");
	if (r->log_frames > 0)
		fprintf(stderr,
		    "  %lld page%s of the write-ahead log damaged: the newest changes in %s are "
		    "lost\n",
		    (long long)r->log_frames, r->log_frames == 1 ? " is" : "s are",
		    r->log_frames == 1 ? "it" : "them");
	print_lost(r);
	if (r->tables[0] != '\0')
		fprintf(stderr, "  rows of these tables could not be read: %s\n", r->tables);
	if (r->changed > 0)
		fprintf(stderr,
		    "  the disk has changed %lld event%s: what is not settled is held; look at it "
		    "with "
		    "show, then release or discard it\n",
		    (long long)r->changed, words_plural(r->changed));
	if (r->unclear > 0)
		fprintf(stderr,
		    "  %lld event%s held, because it is unknown whether Bento has %s: list them "
		    "with --reason damaged, then release or discard them\n",
		    (long long)r->unclear, r->unclear == 1 ? " is" : "s are",
		    r->unclear == 1 ? "it" : "them");
}

void
recovered_json(const struct recover_report *r, cJSON *to)
{
	cJSON *ranges = cJSON_AddArrayToObject(to, "missing_ids");

	cJSON_AddNumberToObject(to, "events", (double)r->events);
	cJSON_AddNumberToObject(to, "damaged_pages", (double)r->pages);
	cJSON_AddNumberToObject(to, "damaged_log_pages", (double)r->log_frames);
	if (r->counted)
		cJSON_AddNumberToObject(to, "lost", (double)r->lost);
	for (size_t i = 0; i < r->n_ranges; i++) {
		cJSON *range = cJSON_CreateArray();

		cJSON_AddItemToArray(range, cJSON_CreateNumber((double)r->range[i].first));
		cJSON_AddItemToArray(range, cJSON_CreateNumber((double)r->range[i].last));
		cJSON_AddItemToArray(ranges, range);
	}
	cJSON_AddNumberToObject(to, "more_ranges", (double)r->more_ranges);
	cJSON_AddStringToObject(to, "tables", r->tables);
	cJSON_AddNumberToObject(to, "changed", (double)r->changed);
	cJSON_AddNumberToObject(to, "unclear", (double)r->unclear);
	cJSON_AddBoolToObject(to, "complete", recover_is_complete(r));
}
