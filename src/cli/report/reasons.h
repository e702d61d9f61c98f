/* Reasons of events (bentospool-schema(7)) as sentences for people. Pure. */
#ifndef CLI_REPORT_REASONS_H
#define CLI_REPORT_REASONS_H

/* "it has no e-mail address"; the word itself when nothing is known about it. */
const char *reason_in_words(const char *reason);

#endif
