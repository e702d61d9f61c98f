/*
 * Writes metrics in Prometheus's text format 0.0.4 or in OpenMetrics 1.0. Pure.
 *
 *	exposition_begin(x, &metric);      once for each metric
 *	exposition_count(x, labels, n, v); for each of its series
 *	exposition_end(x);                 after the last metric
 *
 * A lack of memory shows in the buffer.
 */
#ifndef ADMIN_METRICS_EXPOSITION_H
#define ADMIN_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/meter/histogram.h"

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER, /* the name ends in _total */
	METRIC_HISTOGRAM,
	METRIC_INFO /* the name ends in _info; the value is 1 */
};

/* All texts are static. */
struct metric {
	const char *name;
	enum metric_type type;
	const char *unit; /* the unit that the name ends in, before _total; NULL: none */
	const char *help; /* without quotes, backslashes and line ends */
};

struct label {
	const char *name;
	const char *value; /* UTF-8 of any content */
};

struct exposition {
	struct buf *to;
	bool openmetrics;
	const struct metric *metric;
};

/* Returns the Content-Type. */
const char *exposition_type(bool openmetrics);
void exposition_begin(struct exposition *x, const struct metric *metric);
void exposition_count(struct exposition *x, const struct label *labels, size_t n, uint64_t value);
/* Writes microseconds as seconds. */
void exposition_micros(struct exposition *x, const struct label *labels, size_t n, int64_t value);
void exposition_histogram(struct exposition *x, const struct histogram_view *view);
/* A metric with one series and no labels. */
void exposition_single(struct exposition *x, const struct metric *metric, uint64_t value);
void exposition_end(struct exposition *x);

#endif
