/*
 * The table of all settings, and how a text becomes a value. The parser, `check`, `init` and
 * reloads work from it; tests hold the example and the manual against it. Pure; any thread.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "base/buf.h"
#include "config/config.h"

enum setting_section { SECTION_TOP, SECTION_INGEST, SECTION_RETENTION, SECTION_SITE };
#define SECTION_COUNT 4

enum setting_type {
	SETTING_TEXT,    /* char * */
	SETTING_NUMBER,  /* int64_t */
	SETTING_SECONDS, /* int64_t of milliseconds; up to three decimals in the text */
	SETTING_SWITCH,  /* bool */
	SETTING_LIST     /* struct config_list of texts */
};

struct setting {
	enum setting_section section;
	enum setting_type type;
	const char *name;
	const char *fallback; /* the default as text; of a list, its only item, or NULL if empty */
	int64_t min;          /* of numbers; of durations in ms */
	int64_t max;
	bool secret; /* never printed */
	bool live;   /* a reload can change it; settings of a site need not be marked */
	/* Checks a text, or an item of a list, beyond its type: sets e to "must be ...". NULL: any.
	 */
	int (*check)(const char *text, struct err *e);
	/* Checks a number that is within its range, likewise. */
	int (*check_number)(int64_t number, struct err *e);
	size_t offset; /* in struct config, config_ingest, config_retention or config_site */
	const char *help;
};

#define SETTINGS_MAX 256

/* At most SETTINGS_MAX rows, ended by one without a name; those of a section follow each other. */
extern const struct setting settings[];

/* NULL when the section has none of that name. */
const struct setting *setting_find(enum setting_section section, const char *name);
/* "ingest"; "" for SECTION_TOP. */
const char *setting_section_name(enum setting_section section);
/* A section by its name: 0, or -1 when there is none. */
int setting_section_find(const char *name, enum setting_section *ret_section);
/* Whether the section may be given once only, and has no title. */
bool setting_section_is_single(enum setting_section section);
/* The section's structure within the configuration; the first site's for SECTION_SITE. */
void *setting_base(struct config *c, enum setting_section section);

/* "a whole number from 1 to 1000", ... */
void setting_allowed(const struct setting *s, struct buf *to);
/* ERR_INPUT "must be ..., not ..." when text is not a value (or item) of this setting. */
int setting_check(const struct setting *s, const char *text, struct err *e);
/* Stores a checked text in base in place of the old value, or adds it to a list. */
int setting_store(const struct setting *s, void *base, const char *text, struct err *e);
/* Empties a list, frees a text; leaves other values. */
void setting_clear(const struct setting *s, void *base);
/* Sets the default in a structure that is zeroed or has a value. */
int setting_default(const struct setting *s, void *base, struct err *e);
/* The value as the file would say it; secrets masked. */
void setting_print(const struct setting *s, const void *base, struct buf *to);
/* Whether two structures have the same value. */
bool setting_is_equal(const struct setting *s, const void *base, const void *other);
/* Whether a reload can change it. */
bool setting_is_live(const struct setting *s);
bool setting_is_default(const struct setting *s, const void *base);

#endif
