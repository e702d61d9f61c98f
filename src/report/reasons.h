/* Reasons of events (bentospool-schema(7)) as sentences for people. Pure. */
#ifndef REPORT_REASONS_H
#define REPORT_REASONS_H

struct reason {
	const char *name;  /* NULL ends the table */
	const char *words; /* such as "it has no e-mail address"; short enough for one line */
};

extern const struct reason reasons[];

/* Returns a sentence such as "it has no e-mail address"; for an unknown reason, the reason. */
const char *reason_in_words(const char *reason);

#endif
