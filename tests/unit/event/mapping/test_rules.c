/* event/mapping/rules, money and purchase: the syntax of rules, and what they make of orders. */
#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "event/mapping/mapping.h"
#include "event/mapping/purchase.h"
#include "event/mapping/rules.h"

/* ---- money ---------------------------------------------------------------------------------- */

static void
amounts_are_exact(void **state)
{
	static const struct {
		const char *text;
		unsigned decimals;
		int64_t want; /* -1: not an amount */
	} rows[] = {
		{ "19.90", 2, 1990 },
		{ "19.9", 2, 1990 },
		{ "0", 2, 0 },
		{ "0.29", 2, 29 },
		{ "1.005", 2, 101 },
		{ "1.0049999", 2, 100 },
		{ "2.675", 2, 268 },
		{ "1e2", 2, 10000 },
		{ "1.5E3", 0, 1500 },
		{ "12500e-2", 2, 12500 },
		{ "5e-3", 2, 1 },
		{ "4e-3", 2, 0 },
		{ "1000", 0, 1000 },
		{ "999.5", 0, 1000 },
		{ "1.2345", 3, 1235 },
		{ "1.2345", 4, 12345 },
		{ "00012.00", 2, 1200 },
		{ "0.000000000000000000000000001", 2, 0 },
		{ "1.0000000000000000000000000000001", 2, 100 },
		{ "90071992547409.91", 2, MONEY_MAX },
		{ "90071992547409.92", 2, -1 },
		{ "1e400", 2, -1 },
		{ "0e999999999999", 2, 0 },
		{ "1e-999999999999", 2, 0 },
		{ "100000000000000000000000", 2, -1 },
		{ "", 2, -1 },
		{ "-", 2, -1 },
		{ ".5", 2, -1 },
		{ "5.", 2, -1 },
		{ "1e", 2, -1 },
		{ "1,50", 2, -1 },
		{ "$5", 2, -1 },
		{ " 5", 2, -1 },
		{ "1.2.3", 2, -1 },
	};
	int64_t amount;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool good = money_minor(slice_from(rows[i].text), rows[i].decimals, &amount);

		if (good != (rows[i].want >= 0) || (good && amount != rows[i].want))
			fail_msg("%s with %u decimals: %d, %lld", rows[i].text, rows[i].decimals,
			    good, (long long)amount);
	}
	assert_true(money_minor(SLICE("-1.005"), 2, &amount));
	assert_int_equal(amount, -101);
}

static void
currencies_have_their_decimals(void **state)
{
	char code[MONEY_CODE_SIZE];

	(void)state;
	assert_int_equal(money_decimals("USD"), 2);
	assert_int_equal(money_decimals("JPY"), 0);
	assert_int_equal(money_decimals("XPF"), 0);
	assert_int_equal(money_decimals("BIF"), 0);
	assert_int_equal(money_decimals("KWD"), 3);
	assert_int_equal(money_decimals("TND"), 3);
	assert_int_equal(money_decimals("CLF"), 4);
	assert_int_equal(money_decimals("XXQ"), 2);
	assert_true(money_code(SLICE("eUr"), code));
	assert_string_equal(code, "EUR");
	assert_false(money_code(SLICE("EU"), code));
	assert_false(money_code(SLICE("EURO"), code));
	assert_false(money_code(SLICE("E1R"), code));
}

/* ---- rules ---------------------------------------------------------------------------------- */

