/*
 * The table of all settings: one row each, with its type, default, range, check and help. The file,
 * the environment, `check`, `init` and reloads use it. The functions below check single values;
 * their errors say what the value must be.
 */
#include "config/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/address.h"
#include "config/fleet/box.h"
#include "config/fleet/fleet.h"
#include "config/fleet/window.h"
#include "config/keys/bento_key.h"
#include "event/mapping/mapping.h"

#define TOP(field) SECTION_TOP, .offset = offsetof(struct config, field), .name = #field
#define INGEST(field)                                                                              \
	SECTION_INGEST, .offset = offsetof(struct config_ingest, field), .name = #field
#define INGEST_TLS(field)                                                                          \
	SECTION_INGEST, .offset = offsetof(struct config_ingest, tls.field), .name = #field
#define ADMIN(field) SECTION_ADMIN, .offset = offsetof(struct config_admin, field), .name = #field
#define ADMIN_TLS(field)                                                                           \
	SECTION_ADMIN, .offset = offsetof(struct config_admin, tls.field), .name = #field
#define RETENTION(field)                                                                           \
	SECTION_RETENTION, .offset = offsetof(struct config_retention, field), .name = #field
#define DAYS(value) NUMBER(value, 0, 36500)
#define SITE(field) SECTION_SITE, .offset = offsetof(struct config_site, field), .name = #field

#define TEXT(text) .type = SETTING_TEXT, .fallback = (text)
#define NUMBER(value, from, to)                                                                    \
	.type = SETTING_NUMBER, .fallback = (value), .min = (from), .max = (to)
#define SECONDS(value, from_ms, to_ms)                                                             \
	.type = SETTING_SECONDS, .fallback = (value), .min = (from_ms), .max = (to_ms)
#define SWITCH(value) .type = SETTING_SWITCH, .fallback = (value)
#define LIST(item) .type = SETTING_LIST, .fallback = (item)

static int check_upstream(const char *text, struct err *e);
static int check_lease(int64_t ms, struct err *e);
static int check_rows(int64_t days, struct err *e);
static int check_not_empty(const char *text, struct err *e);
static int check_log_level(const char *text, struct err *e);
static int check_log_format(const char *text, struct err *e);
static int check_identify(const char *text, struct err *e);
static int check_pattern(const char *text, struct err *e);
static int check_alias(const char *text, struct err *e);
static int check_delete(const char *text, struct err *e);
static int check_arrays(const char *text, struct err *e);
static int check_reserved(const char *text, struct err *e);
static int check_field(const char *text, struct err *e);
static int check_rule(const char *text, struct err *e);
static int check_integration(const char *text, struct err *e);
static int check_partial(const char *text, struct err *e);
static int check_ambiguous(const char *text, struct err *e);
static int check_maybe_delivered(const char *text, struct err *e);

