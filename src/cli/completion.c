#include "cli/completion.h"

#include <string.h>

#include "cli/verbs.h"
#include "event/kind.h"

/* What may stand behind an option or a verb, known by its word in the tables. */
enum values {
	VALUES_OTHER, /* nobody can tell */
	VALUES_FILES,
	VALUES_SHELLS,
	VALUES_STATUSES, /* these two with commas between */
	VALUES_KINDS
};

static enum values
values_of(const char *argument)
{
	static const struct {
		const char *argument;
		enum values values;
	} known[] = {
		{ "FILE", VALUES_FILES },
		{ "FILE|-", VALUES_FILES },
		{ "DATABASE", VALUES_FILES },
		{ "SHELL", VALUES_SHELLS },
		{ "S[,S...]", VALUES_STATUSES },
		{ "K[,K...]", VALUES_KINDS },
	};

	for (size_t i = 0; argument != NULL && i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(argument, known[i].argument) == 0)
			return known[i].values;
	return VALUES_OTHER;
}

/* Each with a blank before it. */
static void
print_values(FILE *to, enum values values)
{
	if (values == VALUES_SHELLS)
		fputs(" bash zsh fish", to);
	for (unsigned i = 0; values == VALUES_STATUSES && i < STATUS_COUNT; i++)
		fprintf(to, " %s", status_name((enum event_status)i));
	for (unsigned i = 0; values == VALUES_KINDS && i < KIND_COUNT; i++)
		fprintf(to, " %s", kind_name((enum event_kind)i));
}

static void
print_verbs(FILE *to)
{
	fputs(" help", to);
	for (const struct verb *v = verbs; v->name != NULL; v++)
		fprintf(to, " %s", v->name);
}

/* ---- bash ------------------------------------------------------------------------------------ */

struct bash_pattern {
	FILE *to;
	enum values values;
	const char *before;
};

static void
bash_pattern(void *arg, const struct option_words *o)
{
	struct bash_pattern *p = arg;

	if (o->argument == NULL || values_of(o->argument) != p->values)
		return;
	fprintf(p->to, "%s--%s", p->before, o->name);
	p->before = " | ";
	if (o->letter != 0)
		fprintf(p->to, " | -%c", o->letter);
}

/* The options whose values are of one sort, as a pattern of case. */
static void
print_pattern(FILE *to, enum values values)
{
	struct bash_pattern p = { to, values, "\t\t" };

	options_each(OPTIONS_EVERY, bash_pattern, &p);
	fputc(')', to);
}

static void
bash_option(void *arg, const struct option_words *o)
{
	fprintf(arg, " --%s", o->name);
}

static void
print_bash_verb(FILE *to, const struct verb *v)
{
	enum values operand = values_of(v->operands);

	fprintf(to, "\t\t\t%s) words=\"", v->name);
	print_values(to, operand);
	options_each(v->options, bash_option, to);
	fprintf(to, "\"%s ;;\n", operand == VALUES_FILES ? " files=yes" : "");
}

