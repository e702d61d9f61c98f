/*
 * Reads an Accept header (RFC 9110, 12.5.1): ranges of media types with parameters, separated by
 * commas. A quoted parameter with a comma or a semicolon inside is read as two, which no format of
 * metrics has. What cannot be read has the weight 0.
 */
#include "admin/metrics/accept.h"

#include <string.h>
#include <strings.h>

#include "http/http.h"

#define WEIGHT_FULL 1000 /* q=1 */

static bool
is(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* Reads "0.75" as 750. */
static int
weight_of(struct slice q)
{
	int weight = 0, digit = WEIGHT_FULL;

	for (size_t i = 0; i < q.n; i++) {
		if (i == 1 && q.p[i] == '.')
			continue;
		if (q.p[i] < '0' || q.p[i] > '9' || i > 4)
			return 0;
		weight += (q.p[i] - '0') * digit;
		digit /= 10;
	}
	return weight > WEIGHT_FULL ? WEIGHT_FULL : weight;
}

struct range {
	struct slice type;
	struct slice version; /* absent: none */
	int weight;
};

static struct range
read_range(struct slice text)
{
	struct range range = { .version = SLICE_NONE, .weight = WEIGHT_FULL };

	range.type = http_cut(&text, ';');
	while (text.n > 0) {
		struct slice value = http_cut(&text, ';'), name = http_cut(&value, '=');

		if (is(name, "q"))
			range.weight = weight_of(value);
		else if (is(name, "version"))
			range.version = value;
	}
	return range;
}

bool
accept_prefers_openmetrics(struct slice accept)
{
	int open = 0, plain = 0;

	while (accept.n > 0) {
		struct range range = read_range(http_cut(&accept, ','));

		if (is(range.type, "application/openmetrics-text")
		    && (range.version.p == NULL || is(range.version, "1.0.0"))) {
			if (range.weight > open)
				open = range.weight;
		} else if (is(range.type, "text/plain") && range.weight > plain) {
			plain = range.weight;
		}
	}
	return open > 0 && open >= plain;
}
