/*
 * Reads rules for track calls, and finds the rule for a name. A rule keeps its text and the
 * positions of its parts. Reading fails on text that is not a rule; the message says what would be
 * right.
 */
#include "event/mapping/rules.h"

#include <stdio.h>
#include <string.h>

#define ARROW "=>"

/* ---- matching ------------------------------------------------------------------------------- */

/* A star first matches nothing, then one byte more each time the rest does not match. Only the last
 * star ever has to grow. */
bool
rules_match(struct slice pattern, struct slice name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, from = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = n;
		} else if (p < pattern.n && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

struct slice
rule_text(const struct rule *rule, struct rule_part part)
{
	return part.n == 0 ? SLICE_NONE : (struct slice){ rule->text + part.at, part.n };
}

const struct rule *
rules_find(const struct rules *rules, struct slice name)
{
	for (unsigned i = 0; i < rules->n; i++)
		if (rules_match(rule_text(&rules->rule[i], rules->rule[i].pattern), name))
			return &rules->rule[i];
	return NULL;
}

/* ---- reading -------------------------------------------------------------------------------- */

static struct rule_part
trim(const struct rule *rule, size_t from, size_t to)
{
	while (from < to && rule->text[from] == ' ')
		from++;
	while (to > from && rule->text[to - 1] == ' ')
		to--;
	return (struct rule_part){ (uint16_t)from, (uint16_t)(to - from) };
}

static int
refuse(struct err *e, const char *why, struct slice word)
{
	return err_set(e, ERR_INPUT, "is not a rule: %s \"%.*s\"", why, (int)word.n, word.p);
}

static int
take_flag(bool *flag, struct slice word, struct err *e)
{
	if (*flag)
		return refuse(e, "it says twice", word);
	*flag = true;
	return 0;
}

static int
take_part(struct rule_part *to, struct rule_part part, struct slice word, struct err *e)
{
	if (to->n != 0)
		return refuse(e, "it says twice", word);
	*to = part;
	return 0;
}

static int
take_currency(struct rule *rule, struct slice code, struct err *e)
{
	if (rule->currency[0] != '\0')
		return refuse(e, "it says twice", SLICE("currency"));
	if (!money_code(code, rule->currency)) {
		rule->currency[0] = '\0';
		return refuse(e, "a currency has three letters, such as EUR, not", code);
	}
	return 0;
}

/* A rule may rename an event to an ordinary name only. To act on the subscriber it says `as
 * $purchase`, `tag` and so on. */
static int
take_rename(struct rule *rule, struct rule_part part, struct err *e)
{
	if (rule->text[part.at] == '$')
		return refuse(
		    e, "a new name must not begin with $, as does", rule_text(rule, part));
	return take_part(&rule->rename, part, SLICE("rename"), e);
}

static int
take_as(struct rule *rule, struct slice type, struct err *e)
{
	if (!SLICE_IS(type, "$purchase"))
		return refuse(e, "`as` takes $purchase, not", type);
	return take_flag(&rule->purchase, SLICE("as"), e);
}

static int
take_words(struct rule *rule, struct slice word, struct rule_part rest, struct err *e)
{
	if (SLICE_IS(word, "drop") && rest.n == 0)
		return take_flag(&rule->drop, word, e);
	if (SLICE_IS(word, "also") && rest.n == 0)
		return take_flag(&rule->also, word, e);
	if (rest.n > 0 && SLICE_IS(word, "as"))
		return take_as(rule, rule_text(rule, rest), e);
	if (rest.n > 0 && SLICE_IS(word, "rename"))
		return take_rename(rule, rest, e);
	if (rest.n > 0 && SLICE_IS(word, "value"))
		return take_part(&rule->value, rest, word, e);
	if (rest.n > 0 && SLICE_IS(word, "currency"))
		return take_currency(rule, rule_text(rule, rest), e);
	if (rest.n > 0 && SLICE_IS(word, "tag"))
		return take_part(&rule->tag, rest, word, e);
	if (rest.n > 0 && SLICE_IS(word, "remove_tag"))
		return take_part(&rule->remove_tag, rest, word, e);
	return refuse(e,
	    "an action is drop, rename NAME, as $purchase, value PROPERTY, currency CODE, also, "
	    "tag NAME or remove_tag NAME, not",
	    word);
}

static int
take_action(struct rule *rule, struct rule_part action, struct err *e)
{
	struct slice text = rule_text(rule, action);
	const char *space = text.n == 0 ? NULL : memchr(text.p, ' ', text.n);
	size_t n = space == NULL ? text.n : (size_t)(space - text.p);

	if (text.n == 0)
		return err_set(e, ERR_INPUT,
		    "is not a rule: an action between semicolons or after \"" ARROW "\" is empty");
	return take_words(rule, (struct slice){ text.p, n },
	    trim(rule, action.at + n, (size_t)action.at + action.n), e);
}

static int
check_sense(const struct rule *rule, struct err *e)
{
	bool more = rule->purchase || rule->also || rule->rename.n > 0 || rule->value.n > 0
		    || rule->tag.n > 0 || rule->remove_tag.n > 0 || rule->currency[0] != '\0';

	if (rule->drop && more)
		return err_set(
		    e, ERR_INPUT, "is not a rule: drop cannot be combined with anything else");
	if (!rule->purchase && (rule->also || rule->value.n > 0 || rule->currency[0] != '\0'))
		return err_set(e, ERR_INPUT,
		    "is not a rule: `value`, `currency` and `also` need `as $purchase`");
	if (rule->purchase && rule->rename.n > 0 && !rule->also)
		return err_set(
		    e, ERR_INPUT, "is not a rule: `rename` with `as $purchase` needs `also`");
	return 0;
}

static int
parse(struct rule *rule, struct err *e)
{
	const char *arrow = strstr(rule->text, ARROW), *next;
	size_t from, end = strlen(rule->text);

	if (arrow != NULL)
		rule->pattern = trim(rule, 0, (size_t)(arrow - rule->text));
	if (rule->pattern.n == 0)
		return err_set(e, ERR_INPUT,
		    "is not a rule: it must be \"NAME " ARROW " ACTION; ACTION\", such as \"Test * "
		    "" ARROW " drop\"");
	for (from = (size_t)(arrow - rule->text) + strlen(ARROW); from <= end;) {
		next = strchr(rule->text + from, ';');

		if (take_action(
			rule, trim(rule, from, next == NULL ? end : (size_t)(next - rule->text)), e)
		    != 0)
			return -1;
		from = next == NULL ? end + 1 : (size_t)(next - rule->text) + 1;
	}
	return check_sense(rule, e);
}

int
rules_add(struct rules *rules, const char *text, struct err *e)
{
	struct rule *rule = &rules->rule[rules->n];

	if (rules->n == RULES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d rules", RULES_MAX);
	if (strlen(text) >= RULE_SIZE)
		return err_set(e, ERR_INPUT, "must be shorter than %d bytes", RULE_SIZE);
	*rule = (struct rule){ .drop = false };
	snprintf(rule->text, sizeof(rule->text), "%s", text);
	if (parse(rule, e) != 0)
		return -1;
	rules->n++;
	return 0;
}
