/*
 * The table of all settings, and how a text becomes a value. The parser, `check`, `init` and
 * reloads use it; tests compare the example and the manual with it. Pure; any thread.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "base/buf.h"
#include "config/config.h"

enum setting_section {
	SECTION_TOP,
	SECTION_INGEST,
	SECTION_ADMIN,
	SECTION_RETENTION,
	SECTION_SITE
};
#define SECTION_COUNT 5

enum setting_type {
	SETTING_TEXT,    /* char * */
	SETTING_NUMBER,  /* int64_t */
	SETTING_SECONDS, /* int64_t of milliseconds; up to three decimals in the text */
	SETTING_SWITCH,  /* bool */
	SETTING_LIST     /* struct config_list of strings */
};

struct setting {
	enum setting_section section;
	enum setting_type type;
	const char *name;
	/* the default as text; for a list its only item, or NULL when empty */
	const char *fallback;
	int64_t min; /* for numbers; for durations in ms */
	int64_t max;
	bool secret; /* never printed */
	bool live;   /* a reload can change it; settings of a site need no mark */
	/* Checks what the type does not: a text, or an item of a list. Sets e to "must be ...".
	 * NULL: any text. */
	int (*check)(const char *text, struct err *e);
	/* Like check, for a number that is within its range. */
	int (*check_number)(int64_t number, struct err *e);
	size_t offset; /* offset of the member in struct config, config_ingest, config_admin,
			  config_retention or config_site */
	const char *help;
};

#define SETTINGS_MAX 256

/* At most SETTINGS_MAX rows; a row without a name ends them. Rows of one section are adjacent. */
extern const struct setting settings[];

/* Returns NULL when the section has no such setting. */
const struct setting *setting_find(enum setting_section section, const char *name);
/* "ingest"; "" for SECTION_TOP. */
const char *setting_section_name(enum setting_section section);
/* Finds a section by its name. Returns 0, or -1 when there is none. */
int setting_section_find(const char *name, enum setting_section *ret_section);
/* Whether the section may occur only once and has no title. */
bool setting_section_is_single(enum setting_section section);
/* Returns the section's structure within the configuration; for SECTION_SITE, the first site. */
void *setting_base(struct config *c, enum setting_section section);

/* Returns how many rows the table has. */
size_t setting_count(void);
/* Returns where the setting was given; site: the index of the site, for a setting of sites. */
struct config_place *setting_place(const struct config *c, size_t site, const struct setting *s);

/* Appends the allowed values, such as "a whole number from 1 to 1000". */
void setting_allowed(const struct setting *s, struct buf *to);
/* ERR_INPUT "must be ..., not ..." when the text is not a value (or item) of this setting. */
int setting_check(const struct setting *s, const char *text, struct err *e);
/* Stores a checked text in base, replacing the old value, or adds it to a list. */
int setting_store(const struct setting *s, void *base, const char *text, struct err *e);
/* Empties a list, or frees a text; other values stay. */
void setting_clear(const struct setting *s, void *base);
/* Sets the default. The structure must be zeroed or hold a value. */
int setting_default(const struct setting *s, void *base, struct err *e);
/* Appends the value as in a configuration file, with secrets masked. */
void setting_print(const struct setting *s, const void *base, struct buf *to);
/* Whether two structures have the same value. */
bool setting_is_equal(const struct setting *s, const void *base, const void *other);
/* Whether a reload can change it. */
bool setting_is_live(const struct setting *s);
bool setting_is_default(const struct setting *s, const void *base);

#endif
