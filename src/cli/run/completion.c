#include <stdio.h>

#include "cli/completion.h"
#include "cli/verbs.h"

int
verb_completion(const struct options *o)
{
	if (o->n_operands == 0)
		return verb_usage("completion: say for which shell: bash, zsh or fish");
	if (completion_print(o->operands[0], stdout) != 0)
		return verb_usage(
		    "completion: \"%.40s\" is none of bash, zsh, fish", o->operands[0]);
	return VERB_DONE;
}
