/* Counters of the simulator, printed as JSON. */
#include "sim/stats.h"

#include <inttypes.h>

void
stats_append_json(const struct stats *s, struct buf *to)
{
	const char *comma = "";

	buf_printf(
	    to, "{\"connections\":%" PRIu64 ",\"requests\":%" PRIu64, s->connections, s->requests);
	buf_printf(to,
	    ",\"received\":%" PRIu64 ",\"accepted\":%" PRIu64 ",\"suppressed\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"status\":{",
	    s->received, s->accepted, s->suppressed, s->dropped, s->failed, s->bytes);
	for (unsigned i = 0; i < STATS_STATUSES; i++) {
		if (s->status[i] == 0)
			continue;
		buf_printf(to, "%s\"%u\":%" PRIu64, comma, i, s->status[i]);
		comma = ",";
	}
	buf_append_literal(to, "}}");
}
