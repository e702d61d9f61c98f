/*
 * The two formats differ little: OpenMetrics names a counter without _total where it describes it,
 * names units, and ends with a mark. Numbers are written exactly, never as floating point.
 */
#include "admin/metrics/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *
exposition_type(bool openmetrics)
{
	return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			   : "text/plain; version=0.0.4; charset=utf-8";
}

/* The length of the name without the ending that OpenMetrics reserves for samples. */
static size_t
family_length(const struct exposition *x)
{
	const char *ending = x->metric->type == METRIC_COUNTER ? "_total"
			     : x->metric->type == METRIC_INFO  ? "_info"
							       : "";
	size_t n = strlen(x->metric->name);

	return x->openmetrics ? n - strlen(ending) : n;
}

static const char *
type_name(const struct exposition *x)
{
	switch (x->metric->type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_HISTOGRAM:
		return "histogram";
	case METRIC_INFO:
		return x->openmetrics ? "info" : "gauge";
	case METRIC_GAUGE:
		break;
	}
	return "gauge";
}

void
exposition_begin(struct exposition *x, const struct metric *metric)
{
	int n;

	x->metric = metric;
	n = (int)family_length(x);
	buf_printf(x->to, "# HELP %.*s %s\n# TYPE %.*s %s\n", n, metric->name, metric->help, n,
	    metric->name, type_name(x));
	if (x->openmetrics && metric->unit != NULL)
		buf_printf(x->to, "# UNIT %.*s %s\n", n, metric->name, metric->unit);
}

static void
append_escaped(struct buf *to, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			buf_append_literal(to, "\\n");
		else if (*value == '"' || *value == '\\')
			buf_printf(to, "\\%c", *value);
		else
			buf_append_byte(to, *value);
	}
}

static void
append_name(struct exposition *x, const char *ending, const struct label *labels, size_t n)
{
	buf_printf(x->to, "%s%s", x->metric->name, ending);
	for (size_t i = 0; i < n; i++) {
		buf_printf(x->to, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
		append_escaped(x->to, labels[i].value);
		buf_append_byte(x->to, '"');
	}
	if (n > 0)
		buf_append_byte(x->to, '}');
	buf_append_byte(x->to, ' ');
}

/* Appends microseconds as seconds, without superfluous zeros, but in OpenMetrics with one decimal
 * at least for a bound, as its parsers compare texts. */
static void
append_seconds(struct buf *to, uint64_t micros, bool decimal)
{
	char fraction[8];
	int n = 6;

	buf_printf(to, "%" PRIu64, micros / 1000000);
	snprintf(fraction, sizeof(fraction), "%06u", (unsigned)(micros % 1000000));
	while (n > 0 && fraction[n - 1] == '0')
		n--;
	if (n > 0)
		buf_printf(to, ".%.*s", n, fraction);
	else if (decimal)
		buf_append_literal(to, ".0");
}

void
exposition_count(struct exposition *x, const struct label *labels, size_t n, uint64_t value)
{
	append_name(x, "", labels, n);
	buf_printf(x->to, "%" PRIu64 "\n", value);
}

void
exposition_micros(struct exposition *x, const struct label *labels, size_t n, int64_t value)
{
	append_name(x, "", labels, n);
	if (value < 0)
		buf_append_byte(x->to, '-');
	append_seconds(x->to, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, false);
	buf_append_byte(x->to, '\n');
}

static void
append_bucket(struct exposition *x, const char *bound, uint64_t value)
{
	append_name(x, "_bucket", &(struct label){ "le", bound }, 1);
	buf_printf(x->to, "%" PRIu64 "\n", value);
}

void
exposition_histogram(struct exposition *x, const struct histogram_view *view)
{
	struct buf bound;

	buf_init(&bound, 64);
	for (size_t i = 0; i < view->bounds->n; i++) {
		buf_clear(&bound);
		append_seconds(&bound, (uint64_t)view->bounds->at[i], x->openmetrics);
		if (bound.failed) {
			x->to->failed = true;
			break;
		}
		append_bucket(x, bound.p, view->up_to[i]);
	}
	buf_free(&bound);
	append_bucket(x, "+Inf", view->count);
	append_name(x, "_sum", NULL, 0);
	append_seconds(x->to, view->sum, false);
	buf_append_byte(x->to, '\n');
	append_name(x, "_count", NULL, 0);
	buf_printf(x->to, "%" PRIu64 "\n", view->count);
}

void
exposition_single(struct exposition *x, const struct metric *metric, uint64_t value)
{
	exposition_begin(x, metric);
	exposition_count(x, NULL, 0, value);
}

void
exposition_end(struct exposition *x)
{
	if (x->openmetrics)
		buf_append_literal(x->to, "# EOF\n");
}