static void
the_first_that_matches_counts(void **state)
{
	static const struct {
		const char *name;
		int want; /* -1: none */
	} rows[] = {
		{ "Order Completed", 0 },
		{ "Order", 1 },
		{ "Orders", 1 },
		{ "order", -1 },
		{ "a-b-c", 2 },
		{ "a--c", 2 },
		{ "a-xx-c-c", 2 },
		{ "a-c", -1 },
		{ "xTest", 3 },
		{ "Test", 3 },
		{ "Testx", -1 },
		{ "", -1 },
	};
	struct rules rules = { .n = 0 };
	struct err e;

	(void)state;
	assert_int_equal(rules_add(&rules, "Order Completed => as $purchase", &e), 0);
	assert_int_equal(rules_add(&rules, "Order* => tag buyer", &e), 0);
	assert_int_equal(rules_add(&rules, "a-*-c => drop", &e), 0);
	assert_int_equal(rules_add(&rules, "  *Test   =>  drop  ", &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct rule *rule = rules_find(&rules, slice_from(rows[i].name));
		const struct rule *want = rows[i].want < 0 ? NULL : &rules.rule[rows[i].want];

		if (rule != want)
			fail_msg("\"%s\"", rows[i].name);
	}
}

static void
a_rule_is_read_whole(void **state)
{
	struct rules rules = { .n = 0 };
	const struct rule *r = &rules.rule[0];
	struct err e;

	(void)state;
	assert_int_equal(rules_add(&rules,
			     "Order Completed => as $purchase; value grand total;currency eur; "
			     "also ; rename Bought; tag big buyer; remove_tag lead",
			     &e),
	    0);
	assert_true(r->purchase && r->also && !r->drop);
	assert_true(SLICE_IS(rule_text(r, r->pattern), "Order Completed"));
	assert_true(SLICE_IS(rule_text(r, r->value), "grand total"));
	assert_true(SLICE_IS(rule_text(r, r->rename), "Bought"));
	assert_true(SLICE_IS(rule_text(r, r->tag), "big buyer"));
	assert_true(SLICE_IS(rule_text(r, r->remove_tag), "lead"));
	assert_string_equal(r->currency, "EUR");
}

static void
what_is_no_rule_says_why(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "Order Completed", "must be" },
		{ "=> drop", "must be" },
		{ "A =>", "is empty" },
		{ "A => drop;", "is empty" },
		{ "A => drop;; also", "is empty" },
		{ "A => drip", "not \"drip\"" },
		{ "A => drop it", "not \"drop\"" },
		{ "A => rename", "not \"rename\"" },
		{ "A => rename $tag", "must not begin with $" },
		{ "A => as $tag", "takes $purchase" },
		{ "A => as $purchase; currency EURO", "three letters" },
		{ "A => as $purchase; as $purchase", "twice \"as\"" },
		{ "A => tag x; tag y", "twice \"tag\"" },
		{ "A => as $purchase; currency EUR; currency USD", "twice \"currency\"" },
		{ "A => drop; tag x", "drop cannot be combined" },
		{ "A => also", "need `as $purchase`" },
		{ "A => value total", "need `as $purchase`" },
		{ "A => as $purchase; rename B", "needs `also`" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rules rules = { .n = 0 };

		if (rules_add(&rules, rows[i].text, &e) == 0 || strstr(e.text, rows[i].why) == NULL)
			fail_msg("\"%s\": %s", rows[i].text, e.text);
		assert_int_equal(rules.n, 0);
	}
}

static void
rules_have_bounds(void **state)
{
	struct rules rules = { .n = 0 };
	char text[RULE_SIZE + 1];
	struct err e;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text + RULE_SIZE - 9, " => drop", 9);
	assert_int_equal(strlen(text), RULE_SIZE - 1);
	assert_int_equal(rules_add(&rules, text, &e), 0);
	memset(text, 'a', sizeof(text));
	memcpy(text + RULE_SIZE - 8, " => drop", 9);
	assert_int_equal(rules_add(&rules, text, &e), -1);
	while (rules.n < RULES_MAX)
		assert_int_equal(rules_add(&rules, "A => drop", &e), 0);
	assert_int_equal(rules_add(&rules, "A => drop", &e), -1);
	assert_int_equal(rules.n, RULES_MAX);
}

/* ---- purchases ------------------------------------------------------------------------------ */

