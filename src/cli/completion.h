/* Completion scripts for shells, made from the tables of verbs and options. Main thread. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

/* shell is "bash", "zsh" or "fish"; -1 for any other. */
int completion_print(const char *shell, FILE *to);

#endif
