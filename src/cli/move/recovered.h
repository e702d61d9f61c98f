/* What a recovery could not read, for recover, adopt and export. */
#ifndef CLI_MOVE_RECOVERED_H
#define CLI_MOVE_RECOVERED_H

#include "outbox/recover/recover.h"

struct cJSON;

/* Prints a line for each kind of loss on standard error, with what to do. */
void recovered_print(const struct recover_report *r);
void recovered_json(const struct recover_report *r, struct cJSON *to);

#endif
