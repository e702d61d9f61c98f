/*
 * One list of SQL statements, run in order in one transaction. First what a table lost is filled in
 * from indexes, which have some of its columns on other pages. Then each event gets a state. An
 * event is in doubt when its checksum is wrong, when the values of its batch are lost, when nothing
 * says where it stands, or when what says it may be incomplete. Such an event is held with the
 * reason "damaged", so that it is neither lost nor sent without a person's decision; only an event
 * that was settled stays as it is when its content is all that is in doubt.
 */
#include "outbox/recover/states.h"

#include <stdio.h>

#include "outbox/file/db.h"

#define COLUMNS                                                                                    \
	"event_id, site_id, message_id, kind, name, email, occurred_at, received_at, envelope_id," \
	" browser, provisional, body"
#define CONTENT "its checksum is wrong: the disk has changed it"
#define BATCH "the values of its batch could not be read from the damaged database"
#define STATE "its state could not be read from the damaged database: it may have been delivered"

static const char stage[] =
    "CREATE TEMP TABLE hole (tree, first, last);"
    "CREATE TEMP TABLE old_event (" COLUMNS ", checksum);"
    "CREATE TEMP TABLE old_envelope (envelope_id, context, integrations, sent_at, checksum);"
    "CREATE TEMP TABLE old_count (site_id, status, events);"
    "CREATE TEMP TABLE old_sequence (name, seq);"
    "CREATE TEMP TABLE old_meta (key, value);"
    "CREATE TEMP TABLE old_site (site_id, name);"
    "CREATE TEMP TABLE old_status (event_id INTEGER PRIMARY KEY, status);"
    "CREATE TEMP TABLE old_span_attempt (site_id, first_event_id, attempt_id,"
    " PRIMARY KEY (site_id, first_event_id));"
    "CREATE TEMP TABLE old_span_sent (site_id, first_event_id, last_event_id,"
    " PRIMARY KEY (site_id, first_event_id));"
    "CREATE TEMP TABLE old_span_due (site_id, first_event_id);"
    "CREATE TEMP TABLE old_finished (attempt_id INTEGER PRIMARY KEY, finished_at);"
    "CREATE TEMP TABLE old_unclear (attempt_id INTEGER PRIMARY KEY);"
    /* settled: also an event that is settled is held */
    "CREATE TEMP TABLE doubt (event_id INTEGER PRIMARY KEY, why, settled);"
    "CREATE TEMP TABLE missing (event_id INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE found (events);";

/* A table or an index that was read as a whole. */
#define WHOLE(tree) "NOT EXISTS (SELECT 1 FROM hole WHERE tree = '" tree "')"

