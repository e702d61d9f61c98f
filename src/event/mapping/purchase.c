/*
 * Turns an order of Segment's e-commerce calls into the details of Bento's $purchase. Reading finds
 * the key, the currency and the amount, in that order, and returns a reason when one is missing or
 * not usable. Writing prints them with the products.
 */
#include "event/mapping/purchase.h"

#include <inttypes.h>
#include <stdio.h>

#include "event/json/json.h"
#include "event/segment/fields.h"
#include "event/segment/nobody.h"

#define NAME_SIZE RULE_SIZE

static struct json_value
member(struct slice object, const char *name)
{
	if (object.p == NULL)
		return (struct json_value){ .type = JSON_NONE };
	return event_find_member(object, name);
}

#define PLAIN_MAX 256 /* bytes of a currency or an amount; a longer text cannot be either */

/* Decodes a text, or returns the text of a number. scratch holds at most PLAIN_MAX bytes. */
static struct slice
plain_text(const struct json_value *value, struct buf *scratch)
{
	struct slice text;

	if (value->type == JSON_STRING)
		return json_string_decode(value->raw, scratch, &text) == 0 ? text : SLICE_NONE;
	return value->type == JSON_NUMBER ? value->raw : SLICE_NONE;
}

static bool
is_key(const struct json_value *value)
{
	return value_is_key(value);
}

static const char *
read_key(struct slice properties, struct purchase *p)
{
	struct json_value key = member(properties, "order_id");

	if (!is_key(&key))
		key = member(properties, "orderId");
	if (!is_key(&key))
		return "purchase_key_missing";
	p->key = key.raw;
	return NULL;
}

static const char *
read_currency(const struct rule *rule, struct slice properties, struct purchase *p)
{
	struct json_value currency = member(properties, "currency");
	bool given = currency.type != JSON_NONE && currency.type != JSON_NULL, known;
	struct buf scratch;
	struct slice text;

	buf_init(&scratch, PLAIN_MAX);
	text = plain_text(&currency, &scratch);
	known = currency.type == JSON_STRING && money_code(text, p->currency);
	given = given && !event_is_blank(text);
	buf_free(&scratch);
	if (known)
		return NULL;
	if (given)
		return "purchase_value_invalid";
	return money_code(slice_from(rule->currency), p->currency) ? NULL
								   : "purchase_currency_missing";
}

static const char *
read_amount(const struct rule *rule, struct slice properties, struct purchase *p)
{
	struct slice name = rule_text(rule, rule->value);
	char text[NAME_SIZE];
	struct json_value value;
	struct buf scratch;
	bool good;

	if (name.n > 0) {
		snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
		value = member(properties, text);
	} else {
		value = member(properties, "revenue");
		if (value.type == JSON_NONE || value.type == JSON_NULL)
			value = member(properties, "total");
	}
	buf_init(&scratch, PLAIN_MAX);
	good = money_minor(plain_text(&value, &scratch), money_decimals(p->currency), &p->amount);
	buf_free(&scratch);
	return good ? NULL : "purchase_value_invalid";
}

const char *
purchase_read(const struct rule *rule, struct slice properties, struct purchase *ret_purchase)
{
	struct json_value products = member(properties, "products");
	const char *reason;

	*ret_purchase = (struct purchase){ .amount = 0 };
	reason = read_key(properties, ret_purchase);
	if (reason == NULL)
		reason = read_currency(rule, properties, ret_purchase);
	if (reason == NULL)
		reason = read_amount(rule, properties, ret_purchase);
	if (products.type == JSON_ARRAY)
		ret_purchase->products = products.raw;
	return reason;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Bento's name of each member, and where Segment has it: the first place that is present counts. */
static const struct {
	const char *bento;
	const char *segment[2];
} product_fields[] = {
	{ "product_sku", { "sku", NULL } },
	{ "product_name", { "name", NULL } },
	{ "quantity", { "quantity", NULL } },
	{ "product_price", { "price", NULL } },
	{ "product_id", { "product_id", "id" } },
};

static bool
is_scalar(const struct json_value *value)
{
	return value->type == JSON_STRING || value->type == JSON_NUMBER;
}

static void
append_product(struct slice product, struct buf *to)
{
	char before = '{';

	for (size_t i = 0; i < sizeof(product_fields) / sizeof(*product_fields); i++) {
		const char *const *from = product_fields[i].segment;
		struct json_value value = member(product, from[0]);

		if (!is_scalar(&value) && from[1] != NULL)
			value = member(product, from[1]);
		if (!is_scalar(&value))
			continue;
		buf_printf(to, "%c\"%s\":", before, product_fields[i].bento);
		buf_append_slice(to, value.raw);
		before = ',';
	}
	if (before == '{')
		buf_append_byte(to, '{');
	buf_append_byte(to, '}');
}

static void
append_products(struct slice products, struct buf *to)
{
	struct json_value value;
	bool first = true;
	struct json j;

	json_init(&j, products, JSON_MAX_DEPTH);
	if (json_array_begin(&j) != 0)
		return;
	while (json_array_next(&j) > 0 && json_skip(&j, &value) == 0) {
		if (value.type != JSON_OBJECT)
			continue;
		if (!first)
			buf_append_byte(to, ',');
		append_product(value.raw, to);
		first = false;
	}
}

void
purchase_append(const struct purchase *purchase, struct buf *to)
{
	buf_append_literal(to, "{\"unique\":{\"key\":");
	buf_append_slice(to, purchase->key);
	buf_printf(to, "},\"value\":{\"currency\":\"%s\",\"amount\":%" PRId64 "}",
	    purchase->currency, purchase->amount);
	if (purchase->products.p != NULL) {
		buf_append_literal(to, ",\"cart\":{\"items\":[");
		append_products(purchase->products, to);
		buf_append_literal(to, "]}");
	}
	buf_append_byte(to, '}');
}
