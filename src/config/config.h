/*
 * The configuration in effect: defaults, then the file, then the environment (bentospool.conf(5)).
 *
 * Every setting is one row of the table in settings.c: name, type, default, range and help. A
 * struct config is filled once and then never changes; a reload makes a new one. Each module gets
 * its own options structure from it (daemon/wiring.h). Errors name the file and line, or the
 * variable.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/shared.h"

/* Where the configuration is by default; init writes the secret key beside it. */
#define CONFIG_DIRECTORY SPOOL_SYSCONFDIR "/bentospool"
#define CONFIG_DEFAULT_FILE CONFIG_DIRECTORY "/bentospool.conf"
#define CONFIG_DEFAULT_DATABASE SPOOL_LOCALSTATEDIR "/lib/bentospool/spool.db"

#define CONFIG_MAX_BYTES 1048576 /* bytes of the file, and of a file of write keys */
#define CONFIG_MAX_SITES 1000
#define CONFIG_MAX_FILES 1024     /* the file and those that it includes */
#define CONFIG_MAX_TOTAL 16777216 /* bytes of all these files */
#define CONFIG_TOKEN_MIN 22       /* characters of a token: 128 random bits as Base64 */
#define CONFIG_TOKEN_MAX 200
#define CONFIG_MAX_DEPTH 8 /* files that include each other, with the first */

struct config_list {
	char **item;
	size_t n;
};

/* Where a setting was given last. */
struct config_place {
	int file; /* 1 for the first of config.files; 0: nowhere, it has its default */
	int line;
};
#define CONFIG_PLACE_ENVIRONMENT (-1) /* a file that is none: the environment */

/* Durations are milliseconds. Texts are never NULL; "" is "not set". */

/* The files of the tls: addresses of a listener. */
struct config_tls {
	char *certificate_file;
	char *private_key_file;
	char *client_ca_file;
};

struct config_ingest {
	struct config_list listen;
	struct config_tls tls;
	int64_t max_body;
	int64_t max_event;
	int64_t max_message_id;
	int64_t max_header_bytes;
	int64_t max_headers;
	int64_t max_connections;
	int64_t max_buffered;
	int64_t request_timeout;
	int64_t idle_timeout;
	int64_t refused_percent;
	int64_t certificate_days;
};

struct config_admin {
	struct config_tls tls;
	struct config_list listen; /* empty: nothing is served */
	struct config_list public_url; /* where a proxy serves the dashboard */
	char *read_token_file;
	char *act_token_file;
	char *read_token; /* what the files hold; "": none. Not while `reading` */
	char *act_token;
};

/* In days; 0: forever. */
struct config_retention {
	int64_t delivered_payload, delivered_rows;
	int64_t discarded_payload, discarded_rows;
	int64_t unsupported_payload, unsupported_rows;
	int64_t invalid_payload, invalid_rows;
	int64_t failed_payload, failed_rows;
	int64_t held_payload, held_rows;
	char *archive;
};

struct tls_context;

struct config_site {
	char *name;
	char *site_uuid;
	char *publishable_key;
	char *publishable_key_file;
	char *secret_key;
	char *secret_key_file;
	struct config_list write_keys;
	char *write_keys_file;
	struct config_list client_names;
	struct config_list allow_origins;
	struct config_list ignore_ids;
	char *webhook_secret;
	char *webhook_secret_file;
	char *upstream; /* a central spooler's URL, in place of Bento; "": none */
	char *upstream_key;
	char *upstream_key_file;
	int64_t heartbeat;
	struct config_list send_first;
	char *send_between;
	int64_t bytes_per_hour;
	int64_t box_silent_after; /* ms; 0: never */
	int64_t box_backlog_after;
	struct config_list boxes; /* "NAME KEY" of each box that may forward to this site */
	char *boxes_file;
	char *api_url;
	char *ca_file;
	char *client_certificate_file; /* what this side shows to the host of the URL */
	char *client_private_key_file;
	struct tls_context *client_tls; /* of these two files; NULL: none, and while `reading` */
	int64_t batch_events;
	int64_t batch_bytes;
	int64_t requests_per_minute;
	int64_t concurrency;
	int64_t timeout;
	int64_t retry_first;
	int64_t retry_max;
	int64_t max_attempts;
	int64_t max_age;
	int64_t identity_wait;
	int64_t identity_max;
	int64_t all_refused;
	char *partial;
	char *ambiguous;
	char *maybe_delivered;
	char *identify;
	char *page;
	char *screen;
	char *group;
	char *alias;
	char *delete_calls;
	char *arrays;
	char *reserved_types;
	char *integration_name;
	struct config_list fields;
	struct config_list rules;
	bool unique_key;
	bool send_date;
	struct config_place *places; /* one for each row of the table of settings */
};

struct config {
	struct shared shared; /* must be first: several threads may hold the configuration */
	char *file;           /* "" when there is none */
	char *warning;        /* sentences for the log, or "" */
	char *database;
	char *control;
	int64_t min_free;
	int64_t max_wal;
	int64_t stop_deadline;
	int64_t host_lease; /* 0: none */
	struct config_list alarm_command;
	int64_t alarm_after;
	char *log_level;
	char *log_format;
	struct config_ingest ingest;
	struct config_admin admin;
	struct config_retention retention;
	struct config_site *sites;
	size_t n_sites;
	struct config_list files;    /* that were read: the file, then what it includes */
	struct config_place *places; /* of the settings outside sites, as in config_site */
};

struct config_request {
	const char *file;     /* -c, or NULL */
	const char *database; /* --database, or NULL: overrides all other sources */
	/*
	 * For verbs that only read the database: files with secrets are not read, and settings that
	 * only sending needs may be missing. When `database` is set, the only file read is the one
	 * named by -c.
	 */
	bool reading;
	/* At a start: an archive directory that cannot be used is not an error; retention waits for
	 * it. */
	bool starting;
};

/* Returns the (borrowed) name of the file that config_load would read; NULL when there is none. */
const char *config_choose_file(const struct config_request *request);

/* Returns a configuration with all defaults and no site; NULL without memory. */
struct config *config_new(struct err *e);
/* The caller releases the configuration with config_free; the last release also wipes its
 * secrets. */
int config_load(const struct config_request *request, struct config **ret_config, struct err *e);
void config_free(struct config *c);

/*
 * Checks the configuration as a whole: limits that fit together, a site with its keys, and write
 * keys where other machines can connect. Part of config_load unless `reading`.
 */
int config_check(const struct config *c, struct err *e);
/* Checks that retention can write its archive. Part of config_load unless `reading` or `starting`.
 */
int config_check_archive(const struct config *c, struct err *e);
/* Returns 0 when retention can write to its archive directory, or has none; else the errno. */
int config_try_archive(const struct config *c);
/* Returns the remedy for an errno that config_try_archive returned. */
const char *config_archive_remedy(int cause);

/* Appends a copy of the text. ERR_NOMEM. */
int config_list_add(struct config_list *list, const char *text, struct err *e);
/* Wipes and frees all items. */
void config_list_clear(struct config_list *list);
/* Returns the file's name, or "environment": where an error is. */
const char *config_origin(const struct config *c);
bool config_has_write_key(const struct config_site *site, const char *key);
/* Returns the site of that name, or NULL. */
const struct config_site *config_find_site(const struct config *c, const char *name);

/* Appends the configuration in effect as a configuration file, with secrets masked and defaults
 * marked. */
void config_print(const struct config *c, struct buf *to);

#endif