static const char *const content[] = {
	/* Copies of rows that were right elsewhere are not damage. */
	"DELETE FROM old_event WHERE checksum = event_checksum(" COLUMNS ")"
	" OR EXISTS (SELECT 1 FROM event e WHERE e.event_id = old_event.event_id"
	" AND e.message_id = old_event.message_id)",
	"DELETE FROM old_envelope"
	" WHERE checksum = envelope_checksum(envelope_id, context, integrations, sent_at)"
	" OR envelope_id IN (SELECT envelope_id FROM envelope)",
	/* An id that a right event has is not this one's. */
	"UPDATE old_event SET event_id = (SELECT max(event_id) FROM (SELECT event_id FROM event"
	" UNION ALL SELECT event_id FROM old_event WHERE event_id < 1 << 60)) + rowid"
	" WHERE event_id NOT BETWEEN 1 AND 1 << 60 OR event_id IN (SELECT event_id FROM event)",
	"INSERT OR IGNORE INTO event SELECT " COLUMNS ", event_checksum(" COLUMNS ")"
	" FROM old_event WHERE event_checksum(" COLUMNS ") <> -1"
	" AND (browser = 0 OR browser = 1)"
	" AND coalesce(provisional, 1) BETWEEN 1 AND 2",
	"INSERT OR IGNORE INTO doubt SELECT o.event_id, '" CONTENT "', 0 FROM old_event o"
	" JOIN event e ON e.event_id = o.event_id AND e.message_id = o.message_id",
	"INSERT OR IGNORE INTO doubt SELECT event_id, '" BATCH "', 0 FROM event"
	" WHERE body IS NOT NULL AND envelope_id IS NOT NULL"
	" AND NOT EXISTS (SELECT 1 FROM envelope v WHERE v.envelope_id = event.envelope_id)",
	"INSERT OR IGNORE INTO envelope (envelope_id, context, integrations, sent_at, checksum)"
	" SELECT envelope_id, context, integrations, sent_at,"
	" envelope_checksum(envelope_id, context, integrations, sent_at) FROM old_envelope"
	" WHERE envelope_checksum(envelope_id, context, integrations, sent_at) <> -1",
	"INSERT OR IGNORE INTO envelope (envelope_id, checksum)"
	" SELECT DISTINCT envelope_id, envelope_checksum(envelope_id, NULL, NULL, NULL) FROM event"
	" WHERE envelope_id IS NOT NULL",
	"UPDATE envelope SET events = c.events, payloads = c.payloads FROM (SELECT envelope_id,"
	" count(*) AS events, count(body) AS payloads FROM event WHERE envelope_id IS NOT NULL"
	" GROUP BY envelope_id) AS c WHERE envelope.envelope_id = c.envelope_id",
	"DELETE FROM envelope"
	" WHERE envelope_id NOT IN (SELECT envelope_id FROM event WHERE envelope_id IS NOT NULL)",
	/* The clocks. What else is there is made again. */
	"INSERT OR REPLACE INTO meta SELECT key, value FROM old_meta WHERE key <> 'views'"
	" AND key NOT LIKE 'dedup%' AND key <> 'counted_to' AND typeof(key) = 'text'"
	" AND (key NOT LIKE 'purged%' OR typeof(value) = 'integer')",
	/* How many of the events that the old file had counted are here. */
	"INSERT INTO found SELECT count(*) FROM event e"
	" WHERE e.event_id <= coalesce((SELECT value FROM old_meta WHERE key = 'counted_to'), 0)"
	" OR EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)",
	"INSERT OR IGNORE INTO site (site_id, name) SELECT site_id, name FROM old_site"
	" WHERE typeof(site_id) = 'integer' AND typeof(name) = 'text'",
	"INSERT OR IGNORE INTO site (site_id, name)"
	" SELECT DISTINCT site_id, 'recovered-' || site_id FROM event",
	NULL,
};

static const char *const places[] = {
	/* A span has an attempt that delivered, or one that is in flight. */
	"INSERT OR IGNORE INTO span (site_id, first_event_id, last_event_id, attempt_id)"
	" SELECT a.site_id, a.first_event_id, s.last_event_id, a.attempt_id FROM old_span_attempt a"
	" JOIN old_span_sent s ON s.site_id = a.site_id AND s.first_event_id = a.first_event_id"
	" WHERE typeof(a.attempt_id) = 'integer' AND s.last_event_id >= a.first_event_id",
	"INSERT OR IGNORE INTO span (site_id, first_event_id, last_event_id)"
	" SELECT d.site_id, d.first_event_id, max(d.first_event_id, coalesce("
	" (SELECT min(r.first_event_id) FROM span r WHERE r.site_id = d.site_id"
	" AND r.first_event_id > d.first_event_id) - 1,"
	" (SELECT max(event_id) FROM event), 0)) FROM old_span_due d"
	" WHERE typeof(d.site_id) = 'integer' AND typeof(d.first_event_id) = 'integer'",
	"INSERT OR IGNORE INTO attempt (attempt_id, site_id, mapping_id, started_at, finished_at,"
	" events, first_event_id, last_event_id, bytes, outcome)"
	" SELECT r.attempt_id, r.site_id, 0, f.finished_at, f.finished_at,"
	" sum(r.last_event_id - r.first_event_id + 1), min(r.first_event_id), "
	"max(r.last_event_id), 0,"
	" 'delivered' FROM span r JOIN old_finished f ON f.attempt_id = r.attempt_id"
	" WHERE " WHOLE(
	    "attempt_unclear") " AND f.attempt_id NOT IN (SELECT attempt_id FROM old_unclear)"
			       " GROUP BY r.attempt_id",
	/* Where spans overlap, neither is believed. */
	"INSERT OR IGNORE INTO doubt SELECT e.event_id, '" STATE "', 1 FROM (SELECT site_id,"
	" lead(first_event_id) OVER w AS first, last_event_id AS last FROM span"
	" WINDOW w AS (PARTITION BY site_id ORDER BY first_event_id)) AS o"
	" JOIN event e ON e.event_id BETWEEN o.first AND o.last AND e.site_id = o.site_id"
	" WHERE o.first <= o.last",
	"UPDATE span SET last_event_id = n.first - 1 FROM (SELECT site_id AS site, first_event_id "
	"AS id,"
	" lead(first_event_id) OVER w AS first FROM span"
	" WINDOW w AS (PARTITION BY site_id ORDER BY first_event_id)) AS n"
	" WHERE span.site_id = n.site AND span.first_event_id = n.id AND n.first <= last_event_id",
	NULL,
};

