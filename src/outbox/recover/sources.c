/*
 * The table of sources. Several indexes are read because they say again what a table says, on other
 * pages. The names of staging tables begin with "old_" (staging.c).
 */
#include "outbox/recover/sources.h"

#define EVENT_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
/* A table whose rows are stored as they are. */
#define PLAIN(table)                                                                               \
	{                                                                                          \
		.name = #table, .is_table = true, .is_kept = true                                  \
	}
/* The same for a table WITHOUT ROWID. */
#define KEYED(table)                                                                               \
	{                                                                                          \
		.name = #table, .is_kept = true                                                    \
	}

const struct source sources[] = {
	{
	    .name = "event",
	    .columns = 13,
	    .is_table = true,
	    .self_checked = true,
	    .typical = true,
	    /* Of two right rows, the one without a body is the later one. */
	    .load = "INSERT INTO event SELECT " EVENT_VALUES
		    ", ?13 WHERE ?13 = event_checksum(" EVENT_VALUES ")"
		    " ON CONFLICT (event_id) DO UPDATE SET message_id = excluded.message_id,"
		    " name = excluded.name, email = excluded.email, body = NULL,"
		    " occurred_at = excluded.occurred_at, received_at = excluded.received_at,"
		    " provisional = excluded.provisional, checksum = excluded.checksum"
		    " WHERE excluded.body IS NULL",
	    .load_damaged = "INSERT INTO old_event VALUES (" EVENT_VALUES ", ?13)",
	},
	{
	    .name = "envelope",
	    .is_kept = true,
	    .columns = 7,
	    .is_table = true,
	    .self_checked = true,
	    .typical = true,
	    .load = "INSERT INTO envelope SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
		    " WHERE ?7 = envelope_checksum(?1, ?2, ?3, ?4)"
		    " ON CONFLICT (envelope_id) DO UPDATE SET context = NULL, integrations = NULL,"
		    " checksum = excluded.checksum"
		    " WHERE excluded.context IS NULL AND excluded.integrations IS NULL",
	    .load_damaged = "INSERT INTO old_envelope VALUES (?1, ?2, ?3, ?4, ?7)",
	},
	{
	    .name = "delivery",
	    .is_kept = true,
	    .is_table = true,
	    .typical = true,
	},
	{
	    .name = "attempt",
	    .is_kept = true,
	    .is_table = true,
	    .typical = true,
	},
	{
	    .name = "span",
	    .is_kept = true,
	    .typical = true,
	},
	PLAIN(site),
	PLAIN(clock_period),
	PLAIN(mapping),
	PLAIN(operation),
	PLAIN(identity),
	PLAIN(erasure),
	PLAIN(box),
	PLAIN(via),
	KEYED(attempt_event),
	KEYED(operation_event),
	KEYED(identity_release),
	KEYED(request_count),
	{
	    .name = "meta",
	    .is_kept = true,
	    .columns = 2,
	    .load = "INSERT INTO old_meta VALUES (?1, ?2)",
	},
	{
	    .name = "site_count",
	    .columns = 3,
	    .load = "INSERT INTO old_count VALUES (?1, ?2, ?3)",
	},
	{
	    .name = "sqlite_sequence",
	    .columns = 2,
	    .is_table = true,
	    .load = "INSERT INTO old_sequence SELECT ?1, ?2 WHERE typeof(?2) = 'integer'",
	},
	/* Indexes. */
	{
	    .name = "delivery_status",
	    .columns = 3,
	    .load = "INSERT INTO old_status SELECT ?2, ?1 WHERE ?2 = ?3",
	},
	{
	    .name = "attempt_event_of_event",
	    .columns = 2,
	    .load = "INSERT INTO attempt_event VALUES (?2, ?1)",
	},
	{
	    .name = "span_attempt",
	    .columns = 3,
	    .load = "INSERT INTO old_span_attempt VALUES (?2, ?3, ?1)",
	},
	{
	    .name = "span_sent",
	    .columns = 3,
	    .load = "INSERT INTO old_span_sent VALUES (?2, ?3, ?1)",
	},
	{
	    .name = "span_due",
	    .columns = 2,
	    .load = "INSERT INTO old_span_due VALUES (?1, ?2)",
	},
	{
	    .name = "attempt_finished",
	    .columns = 2,
	    .load = "INSERT INTO old_finished VALUES (?2, ?1)",
	},
	{
	    .name = "attempt_unclear",
	    .columns = 2,
	    .load = "INSERT INTO old_unclear SELECT ?1 WHERE ?1 = ?2",
	},
	{
	    .name = "sqlite_autoindex_site_1",
	    .columns = 2,
	    .load = "INSERT INTO old_site VALUES (?2, ?1)",
	},
};

const size_t n_sources = sizeof(sources) / sizeof(*sources);
