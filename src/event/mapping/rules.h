/*
 * Rules for track calls by their names, as in the configuration:
 *
 *	"Order Completed => as $purchase; value total; currency EUR; also"
 *	"Test * => drop"
 *	"Signed Up => rename Registered; tag lead; remove_tag visitor"
 *
 * The first rule whose pattern matches the name counts. `*` in a pattern matches any text, even
 * none. Pure; any thread. The struct can be copied.
 */
#ifndef EVENT_MAPPING_RULES_H
#define EVENT_MAPPING_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "event/mapping/money.h"

#define RULES_MAX 32
#define RULE_SIZE 256 /* bytes of one rule's text, NUL included */

/* A part of the rule's text; absent when n is 0. */
struct rule_part {
	uint16_t at;
	uint16_t n;
};

struct rule {
	char text[RULE_SIZE];
	struct rule_part pattern;
	bool drop;
	bool purchase; /* as $purchase */
	bool also;     /* forward the event itself, too */
	struct rule_part rename;
	struct rule_part value; /* the property that holds the amount */
	struct rule_part tag;
	struct rule_part remove_tag;
	char currency[MONEY_CODE_SIZE]; /* for events without a currency; "": none */
};

struct rules {
	unsigned n;
	struct rule rule[RULES_MAX];
};

/* Adds a rule. ERR_INPUT says what is wrong with the text and what would be right. */
int rules_add(struct rules *rules, const char *text, struct err *e);
/* Returns the rule for the name; NULL when none matches. */
const struct rule *rules_find(const struct rules *rules, struct slice name);
/* Whether the name matches the pattern, in which * stands for any text. */
bool rules_match(struct slice pattern, struct slice name);
struct slice rule_text(const struct rule *rule, struct rule_part part);

#endif
