#include "cli/completion.h"

#include <string.h>

#include "cli/verbs.h"
#include "event/kind.h"

static void
print_statuses(FILE *to, const char *between)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		fprintf(to, "%s%s", i == 0 ? "" : between, status_name((enum event_status)i));
}

static bool
is(const struct option_words *o, const char *argument)
{
	return o->argument != NULL && strncmp(o->argument, argument, strlen(argument)) == 0;
}

static bool
is_completion(const struct verb *v)
{
	return strcmp(v->name, "completion") == 0;
}

/* ---- bash ------------------------------------------------------------------------------------ */

static void
bash_option(void *arg, const struct option_words *o)
{
	fprintf(arg, " --%s", o->name);
}

static void
print_bash(FILE *to)
{
	fputs("# bash completion for bentospool; made by: bentospool completion bash\n"
	      "_bentospool()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"help",
	    to);
	for (const struct verb *v = verbs; v->name != NULL; v++)
		fprintf(to, " %s", v->name);
	fputs("\"\n\telse\n\t\tcase $prev in\n"
	      "\t\t--config | -c | --database | --output | --event)\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\t\treturn\n\t\t\t;;\n"
	      "\t\t--status) words=\"",
	    to);
	print_statuses(to, " ");
	fputs("\" ;;\n\t\t*)\n\t\t\tcase ${COMP_WORDS[1]} in\n", to);
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		fprintf(to, "\t\t\t%s) words=\"", v->name);
		if (is_completion(v))
			fputs("bash zsh fish", to);
		options_each(v->options, bash_option, to);
		fputs("\" ;;\n", to);
	}
	fputs("\t\t\tesac\n\t\t\t;;\n\t\tesac\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
	      "complete -o default -F _bentospool bentospool\n",
	    to);
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* Inside single quotes; what _arguments and _describe take for their own is escaped. */
static void
zsh_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else if (strchr("[]:\\", *text) != NULL)
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static void
zsh_option(void *arg, const struct option_words *o)
{
	FILE *to = arg;

	fprintf(to, " \\\n\t\t\t'--%s[", o->name);
	zsh_text(to, o->help);
	fputc(']', to);
	if (o->argument != NULL) {
		fputc(':', to);
		zsh_text(to, o->argument);
		if (is(o, "FILE"))
			fputs(":_files", to);
		else if (strcmp(o->name, "status") == 0) {
			fputs(":(", to);
			print_statuses(to, " ");
			fputc(')', to);
		} else
			fputs(": ", to);
	}
	fputc('\'', to);
}

static void
print_zsh(FILE *to)
{
	fputs("#compdef bentospool\n# made by: bentospool completion zsh\n"
	      "_bentospool()\n{\n\tlocal -a verbs\n\tverbs=(\n",
	    to);
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		fprintf(to, "\t\t'%s:", v->name);
		zsh_text(to, v->summary);
		fputs("'\n", to);
	}
	fputs("\t\t'help:this list, or the options of a verb'\n\t)\n"
	      "\tif (( CURRENT == 2 )); then\n\t\t_describe verb verbs\n\t\treturn\n\tfi\n"
	      "\tlocal verb=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $verb in\n",
	    to);
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		fprintf(to, "\t%s)\n\t\t_arguments", v->name);
		options_each(v->options, zsh_option, to);
		if (v->max_operands > 0)
			fputs(is_completion(v) ? " \\\n\t\t\t'1: :(bash zsh fish)'"
					       : " \\\n\t\t\t'1: :_files'",
			    to);
		fputs("\n\t\t;;\n", to);
	}
	fputs("\tesac\n}\n_bentospool \"$@\"\n", to);
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void
fish_text(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
}

struct fish {
	FILE *to;
	const char *verb;
};

static void
fish_option(void *arg, const struct option_words *o)
{
	const struct fish *f = arg;

	fprintf(f->to, "complete -c bentospool -n '__fish_seen_subcommand_from %s' -l %s", f->verb,
	    o->name);
	if (o->letter != 0)
		fprintf(f->to, " -s %c", o->letter);
	if (o->argument != NULL)
		fputs(is(o, "FILE") ? " -r -F" : " -x", f->to);
	if (strcmp(o->name, "status") == 0) {
		fputs(" -a '", f->to);
		print_statuses(f->to, " ");
		fputc('\'', f->to);
	}
	fputs(" -d '", f->to);
	fish_text(f->to, o->help);
	fputs("'\n", f->to);
}

static void
print_fish(FILE *to)
{
	fputs("# fish completion for bentospool; made by: bentospool completion fish\n"
	      "complete -c bentospool -n __fish_use_subcommand -f -a help"
	      " -d 'this list, or the options of a verb'\n",
	    to);
	for (const struct verb *v = verbs; v->name != NULL; v++) {
		struct fish f = { to, v->name };

		fprintf(
		    to, "complete -c bentospool -n __fish_use_subcommand -f -a %s -d '", v->name);
		fish_text(to, v->summary);
		fputs("'\n", to);
		options_each(v->options, fish_option, &f);
	}
	fputs("complete -c bentospool -n '__fish_seen_subcommand_from completion' -f"
	      " -a 'bash zsh fish'\n",
	    to);
}

int
completion_print(const char *shell, FILE *to)
{
	if (strcmp(shell, "bash") == 0)
		print_bash(to);
	else if (strcmp(shell, "zsh") == 0)
		print_zsh(to);
	else if (strcmp(shell, "fish") == 0)
		print_fish(to);
	else
		return -1;
	return 0;
}
