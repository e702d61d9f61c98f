/* Shared by parse.c, value.c and include.c. */
#ifndef CONFIG_PARSE_PARSE_PRIVATE_H
#define CONFIG_PARSE_PARSE_PRIVATE_H

#include "config/parse/lex.h"
#include "config/parse/parse.h"
#include "config/settings.h"

struct parser {
	const struct config_source *source;
	struct lex lex;
	int file; /* its number: config_place.file */
	const char
	    *open[CONFIG_MAX_DEPTH]; /* the files that are being read, each by the one before */
	size_t depth;
	size_t bytes; /* of all files so far */
	struct config *config;
	enum setting_section section;
	int section_line;            /* the line where it began */
	void *base;                  /* the section's structure */
	struct config_place *places; /* of its settings */
	struct config_place section_places[SECTION_COUNT];
	int key_line;                 /* the line of the last setting */
	const struct setting *secret; /* the last setting, when it was a secret; else NULL */
	struct err *e;
};

#define FAIL(p, line, ...) lex_fail(&(p)->lex, (line), (p)->e, __VA_ARGS__)

/* These return 0, or -1 with p->e set, which names the file and the line. */

/* Reads a value, or a list in braces; the = has been read. */
int parse_value(struct parser *p, const struct setting *s);
/* Reads an include; the word itself has been read. */
int parse_include(struct parser *p);
/* Reads one file from its beginning to its end. */
int parse_file(struct parser *p, const char *file, const char *text);

#endif
