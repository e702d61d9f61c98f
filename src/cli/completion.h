/* Completion scripts for shells, from the tables of verbs and options. Main thread. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

/* "bash", "zsh" or "fish"; -1 when it is none of them. */
int completion_print(const char *shell, FILE *to);

#endif