/* Options are split at "=" by the shell, lists at their last comma by the script. */
static void
print_bash(FILE *to)
{
	fputs("# bash completion for bentospool; made by: bentospool completion bash\n"
	      "_bentospool()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal verbs=\"",
	    to);
	print_verbs(to);
	fputs("\" words= files= list=\n\tCOMPREPLY=()\n"
	      "\tif [ \"$cur\" = \"=\" ]; then\n\t\tcur=\n"
	      "\telif [ \"$prev\" = \"=\" ]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=$verbs\n"
	      "\telse\n\t\tcase $prev in\n",
	    to);
	print_pattern(to, VALUES_FILES);
	fputs(" files=yes ;;\n", to);
	for (enum values values = VALUES_STATUSES; values <= VALUES_KINDS; values++) {
		print_pattern(to, values);
		fputs(" list=${cur%\"${cur##*,}\"} words=\"", to);
		print_values(to, values);
		fputs("\" ;;\n", to);
	}
	print_pattern(to, VALUES_OTHER);
	fputs(" return ;;\n\t\t*)\n\t\t\tcase ${COMP_WORDS[1]} in\n", to);
	for (const struct verb *v = verbs; v->name != NULL; v++)
		print_bash_verb(to, v);
	fputs("\t\t\thelp) words=$verbs ;;\n\t\t\tesac\n"
	      "\t\t\t[ \"${cur:0:1}\" != - ] || files=\n\t\t\t;;\n\t\tesac\n\tfi\n"
	      "\tif [ -n \"$files\" ]; then\n\t\tcompopt -o default\n\t\treturn\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -P \"$list\" -W \"$words\" -- "
	      "\"${cur#\"$list\"}\")\n}\n"
	      "complete -F _bentospool bentospool\n",
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

/* Behind "message:" of _arguments. */
static void
zsh_values(FILE *to, enum values values)
{
	switch (values) {
	case VALUES_FILES:
		fputs("_files", to);
		return;
	case VALUES_SHELLS:
		fputs("(", to);
		print_values(to, values);
		fputs(" )", to);
		return;
	case VALUES_STATUSES:
	case VALUES_KINDS:
		fputs("_values -s , value", to);
		print_values(to, values);
		return;
	case VALUES_OTHER:
		break;
	}
	fputc(' ', to);
}

static void
zsh_one(FILE *to, const struct option_words *o, const char *before)
{
	fputs(before, to);
	fputc('[', to);
	zsh_text(to, o->help);
	fputc(']', to);
	if (o->argument != NULL) {
		fprintf(to, ":%s:", o->argument);
		zsh_values(to, values_of(o->argument));
	}
	fputc('\'', to);
}

static void
zsh_option(void *arg, const struct option_words *o)
{
	FILE *to = arg;
	char before[64];

	snprintf(
	    before, sizeof(before), " \\\n\t\t\t'--%s%s", o->name, o->argument == NULL ? "" : "=");
	zsh_one(to, o, before);
	snprintf(before, sizeof(before), " \\\n\t\t\t'-%c", o->letter);
	if (o->letter != 0)
		zsh_one(to, o, before);
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
		if (v->max_operands > 0) {
			fprintf(to, " \\\n\t\t\t'1:%s:", v->operands);
			zsh_values(to, values_of(v->operands));
			fputc('\'', to);
		}
		fputs("\n\t\t;;\n", to);
	}
	fputs("\thelp)\n\t\t(( CURRENT == 2 )) && _describe verb verbs\n\t\t;;\n"
	      "\tesac\n}\n_bentospool \"$@\"\n",
	    to);
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
	enum values values = values_of(o->argument);

	fprintf(f->to, "complete -c bentospool -n '__fish_seen_subcommand_from %s' -l %s", f->verb,
	    o->name);
	if (o->letter != 0)
		fprintf(f->to, " -s %c", o->letter);
	if (o->argument != NULL)
		fputs(values == VALUES_FILES ? " -r -F" : " -x", f->to);
	if (values == VALUES_STATUSES || values == VALUES_KINDS) {
		fputs(" -a '(__fish_append ,", f->to);
		print_values(f->to, values);
		fputs(")'", f->to);
	}
	fputs(" -d '", f->to);
	fish_text(f->to, o->help);
	fputs("'\n", f->to);
}

static void
fish_operands(FILE *to, const char *verb, enum values values)
{
	if (values == VALUES_FILES)
		return;
	fprintf(to, "complete -c bentospool -n '__fish_seen_subcommand_from %s' -f", verb);
	if (values == VALUES_SHELLS) {
		fputs(" -a '", to);
		print_values(to, values);
		fputc('\'', to);
	}
	fputc('\n', to);
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
		fish_operands(to, v->name, values_of(v->operands));
	}
	fputs("complete -c bentospool -n '__fish_seen_subcommand_from help' -f -a '", to);
	print_verbs(to);
	fputs("'\n", to);
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
