/* Reads the report of a box. Any bytes are accepted: a box's events do not depend on its report. */
#include "ingest/box_report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "http/http.h"

static int64_t
read_number(struct slice value, int64_t otherwise)
{
	char text[20];
	int64_t number;

	if (value.n >= sizeof(text))
		return otherwise;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	return number_parse(text, 0, INT64_C(1) << 53, &number) == 0 ? number : otherwise;
}

static struct slice
read_version(struct slice value, char version[BOX_VERSION_SIZE])
{
	size_t n = 0;

	for (; n < value.n && n < BOX_VERSION_SIZE && isgraph((unsigned char)value.p[n]); n++)
		version[n] = value.p[n];
	return n > 0 && n == value.n ? (struct slice){ version, n } : SLICE_NONE;
}

static bool
is_named(struct slice *part, struct slice name)
{
	if (part->n <= name.n || memcmp(part->p, name.p, name.n) != 0)
		return false;
	part->p += name.n;
	part->n -= name.n;
	return true;
}

/* Returns a time of the box's clock, which shows clock_at now (0: not said), on this clock. */
static int64_t
on_this_clock(int64_t at, int64_t clock_at, int64_t now)
{
	int64_t ahead = clock_at - now;

	if (at == 0 || clock_at == 0 || llabs(ahead) <= BOX_CLOCK_SLACK_MS)
		return at;
	return at - ahead > 0 ? at - ahead : 0;
}

void
box_report_read(
    struct slice header, int64_t now, char version[BOX_VERSION_SIZE], struct box_report *ret_report)
{
	int64_t clock_at = 0;

	ret_report->version = SLICE_NONE;
	ret_report->backlog = -1;
	ret_report->oldest_at = 0;
	while (header.n > 0) {
		const char *end = memchr(header.p, ';', header.n);
		size_t n = end == NULL ? header.n : (size_t)(end - header.p);
		struct slice part = http_trim((struct slice){ header.p, n });

		if (is_named(&part, SLICE("version=")))
			ret_report->version = read_version(part, version);
		else if (is_named(&part, SLICE("backlog=")))
			ret_report->backlog = read_number(part, -1);
		else if (is_named(&part, SLICE("oldest=")))
			ret_report->oldest_at = read_number(part, 0);
		else if (is_named(&part, SLICE("clock=")))
			clock_at = read_number(part, 0);
		n += end != NULL;
		header.p += n;
		header.n -= n;
	}
	ret_report->oldest_at =
	    ret_report->backlog == 0 ? 0 : on_this_clock(ret_report->oldest_at, clock_at, now);
}
