/* A line feed goes into the pipe before each read, so that the read does not block. */
#include "lib/unit.h"

#include "unit/ingest/caught_log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int reading_end = -1;
static int real_stderr;
static char caught[65536];

void
caught_log_begin(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	real_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	reading_end = ends[0];
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
}

void
caught_log_end(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(reading_end);
}

int
caught_log_count(const char *text)
{
	int n = 0;
	ssize_t got;

	fflush(stderr);
	assert_int_equal(write(STDERR_FILENO, "\n", 1), 1);
	got = read(reading_end, caught, sizeof(caught) - 1);
	caught[got < 0 ? 0 : got] = '\0';
	for (const char *p = strstr(caught, text); p != NULL; p = strstr(p + 1, text))
		n++;
	return n;
}

const char *
caught_log(void)
{
	return caught;
}
