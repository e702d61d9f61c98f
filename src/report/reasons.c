/* The reasons of events, each with a sentence about the event ("it ..."). */
#include "report/reasons.h"

#include <stddef.h>
#include <string.h>

const struct reason reasons[] = {
	{ "refused", "Bento refused it: its answer says why" },
	{ "too_large", "it is too large for Bento or for a request" },
	{ "attempts_exhausted", "it failed max_attempts times on its own" },
	{ "expired", "it became older than max_age" },
	{ "partially_delivered", "Bento counted part of its batch as failed" },
	{ "maybe_delivered", "Bento may already have it" },
	{ "maybe_repeated", "a box sent it again: it may be a repeat" },
	{ "operator", "an operator changed it: see operations" },
	{ "awaiting_identity", "no identify call has given its address yet" },
	{ "clock_not_set", "the clock was not set; it is sent once it is" },
	{ "damaged", "the disk damaged it, or the record of its delivery" },
	{ "event_not_defined", "it has no name" },
	{ "no_email", "it has no e-mail address" },
	{ "invalid_email", "its e-mail address is not a single valid address" },
	{ "event_too_large", "it is larger than max_event" },
	{ "message_id_too_long", "its messageId is longer than max_message_id" },
	{ "previous_id_no_address", "its previousId is not an address" },
	{ "body_not_json", "its body is not JSON" },
	{ "properties_not_object", "its properties are not an object" },
	{ "traits_not_object", "its traits are not an object" },
	{ "purchase_key_missing", "a purchase needs an order_id or details.unique.key" },
	{ "purchase_value_invalid", "a purchase needs an amount and a currency like EUR" },
	{ "purchase_currency_missing", "a purchase needs a currency: add one to the rule" },
	{ "tag_missing", "it names no tag" },
	{ "unsupported_event_type", "events of this kind are not forwarded" },
	{ "integrations", "its integrations exclude Bento" },
	{ "reserved_type", "reserved_types does not allow its name" },
	{ "rule", "a rule of the site drops events of this name" },
	{ "erased", "it was waiting when its person was erased" },
	{ "erasure", "it is a delete call: the person is erased" },
	{ NULL, NULL },
};

const char *
reason_in_words(const char *reason)
{
	for (const struct reason *r = reasons; r->name != NULL; r++)
		if (strcmp(reason, r->name) == 0)
			return r->words;
	return reason;
}
