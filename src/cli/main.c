/*
 * The program: finds the verb, parses its options, runs it, and returns its exit code (enum
 * verb_exit). Wrong usage is VERB_USAGE; output that cannot be written turns success into
 * VERB_ERROR.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/similar.h"
#include "cli/topics.h"
#include "cli/verbs.h"
#include "event/json/json_memory.h"
#include "term/when.h"

/* Output that cannot be written is an error even when the verb succeeded. */
static int
close_output(int code)
{
	bool flushed = fflush(stdout) == 0;
	const char *cause = flushed ? "" : strerror(errno);

	if (flushed && !ferror(stdout))
		return code;
	if (!verb_output_reported())
		fprintf(stderr, "bentospool: cannot write the output%s%s\n", flushed ? "" : ": ",
		    cause);
	return code == VERB_DONE ? VERB_ERROR : code;
}

/* Refuses options before the verb, and shows the same words in the right order. */
static int
refuse_misplaced(int argc, char **argv)
{
	char options[128] = "";
	size_t n = 0;
	int i = 1;

	for (; i < argc && verb_find(argv[i]) == NULL && n < sizeof(options); i++)
		n += (size_t)snprintf(options + n, sizeof(options) - n, " %s", argv[i]);
	if (i == argc || n >= sizeof(options))
		return verb_usage("options follow the verb: bentospool status -c FILE");
	return verb_usage("options follow the verb: bentospool %s%s", argv[i], options);
}

static int
refuse_verb(const char *name)
{
	const char *similar = NULL;
	unsigned distance = SIMILAR_NONE;

	for (const struct verb *v = verbs; v->name != NULL; v++)
		if (similar_is_nearer(name, v->name, &distance))
			similar = v->name;
	if (similar != NULL)
		return verb_usage(
		    "unknown verb \"%.40s\": did you mean bentospool %s?", name, similar);
	return verb_usage("unknown verb \"%.40s\"; see bentospool help", name);
}

static int
help(int argc, char **argv)
{
	const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;

	if (argc > 1 && verb == NULL)
		return topic_print(argv[1]) ? VERB_DONE : refuse_verb(argv[1]);
	if (verb != NULL)
		verb_print_help(verb);
	else
		verb_print_all();
	return VERB_DONE;
}

static int
run(const struct verb *verb, int argc, char **argv)
{
	struct options o;
	struct err e;
	int code;

	if (options_parse(argc, argv, verb->options, clock_wall(&clock_system), &o, &e) != 0)
		code =
		    verb_usage("%s: %s; see bentospool %s --help", verb->name, e.text, verb->name);
	else if (o.help) {
		verb_print_help(verb);
		code = VERB_DONE;
	} else if (o.n_operands > verb->max_operands)
		code = verb_usage("%s: unexpected argument \"%.60s\"; see bentospool %s --help",
		    verb->name, o.operands[verb->max_operands], verb->name);
	else {
		when_use_utc(o.utc);
		code = verb->run(&o);
	}
	options_free(&o);
	return code;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct verb *verb = verb_find(name);
	int code;

	json_memory_watch();
	/* A write beyond RLIMIT_FSIZE is then an error that can be reported. */
	signal(SIGXFSZ, SIG_IGN);
	if (verb != NULL)
		code = run(verb, argc - 1, argv + 1);
	else if (strcmp(name, "help") == 0)
		code = help(argc - 1, argv + 1);
	else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		code = help(1, argv);
	else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		code = run(verb_find("version"), 1, argv);
	else if (argc < 2) {
		verb_print_first(stderr);
		code = VERB_USAGE;
	} else if (name[0] == '-')
		code = refuse_misplaced(argc, argv);
	else
		code = refuse_verb(name);
	return close_output(code);
}
