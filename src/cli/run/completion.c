/* completion: prints the completion script of a shell. */
#include <stdio.h>

#include "cli/completion.h"
#include "cli/verbs.h"

int
verb_completion(const struct options *o)
{
	if (o->n_operands == 0)
		return verb_usage("completion: no shell given: use bash, zsh or fish");
	if (completion_print(o->operands[0], stdout) != 0)
		return verb_usage(
		    "completion: unknown shell \"%.40s\": use bash, zsh or fish", o->operands[0]);
	return VERB_DONE;
}
