/* The help of each verb, and the list of all verbs, made from the table of verbs. Cannot fail. */
#include <stdio.h>

#include "cli/verbs.h"

#define PURPOSE "bentospool: stores Segment events on disk and delivers them to Bento"

static void
print_options(const char *title, option_set set)
{
	if (set == 0)
		return;
	printf("\n%s:\n", title);
	options_print(set, stdout);
}

void
verb_print_help(const struct verb *verb)
{
	option_set filters = verb->options & OPTIONS_FILTER;

	printf("bentospool %s: %s\n\nusage: bentospool %s [options]%s%s\n", verb->name,
	    verb->summary, verb->name, verb->operands == NULL ? "" : " ",
	    verb->operands == NULL ? "" : verb->operands);
	if (verb->about[0] != '\0')
		printf("\n%s\n", verb->about);
	print_options("filters; an event must match all that are given", filters);
	print_options("options", verb->options & ~filters);
	printf("\nexample:\n  %s\n", verb->example);
}

void
verb_print_all(void)
{
	static const char *const headings[] = {
		[VERBS_RUN] = "Run",
		[VERBS_LOOK] = "Look",
		[VERBS_ACT] = "Act",
		[VERBS_MOVE] = "Move data",
		[VERBS_SET_UP] = "Set up",
	};

	printf(PURPOSE "\n\nusage: bentospool VERB [options]\n");
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		if (v == verbs || v->group != v[-1].group)
			printf("\n%s:\n", headings[v->group]);
		printf("  %-10s %s\n", v->name, v->summary);
	}
	printf("  %-10s " VERB_HELP_SUMMARY "\n", "help");
	printf("\nconfiguration: -c FILE, else $BENTOSPOOL_CONFIG, else\n"
	       "  " CONFIG_DEFAULT_FILE "\n");
	printf("\ntopics: bentospool help statuses, help reasons, help filters\n");
	printf("\nexit status: 0 done, 1 error, 2 wrong usage, 3 nothing matched\n");
}

void
verb_print_first(FILE *to)
{
	fputs(PURPOSE
	    "\n\n"
	    "Set up:      bentospool init        create a configuration file\n"
	    "             bentospool doctor      find problems before they cost anything\n"
	    "             bentospool serve       run the daemon in the foreground\n"
	    "             bentospool send        send a test event, and see Bento's answer\n"
	    "Look:        bentospool status      is everything well?\n"
	    "             bentospool list        events, and what became of each\n"
	    "All verbs:   bentospool help        one verb: bentospool help VERB\n"
	    "The manual:  man bentospool\n",
	    to);
}