/* clang-format off */
const struct setting settings[] = {
	{ TOP(database), TEXT(CONFIG_DEFAULT_DATABASE), .check = check_not_empty,
	  .help = "SQLite database file; its directory must exist and be writable" },
	{ TOP(control), TEXT(""),
	  .help = "Unix socket for operators' commands; empty: the database's name with .sock" },
	{ TOP(min_free), NUMBER("67108864", 0, INT64_C(1) << 50),
	  .help = "free disk space in bytes below which new events are refused; below 5 MiB they always are" },
	{ TOP(max_wal), NUMBER("536870912", 16777216, INT64_C(1) << 50),
	  .help = "bytes of the write-ahead log at which new events are refused; from half of these on, receipt slows down" },
	{ TOP(stop_deadline), SECONDS("10", 0, 3600000),
	  .help = "seconds that requests in progress may take when the daemon stops" },
	{ TOP(host_lease), SECONDS("0", 0, 3600000), .check_number = check_lease,
	  .help = "seconds after which another host may take over storage that several can mount; 0: none does" },
	{ TOP(alarm_command), LIST(NULL), .check = check_not_empty, .live = true,
	  .help = "program and arguments to run when a person may be needed" },
	{ TOP(alarm_after), SECONDS("3600", 0, 30 * 86400000LL), .live = true,
	  .help = "seconds that a site may back off before alarm_command runs and status --check fails" },
	{ TOP(log_level), TEXT("info"), .check = check_log_level, .live = true,
	  .help = "least important lines to log: error, warn, info or debug" },
	{ TOP(log_format), TEXT("text"), .check = check_log_format, .live = true,
	  .help = "form of the log's lines: text, or json (an object with time, level and text)" },

	{ INGEST(listen), LIST("127.0.0.1:7300"), .check = address_check_listen,
	  .help = "addresses to accept events on: IPv4:PORT, [IPv6]:PORT, with tls: before it, or unix:/path" },
	{ INGEST_TLS(certificate_file), TEXT(""), .live = true,
	  .help = "PEM file with the certificate of tls: addresses, then those that lead to a root" },
	{ INGEST_TLS(private_key_file), TEXT(""), .live = true,
	  .help = "PEM file with the private key of certificate_file; mode 0600" },
	{ INGEST_TLS(client_ca_file), TEXT(""), .live = true,
	  .help = "PEM file of authorities; on tls: addresses clients need a certificate from one of them; empty: none" },
	{ INGEST(max_body), NUMBER("4194304", 1024, 268435456),
	  .help = "maximum bytes of a request's body, decompressed" },
	{ INGEST(max_event), NUMBER("32768", 256, 268435456),
	  .help = "maximum bytes of an event; a larger one is kept as invalid and not sent" },
	{ INGEST(max_message_id), NUMBER("100", 36, 65536),
	  .help = "maximum characters of a messageId; an event with a longer one is kept as invalid" },
	{ INGEST(max_header_bytes), NUMBER("16384", 1024, 1048576),
	  .help = "maximum bytes of a request's first line and headers" },
	{ INGEST(max_headers), NUMBER("100", 8, 10000),
	  .help = "maximum number of headers of a request" },
	{ INGEST(max_connections), NUMBER("512", 1, 100000),
	  .help = "maximum number of open connections, over all addresses" },
	{ INGEST(max_buffered), NUMBER("33554432", 1024, INT64_C(1) << 40),
	  .help = "maximum bytes of bodies in memory, over all connections" },
	{ INGEST(request_timeout), SECONDS("30", 100, 3600000),
	  .help = "seconds from a request's first byte to its last" },
	{ INGEST(idle_timeout), SECONDS("60", 100, 86400000),
	  .help = "seconds that a connection may stay open without a request" },
	{ INGEST(refused_percent), NUMBER("10", 0, 100), .live = true,
	  .help = "percent of an hour's requests that may be refused before status --check fails" },
	{ INGEST(certificate_days), NUMBER("14", 0, 3650), .live = true,
	  .help = "days before the end of the certificate from which status --check fails and alarm_command runs" },

	{ ADMIN(listen), LIST(NULL), .check = address_check_listen,
	  .help = "addresses that serve the dashboard, metrics and health checks, such as 127.0.0.1:7390; empty: none" },
	{ ADMIN_TLS(certificate_file), TEXT(""), .live = true,
	  .help = "PEM file with the certificate of tls: addresses, then those that lead to a root" },
	{ ADMIN_TLS(private_key_file), TEXT(""), .live = true,
	  .help = "PEM file with the private key of certificate_file; mode 0600" },
	{ ADMIN_TLS(client_ca_file), TEXT(""), .live = true,
	  .help = "PEM file of authorities; on tls: addresses clients need a certificate from one of them; empty: none" },
	{ ADMIN(public_url), LIST(NULL), .check = address_check_origin, .live = true,
	  .help = "where a reverse proxy serves the dashboard, such as https://spool.example; empty: there is no proxy" },
	{ ADMIN(read_token_file), TEXT(""), .live = true,
	  .help = "file with the token for reading events and operations on the dashboard; mode 0600; empty: none" },
	{ ADMIN(act_token_file), TEXT(""), .live = true,
	  .help = "file with the token for changing events and sites on the dashboard; mode 0600; empty: none" },

	{ RETENTION(delivered_payload), DAYS("30"), .live = true,
	  .help = "days to keep the body of a delivered event; 0: as long as its row" },
	{ RETENTION(delivered_rows), DAYS("365"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row and the attempts of a delivered event; 0: forever, else at least 7" },
	{ RETENTION(discarded_payload), DAYS("0"), .live = true,
	  .help = "days to keep the body of a discarded event; 0: as long as its row" },
	{ RETENTION(discarded_rows), DAYS("90"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row of a discarded event; 0: forever, else at least 7" },
	{ RETENTION(unsupported_payload), DAYS("0"), .live = true,
	  .help = "days to keep the body of an unsupported event; 0: as long as its row" },
	{ RETENTION(unsupported_rows), DAYS("90"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row of an unsupported event; 0: forever, else at least 7" },
	{ RETENTION(invalid_payload), DAYS("0"), .live = true,
	  .help = "days to keep the body of an invalid event; 0: as long as its row" },
	{ RETENTION(invalid_rows), DAYS("90"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row of an invalid event; 0: forever, else at least 7" },
	{ RETENTION(failed_payload), DAYS("0"), .live = true,
	  .help = "days to keep the body of a failed event; 0: as long as its row" },
	{ RETENTION(failed_rows), DAYS("0"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row and the attempts of a failed event; 0: forever, else at least 7" },
	{ RETENTION(held_payload), DAYS("0"), .live = true,
	  .help = "days to keep the body of a held event; 0: as long as its row" },
	{ RETENTION(held_rows), DAYS("0"), .live = true, .check_number = check_rows,
	  .help = "days to keep the row and the attempts of a held event; 0: forever, else at least 7" },
	{ RETENTION(archive), TEXT(""), .live = true,
	  .help = "existing directory in which retention keeps compressed JSON lines of what it removes; empty: none" },

	{ SITE(site_uuid), TEXT(""), .check = bento_key_check_uuid,
	  .help = "siteUuid of the Segment function" },
	{ SITE(publishable_key), TEXT(""), .secret = true, .check = bento_key_check_publishable,
	  .help = "publishableKey of the Segment function" },
	{ SITE(publishable_key_file), TEXT(""),
	  .help = "file that holds the publishable key, in place of publishable_key" },
	{ SITE(secret_key), TEXT(""), .secret = true, .check = bento_key_check_secret,
	  .help = "secretKey of the Segment function; preferably in a file" },
	{ SITE(secret_key_file), TEXT(""),
	  .help = "file that holds the secret key, in place of secret_key; mode 0600" },
	{ SITE(write_keys), LIST(NULL), .secret = true, .check = check_not_empty,
	  .help = "keys that applications send; empty: any key, only with one site and local listeners" },
	{ SITE(write_keys_file), TEXT(""),
	  .help = "file that holds more write keys, one per line; # begins a comment; mode 0600" },
	{ SITE(client_names), LIST(NULL), .check = check_not_empty,
	  .help = "names in certificates of clients that may send without a write key; needs client_ca_file" },
	{ SITE(ignore_ids), LIST(NULL), .check = check_not_empty,
	  .help = "more ids that belong to nobody, such as test" },
	{ SITE(allow_origins), LIST(NULL), .check = check_not_empty,
	  .help = "browser origins that may send without a write key, such as https://shop.example" },
	{ SITE(webhook_secret), TEXT(""), .secret = true,
	  .help = "secret that Segment's webhook destination signs with; preferably in a file" },
	{ SITE(webhook_secret_file), TEXT(""),
	  .help = "file that holds the webhook secret, in place of webhook_secret; mode 0600" },
	{ SITE(upstream), TEXT(""), .check = check_upstream,
	  .help = "URL of a central bentospool that gets the calls, in place of Bento" },
	{ SITE(upstream_key), TEXT(""), .secret = true, .check = box_check_key,
	  .help = "this box's key at the central bentospool; preferably in a file" },
	{ SITE(upstream_key_file), TEXT(""),
	  .help = "file that holds this box's key, in place of upstream_key; mode 0600" },
	{ SITE(heartbeat), SECONDS("300", 0, 86400000),
	  .help = "seconds without events after which a box reports to upstream; 0: never" },
	{ SITE(send_first), LIST(NULL), .check = fleet_check_pattern,
	  .help = "names of track calls that a box forwards before others; * matches any text" },
	{ SITE(send_between), TEXT(""), .check = window_check,
	  .help = "part of the day, by local time, in which requests are sent; empty: always" },
	{ SITE(bytes_per_hour), NUMBER("0", 0, INT64_C(1) << 50), .check_number = fleet_check_budget,
	  .help = "maximum bytes of requests in an hour, evenly spent; 0: no limit" },
	{ SITE(boxes), LIST(NULL), .secret = true, .check = box_check,
	  .help = "boxes that may forward to this site: \"NAME KEY\" for each; preferably in a file" },
	{ SITE(boxes_file), TEXT(""),
	  .help = "file that holds more boxes, NAME KEY on each line; # begins a comment; mode 0600" },
	{ SITE(box_silent_after), SECONDS("86400", 0, 365 * 86400000LL),
	  .help = "seconds without a request from a box after which it needs attention; 0: never" },
	{ SITE(box_backlog_after), SECONDS("86400", 0, 365 * 86400000LL),
	  .help = "seconds that an event may wait at a box before the box needs attention; 0: forever" },
	{ SITE(api_url), TEXT("https://app.bentonow.com/api/v1"), .check = address_check_api_url,
	  .help = "URL of Bento's API; http:// for loopback addresses only" },
	{ SITE(ca_file), TEXT(""),
	  .help = "PEM file of certificates to trust; empty: the system's" },
	{ SITE(client_certificate_file), TEXT(""),
	  .help = "PEM file with the certificate that this site shows, then those that lead to a root" },
	{ SITE(client_private_key_file), TEXT(""),
	  .help = "PEM file with the private key of client_certificate_file; mode 0600" },
	{ SITE(batch_events), NUMBER("100", 1, 1000),
	  .help = "maximum number of events in a request to Bento" },
	{ SITE(batch_bytes), NUMBER("1000000", 1000, 16000000),
	  .help = "maximum bytes of a request to Bento" },
	{ SITE(requests_per_minute), NUMBER("60", 0, 100000),
	  .help = "maximum number of requests to Bento in a minute, evenly spaced; 0: no limit" },
	{ SITE(concurrency), NUMBER("1", 1, 64),
	  .help = "maximum number of requests to Bento at one time" },
	{ SITE(timeout), SECONDS("30", 100, 600000),
	  .help = "maximum seconds for a request to Bento" },
	{ SITE(retry_first), SECONDS("5", 10, 3600000),
	  .help = "seconds to wait after the first failure; then longer each time, with jitter" },
	{ SITE(retry_max), SECONDS("3600", 10, 86400000),
	  .help = "maximum seconds to wait before a retry" },
	{ SITE(max_attempts), NUMBER("20", 0, 1000000),
	  .help = "failures of an event on its own before it becomes failed; outages do not count; 0: no limit" },
	{ SITE(max_age), SECONDS("0", 0, INT64_C(315360000000)),
	  .help = "seconds after which an undelivered event is failed; 0: never" },
	{ SITE(identity_wait), SECONDS("86400", 0, INT64_C(31536000000)),
	  .help = "seconds that an event without an address waits for an identify call; 0: none" },
	{ SITE(identity_max), NUMBER("1000000", 0, 1000000000),
	  .help = "maximum number of ids whose addresses are kept; 0: none, and no lookup" },
	{ SITE(all_refused), NUMBER("25", 0, 1000000),
	  .help = "number of events refused in a row that pauses the site; 0: never" },
	{ SITE(partial), TEXT("split"), .check = check_partial,
	  .help = "action when Bento fails part of a batch: split it if unique keys allow that, or hold it" },
	{ SITE(ambiguous), TEXT("retry"), .check = check_ambiguous,
	  .help = "action when a success cannot be read: retry, delivered or hold" },
	{ SITE(maybe_delivered), TEXT("hold"), .check = check_maybe_delivered,
	  .help = "action when an event that Bento may already have is refused: hold or fail" },
	{ SITE(identify), TEXT("none"), .check = check_identify,
	  .help = "identify calls: none, update_fields (an event) or subscribers (an upsert)" },
	{ SITE(page), TEXT(""), .check = check_pattern,
	  .help = "name of the event that a page call becomes, such as 'Viewed {name} Page'; empty: none" },
	{ SITE(screen), TEXT(""), .check = check_pattern,
	  .help = "name of the event that a screen call becomes; empty: none" },
	{ SITE(group), TEXT(""), .check = check_pattern,
	  .help = "name of the event that a group call becomes, its traits as details; empty: none" },
	{ SITE(alias), TEXT("none"), .check = check_alias,
	  .help = "alias calls between two addresses: none, or change_email at Bento" },
	{ SITE(delete_calls), TEXT("none"), .check = check_delete,
	  .help = "delete calls: none, or erase the person from the database" },
	{ SITE(arrays), TEXT("join"), .check = check_arrays,
	  .help = "arrays in traits: join into one string, or omit" },
	{ SITE(reserved_types), TEXT("server"), .check = check_reserved,
	  .help = "track calls named $purchase, $tag, ...: server (not from browsers), pass or block" },
	{ SITE(integration_name), TEXT("Bento"), .check = check_integration,
	  .help = "name of this destination in a call's integrations, which may switch it off" },
	{ SITE(fields), LIST(NULL), .check = check_field,
	  .help = "field names for traits, such as address_city=city; TRAIT= omits the trait" },
	{ SITE(rules), LIST(NULL), .check = check_rule,
	  .help = "rules for track calls by name: drop, rename, as $purchase, tag" },
	{ SITE(unique_key), SWITCH("true"),
	  .help = "set details.unique.key to messageId unless the event has one, so that Bento discards repeats" },
	{ SITE(send_date), SWITCH("true"),
	  .help = "send the event's own time as its date, so that late events are dated correctly" },
	{ .name = NULL },
};
/* clang-format on */
_Static_assert(sizeof(settings) / sizeof(*settings) <= SETTINGS_MAX, "raise SETTINGS_MAX");

static int
check_not_empty(const char *text, struct err *e)
{
	return text[0] != '\0' ? 0 : err_set(e, ERR_INPUT, "must not be empty");
}

static int
check_log_level(const char *text, struct err *e)
{
	enum log_level level;

	return log_level_parse(text, &level) == 0
		   ? 0
		   : err_set(e, ERR_INPUT, "must be \"error\", \"warn\", \"info\" or \"debug\"");
}

static int
check_log_format(const char *text, struct err *e)
{
	enum log_format format;

	return log_format_parse(text, &format) == 0
		   ? 0
		   : err_set(e, ERR_INPUT, "must be \"text\" or \"json\"");
}

/* A repeated messageId must be recognized for a week. */
static int
check_rows(int64_t days, struct err *e)
{
	return days == 0 || days >= 7 ? 0 : err_set(e, ERR_INPUT, "must be 0 or at least 7");
}

static int
check_identify(const char *text, struct err *e)
{
	enum mapping_identify identify;

	return mapping_identify_parse(text, &identify) == 0
		   ? 0
		   : err_set(
		       e, ERR_INPUT, "must be \"none\", \"update_fields\" or \"subscribers\"");
}

/* Accepts any name that does not begin with $, by which Bento acts on the subscriber. */
static int
check_pattern(const char *text, struct err *e)
{
	if (strlen(text) >= MAPPING_NAME_SIZE)
		return err_set(e, ERR_INPUT, "must be shorter than %d bytes", MAPPING_NAME_SIZE);
	if (text[0] == '$')
		return err_set(e, ERR_INPUT, "must not begin with $");
	for (const char *open = strchr(text, '{'); open != NULL; open = strchr(open + 1, '{'))
		if (strncmp(open, "{name}", 6) != 0)
			return err_set(e, ERR_INPUT, "can be filled with {name} only");
	return 0;
}

static int
check_alias(const char *text, struct err *e)
{
	bool good = strcmp(text, "none") == 0 || strcmp(text, "change_email") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"none\" or \"change_email\"");
}

static int
check_delete(const char *text, struct err *e)
{
	bool good = strcmp(text, "none") == 0 || strcmp(text, "erase") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"none\" or \"erase\"");
}

static int
check_arrays(const char *text, struct err *e)
{
	bool good = strcmp(text, "join") == 0 || strcmp(text, "omit") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"join\" or \"omit\"");
}

static int
check_reserved(const char *text, struct err *e)
{
	enum mapping_reserved reserved;

	return mapping_reserved_parse(text, &reserved) == 0
		   ? 0
		   : err_set(e, ERR_INPUT, "must be \"server\", \"pass\" or \"block\"");
}

/* A host is given up after three missed renewals. */
static int
check_lease(int64_t ms, struct err *e)
{
	return ms == 0 || ms >= 1000 ? 0 : err_set(e, ERR_INPUT, "must be 0 or at least 1");
}

static int
check_upstream(const char *text, struct err *e)
{
	return text[0] == '\0' ? 0 : address_check_url(text, e);
}

static int
check_field(const char *text, struct err *e)
{
	struct trait_names names = { .n = 0 };

	return trait_names_add(&names, text, e);
}

static int
check_rule(const char *text, struct err *e)
{
	struct rules rules = { .n = 0 };

	return rules_add(&rules, text, e);
}

static int
check_integration(const char *text, struct err *e)
{
	if (strlen(text) >= MAPPING_NAME_SIZE)
		return err_set(e, ERR_INPUT, "must be shorter than %d bytes", MAPPING_NAME_SIZE);
	return check_not_empty(text, e);
}

static int
check_partial(const char *text, struct err *e)
{
	bool good = strcmp(text, "split") == 0 || strcmp(text, "hold") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"split\" or \"hold\"");
}

static int
check_ambiguous(const char *text, struct err *e)
{
	bool good = strcmp(text, "retry") == 0 || strcmp(text, "delivered") == 0
		    || strcmp(text, "hold") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"retry\", \"delivered\" or \"hold\"");
}

static int
check_maybe_delivered(const char *text, struct err *e)
{
	bool good = strcmp(text, "hold") == 0 || strcmp(text, "fail") == 0;

	return good ? 0 : err_set(e, ERR_INPUT, "must be \"hold\" or \"fail\"");
}

static const char *const section_names[SECTION_COUNT] = {
	[SECTION_TOP] = "",
	[SECTION_INGEST] = "ingest",
	[SECTION_ADMIN] = "admin",
	[SECTION_RETENTION] = "retention",
	[SECTION_SITE] = "site",
};

const char *
setting_section_name(enum setting_section section)
{
	return section_names[section];
}

int
setting_section_find(const char *name, enum setting_section *ret_section)
{
	for (unsigned i = SECTION_TOP + 1; i < SECTION_COUNT; i++)
		if (strcmp(name, section_names[i]) == 0) {
			*ret_section = (enum setting_section)i;
			return 0;
		}
	return -1;
}

bool
setting_section_is_single(enum setting_section section)
{
	return section == SECTION_INGEST || section == SECTION_ADMIN
	       || section == SECTION_RETENTION;
}

const struct setting *
setting_find(enum setting_section section, const char *name)
{
	for (const struct setting *s = settings; s->name != NULL; s++)
		if (s->section == section && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

void *
setting_base(struct config *c, enum setting_section section)
{
	switch (section) {
	case SECTION_TOP:
		return c;
	case SECTION_INGEST:
		return &c->ingest;
	case SECTION_ADMIN:
		return &c->admin;
	case SECTION_RETENTION:
		return &c->retention;
	case SECTION_SITE:
		return c->sites;
	}
	return NULL;
}

size_t
setting_count(void)
{
	size_t n = 0;

	while (settings[n].name != NULL)
		n++;
	return n;
}

struct config_place *
setting_place(const struct config *c, size_t site, const struct setting *s)
{
	struct config_place *places =
	    s->section == SECTION_SITE ? c->sites[site].places : c->places;

	return &places[s - settings];
}
