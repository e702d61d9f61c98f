/* The load generator's report: requests, rates and latencies by percentile, as text or JSON. */
#include "load/report.h"

#include <inttypes.h>

#define SUB (1u << REPORT_SUB_BITS)

static unsigned
bucket_of(uint64_t us)
{
	unsigned shift = 0;

	while (us >> shift >= 2 * SUB)
		shift++;
	return (unsigned)((us >> shift) + (uint64_t)shift * SUB);
}

/* The largest value in the bucket. */
static uint64_t
bucket_top(unsigned bucket)
{
	unsigned shift = bucket < 2 * SUB ? 0 : bucket / SUB - 1;

	return ((uint64_t)(bucket - shift * SUB + 1) << shift) - 1;
}

void
report_answer(struct report *r, unsigned status, unsigned n_events, uint64_t latency_us)
{
	r->requests[status < REPORT_STATUSES ? status : 0]++;
	if (status == 200)
		r->acked_events += n_events;
	r->latency[bucket_of(latency_us)]++;
	r->answers++;
	if (latency_us > r->max_us)
		r->max_us = latency_us;
}

double
report_quantile(const struct report *r, double share)
{
	double want = share * (double)r->answers;
	uint64_t seen = 0, us = 0;

	for (unsigned i = 0; i < REPORT_BUCKETS && r->answers > 0; i++) {
		seen += r->latency[i];
		us = bucket_top(i);
		if ((double)seen >= want)
			break;
	}
	return (double)(us < r->max_us ? us : r->max_us) / 1000;
}

static double
per_second(const struct report *r, uint64_t n)
{
	return r->seconds > 0 ? (double)n / r->seconds : 0;
}

static void
print_statuses(const struct report *r, bool json, FILE *to)
{
	const char *comma = "";

	for (unsigned i = 0; i < REPORT_STATUSES; i++) {
		if (r->requests[i] == 0)
			continue;
		if (json)
			fprintf(to, "%s\"%u\":%" PRIu64, comma, i, r->requests[i]);
		else
			fprintf(
			    to, "  status %u        %10" PRIu64 " requests\n", i, r->requests[i]);
		comma = ",";
	}
}

static void
print_json(const struct report *r, FILE *to)
{
	fprintf(to, "{\"seconds\":%.3f,\"sent_events\":%" PRIu64 ",\"acked_events\":%" PRIu64,
	    r->seconds, r->sent_events, r->acked_events);
	fprintf(to, ",\"events_per_second\":%.0f,\"requests_per_second\":%.0f,\"status\":{",
	    per_second(r, r->acked_events), per_second(r, r->answers));
	print_statuses(r, true, to);
	fprintf(to, "},\"no_answer\":%" PRIu64 ",\"connect_failed\":%" PRIu64, r->no_answer,
	    r->connect_failed);
	fprintf(to,
	    ",\"latency_ms\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,"
	    "\"max\":%.3f}}\n",
	    report_quantile(r, 0.5), report_quantile(r, 0.9), report_quantile(r, 0.99),
	    report_quantile(r, 0.999), (double)r->max_us / 1000);
}

void
report_print(const struct report *r, bool json, FILE *to)
{
	if (json) {
		print_json(r, to);
		return;
	}
	fprintf(to, "%" PRIu64 " events sent, %" PRIu64 " acknowledged, in %.2f s\n",
	    r->sent_events, r->acked_events, r->seconds);
	print_statuses(r, false, to);
	if (r->no_answer > 0)
		fprintf(to, "  no answer         %10" PRIu64 " requests\n", r->no_answer);
	if (r->connect_failed > 0)
		fprintf(to, "  cannot connect    %10" PRIu64 " times\n", r->connect_failed);
	fprintf(to, "  rate              %10.0f events/s, %.0f requests/s\n",
	    per_second(r, r->acked_events), per_second(r, r->answers));
	fprintf(to, "  latency in ms     p50 %.2f  p90 %.2f  p99 %.2f  p99.9 %.2f  max %.2f\n",
	    report_quantile(r, 0.5), report_quantile(r, 0.9), report_quantile(r, 0.99),
	    report_quantile(r, 0.999), (double)r->max_us / 1000);
}
