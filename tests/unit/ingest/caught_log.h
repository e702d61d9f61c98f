/*
 * What ingest logs: standard error, caught in a pipe. At most 64 KiB may be logged between two
 * calls of caught_log_count, because a full pipe blocks whoever logs.
 */
#ifndef UNIT_INGEST_CAUGHT_LOG_H
#define UNIT_INGEST_CAUGHT_LOG_H

/* Catches the log from now on, at level info. */
void caught_log_begin(void);
void caught_log_end(void);
/* Reads what was logged since the last call, and counts how often this text occurs there. */
int caught_log_count(const char *text);
/* What the last caught_log_count read. */
const char *caught_log(void);

#endif