/* The state of an event is known when it has a row in delivery, or lies in a span that is believed.
 */
#define HAS_ROW "EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.event_id)"
#define IN_SPAN                                                                                    \
	"EXISTS (SELECT 1 FROM span r LEFT JOIN attempt a ON a.attempt_id = r.attempt_id"          \
	" WHERE r.site_id = e.site_id AND r.first_event_id = (SELECT max(x.first_event_id)"        \
	" FROM span x WHERE x.site_id = e.site_id AND x.first_event_id <= e.event_id)"             \
	" AND r.last_event_id >= e.event_id AND (r.attempt_id IS NULL"                             \
	" OR (a.attempt_id IS NOT NULL AND (a.outcome IS NULL OR a.outcome = 'delivered'))))"

static const char *const doubts[] = {
	"INSERT INTO missing SELECT event_id FROM old_status"
	" WHERE event_id NOT IN (SELECT event_id FROM event)",
	"DELETE FROM old_status WHERE event_id IN (SELECT event_id FROM missing)",
	"INSERT OR IGNORE INTO doubt SELECT d.event_id, '" STATE "', 1 FROM delivery d"
	" LEFT JOIN old_status o ON o.event_id = d.event_id"
	" WHERE iif(o.event_id IS NULL, " WHOLE("delivery_status") ", o.status <> d.status)",
	"INSERT OR IGNORE INTO doubt SELECT e.event_id, '" STATE "', 1 FROM event e"
	" WHERE NOT " HAS_ROW " AND NOT " IN_SPAN
	" AND e.event_id NOT IN (SELECT event_id FROM old_status)",
	"INSERT OR IGNORE INTO doubt SELECT e.event_id, '" STATE "', 1 FROM hole h"
	" JOIN event e ON e.event_id BETWEEN h.first AND h.last"
	" WHERE h.tree = 'delivery' AND NOT " WHOLE(
	    "delivery_status") " AND NOT " HAS_ROW
			       " AND e.event_id NOT IN (SELECT event_id FROM old_status)",
	/* The index says how an event was settled; for others it does not say enough. */
	"INSERT OR IGNORE INTO doubt SELECT e.event_id, '" STATE "', 1 FROM old_status e"
	" WHERE NOT " HAS_ROW " AND (e.status = 'pending' OR e.status = 'held')",
	"INSERT OR IGNORE INTO delivery (event_id, site_id, status, reason, settled_at, attempts)"
	" SELECT e.event_id, e.site_id, o.status,"
	" iif(o.status = 'delivered', NULL, 'damaged'), e.received_at, o.status = 'delivered'"
	" FROM old_status o JOIN event e ON e.event_id = o.event_id"
	" WHERE o.status <> 'pending' AND o.status <> 'held'",
	NULL,
};

