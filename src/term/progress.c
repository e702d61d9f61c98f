/*
 * The progress line of a long operation. Nothing is printed unless standard error is a terminal.
 */
#include "term/progress.h"

#include <stdio.h>

#include "term/terminal.h"

void
progress_tell(void *arg, int64_t done)
{
	struct progress *p = arg;
	struct terminal terminal;

	terminal_look(stderr, &terminal);
	if (!terminal.interactive)
		return;
	fprintf(stderr, "\r%lld", (long long)done);
	if (p->all > 0)
		fprintf(stderr, " of %lld", (long long)p->all);
	fprintf(stderr, " %s ", p->what);
	fflush(stderr);
	p->shown = true;
}

void
progress_end(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r%60s\r", "");
	p->shown = false;
}
