/*
 * An order of Segment's e-commerce calls as the details of Bento's $purchase (doc/bento.md,
 * "Events"). Pure; any thread.
 *
 * details.unique.key is order_id (or orderId); details.value the amount in minor units of the
 * currency; details.cart.items the products, each with what Bento knows of a product.
 */
#ifndef EVENT_MAPPING_PURCHASE_H
#define EVENT_MAPPING_PURCHASE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "event/mapping/rules.h"

struct purchase {
	struct slice key; /* raw: a string or a number */
	int64_t amount;   /* minor units */
	char currency[MONEY_CODE_SIZE];
	struct slice products; /* raw array; absent when there is none */
};

/*
 * properties is a raw, valid object, or absent. The amount is the property that the rule names,
 * else `revenue`, else `total`; it is a number, or a text that holds one. Returns NULL, or why the
 * event is not a purchase: "purchase_key_missing", "purchase_value_invalid" or
 * "purchase_currency_missing". Slices point into properties.
 */
const char *purchase_read(
    const struct rule *rule, struct slice properties, struct purchase *ret_purchase);
/* Appends the details as an object. */
void purchase_append(const struct purchase *purchase, struct buf *to);

#endif