static const char *const ends[] = {
	"INSERT OR IGNORE INTO missing SELECT event_id FROM delivery"
	" WHERE event_id NOT IN (SELECT event_id FROM event)",
	"DELETE FROM delivery WHERE event_id IN (SELECT event_id FROM missing)",
	"DELETE FROM attempt_event WHERE NOT EXISTS"
	" (SELECT 1 FROM event e WHERE e.event_id = attempt_event.event_id)",
	"DELETE FROM attempt_event WHERE NOT EXISTS"
	" (SELECT 1 FROM attempt a WHERE a.attempt_id = attempt_event.attempt_id)",
	"DELETE FROM span WHERE attempt_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM attempt a"
	" WHERE a.attempt_id = span.attempt_id AND (a.outcome IS NULL OR a.outcome = 'delivered'))",
	"DELETE FROM site_count",
	"INSERT INTO site_count SELECT site_id, status, count(*) FROM state GROUP BY site_id, "
	"status",
	"UPDATE meta SET value = (SELECT coalesce(max(event_id), 0) FROM event) WHERE key = "
	"'counted_to'",
	"UPDATE site SET identities ="
	" (SELECT count(*) FROM identity i WHERE i.site_id = site.site_id)",
	/* No id comes back, also none that is lost. */
	"UPDATE meta SET value = max(value, (SELECT max(id) FROM (SELECT max(event_id) AS id FROM "
	"event"
	" UNION ALL SELECT max(event_id) FROM missing UNION ALL SELECT max(last_event_id) FROM span"
	" UNION ALL SELECT max(last_event_id) FROM attempt UNION ALL SELECT max(value) FROM "
	"old_meta"
	" WHERE key = 'counted_to' AND typeof(value) = 'integer'))) WHERE key = 'purged_to'",
	"UPDATE meta SET value = max(value, (SELECT max(id) FROM (SELECT max(attempt_id) AS id"
	" FROM attempt UNION ALL SELECT max(attempt_id) FROM old_finished"
	" UNION ALL SELECT max(attempt_id) FROM old_unclear"
	" UNION ALL SELECT max(attempt_id) FROM old_span_attempt))) WHERE key = "
	"'purged_attempt_to'",
	"UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(o.seq) FROM old_sequence o"
	" WHERE o.name = sqlite_sequence.name), 0))",
	NULL,
};

int
states_stage(struct db *db, struct err *e)
{
	return db_exec(db, stage, e);
}

static int
run_list(struct db *db, const char *const *list, struct err *e)
{
	for (; *list != NULL; list++)
		if (db_exec(db, *list, e) != 0)
			return -1;
	return 0;
}

static int
hold_doubtful(struct db *db, int64_t now, struct err *e)
{
	static const char text[] =
	    "INSERT INTO delivery (event_id, site_id, status, reason, detail, settled_at)"
	    " SELECT e.event_id, e.site_id, 'held', 'damaged', d.why, %lld FROM doubt d"
	    " JOIN event e ON e.event_id = d.event_id"
	    " WHERE d.settled OR NOT EXISTS (SELECT 1 FROM state s WHERE s.event_id = e.event_id"
	    " AND s.status <> 'pending' AND s.status <> 'held')"
	    " ON CONFLICT (event_id) DO UPDATE SET status = 'held', reason = 'damaged',"
	    " detail = excluded.detail, settled_at = excluded.settled_at, next_attempt_at = 0,"
	    " max_batch = NULL, awaiting_since = NULL";
	char sql[sizeof(text) + 20];

	snprintf(sql, sizeof(sql), text, (long long)now);
	return db_exec(db, sql, e);
}

static int
decide(struct db *db, int64_t now, struct err *e)
{
	return run_list(db, content, e) == 0 && run_list(db, places, e) == 0
		       && run_list(db, doubts, e) == 0 && hold_doubtful(db, now, e) == 0
		       && run_list(db, ends, e) == 0
		   ? 0
		   : -1;
}

int
states_decide(struct db *db, int64_t now, struct err *e)
{
	if (db_exec(db, "BEGIN", e) != 0)
		return -1;
	if (decide(db, now, e) == 0)
		return db_exec(db, "COMMIT", e);
	db_rollback(db);
	return -1;
}
