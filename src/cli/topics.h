/* What `help TOPIC` prints: statuses, reasons and filters, each on one screen. */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

/* The names of the topics; NULL ends the list. */
extern const char *const topic_names[];

/* Prints the topic on standard output; returns false when there is none of that name. */
bool topic_print(const char *name);

#endif