static void
orders_become_purchases(void **state)
{
	static const struct {
		const char *rule, *properties, *want; /* the details, or the reason */
	} rows[] = {
		{ "A => as $purchase",
		    "{\"order_id\":\"o-1\",\"revenue\":25.00,\"currency\":\"USD\"}",
		    "{\"unique\":{\"key\":\"o-1\"},\"value\":{\"currency\":\"USD\",\"amount\":2500}"
		    "}" },
		{ "A => as $purchase; currency jpy", "{\"orderId\":50314,\"total\":\"2750\"}",
		    "{\"unique\":{\"key\":50314},\"value\":{\"currency\":\"JPY\",\"amount\":2750}"
		    "}" },
		{ "A => as $purchase; value tax",
		    "{\"order_id\":\"o\",\"tax\":1.1,\"revenue\":9,"
		    "\"currency\":\"kwd\",\"products\":[]}",
		    "{\"unique\":{\"key\":\"o\"},\"value\":{\"currency\":\"KWD\",\"amount\":1100},"
		    "\"cart\":{\"items\":[]}}" },
		{ "A => as $purchase",
		    "{\"order_id\":\"o\",\"total\":1,\"revenue\":null,\"currency\":\"EUR\","
		    "\"products\":[{\"sku\":\"G-32\",\"name\":\"Mono\\u0070oly\",\"price\":18.99,"
		    "\"quantity\":1,\"id\":7,\"category\":\"Games\"},5,{\"product_id\":\"p\","
		    "\"id\":8,\"sku\":null},{}]}",
		    "{\"unique\":{\"key\":\"o\"},\"value\":{\"currency\":\"EUR\",\"amount\":100},"
		    "\"cart\":{\"items\":[{\"product_sku\":\"G-32\",\"product_name\":"
		    "\"Mono\\u0070oly\",\"quantity\":1,\"product_price\":18.99,\"product_id\":7},"
		    "{\"product_id\":\"p\"},{}]}}" },
		{ "A => as $purchase; currency USD", NULL, "purchase_key_missing" },
		{ "A => as $purchase; currency USD", "{\"order_id\":\" \",\"revenue\":1}",
		    "purchase_key_missing" },
		{ "A => as $purchase", "{\"order_id\":1,\"revenue\":1}",
		    "purchase_currency_missing" },
		{ "A => as $purchase; currency USD",
		    "{\"order_id\":1,\"revenue\":1,\"currency\":\"dollars\"}",
		    "purchase_value_invalid" },
		{ "A => as $purchase; currency USD", "{\"order_id\":1}", "purchase_value_invalid" },
		{ "A => as $purchase; currency USD", "{\"order_id\":1,\"revenue\":\"free\"}",
		    "purchase_value_invalid" },
		{ "A => as $purchase; currency USD; value total", "{\"order_id\":1,\"revenue\":1}",
		    "purchase_value_invalid" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rules rules = { .n = 0 };
		struct purchase purchase;
		const char *reason;
		struct buf to;

		buf_init(&to, 4096);
		assert_int_equal(rules_add(&rules, rows[i].rule, NULL), 0);
		reason = purchase_read(&rules.rule[0], slice_from(rows[i].properties), &purchase);
		if (reason == NULL)
			purchase_append(&purchase, &to);
		else
			buf_append_slice(&to, slice_from(reason));
		buf_append_byte(&to, '\0');
		assert_string_equal(to.p, rows[i].want);
		buf_free(&to);
	}
}

/* ---- all together --------------------------------------------------------------------------- */

/* Bento counts items; a batch may be split when each item has a key. */
static void
items_are_counted_and_have_keys(void **state)
{
	static const struct {
		const char *rule;
		bool unique_key;
		unsigned items;
		bool has_key;
	} rows[] = {
		{ "A => rename B", true, 1, true },
		{ "A => rename B", false, 1, false },
		{ "A => as $purchase", false, 1, true },
		{ "A => as $purchase; also", true, 2, true },
		{ "A => as $purchase; also", false, 2, false },
		{ "A => as $purchase; tag x", false, 2, false },
		{ "A => as $purchase; tag x", true, 2, true },
		{ "A => as $purchase; also; tag x; remove_tag y", true, 4, true },
		{ "A => tag x", true, 2, true },
	};
	const struct mapping_input in = {
		.body = SLICE("{\"properties\":{\"order_id\":1,\"total\":2,\"currency\":\"EUR\"}}"),
		.kind = KIND_TRACK,
		.name = SLICE("A"),
		.email = SLICE("a@b.cc"),
		.message_id = SLICE("m-1"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mapping_options o = { .unique_key = rows[i].unique_key };
		struct mapped mapped;
		const char *reason;
		struct buf to;

		buf_init(&to, 4096);
		assert_int_equal(rules_add(&o.rules, rows[i].rule, NULL), 0);
		assert_int_equal(mapping_append(&o, &in, &to, &mapped, &reason), 0);
		assert_int_equal(mapped.items, rows[i].items);
		assert_int_equal(mapped.endpoint, BENTO_EVENTS);
		assert_int_equal(mapping_has_key(&o, &in), rows[i].has_key);
		buf_free(&to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_exact),
		cmocka_unit_test(currencies_have_their_decimals),
		cmocka_unit_test(the_first_that_matches_counts),
		cmocka_unit_test(a_rule_is_read_whole),
		cmocka_unit_test(what_is_no_rule_says_why),
		cmocka_unit_test(rules_have_bounds),
		cmocka_unit_test(orders_become_purchases),
		cmocka_unit_test(items_are_counted_and_have_keys),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
