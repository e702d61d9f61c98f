/* The reasons of events, each with a sentence about the event ("it ..."). */
#include "cli/report/reasons.h"

#include <stddef.h>
#include <string.h>

const char *
reason_in_words(const char *reason)
{
	static const char *const words[][2] = {
		{ "unsupported_event_type", "events of this kind are not forwarded" },
		{ "no_email", "it has no e-mail address" },
		{ "invalid_email", "its e-mail address is not a single valid address" },
		{ "awaiting_identity", "its address is unknown until an identify call gives it" },
		{ "clock_not_set", "it came while this machine's clock was not set: it is sent, "
				   "with its times corrected, once the clock is set" },
		{ "damaged",
		    "the disk has damaged the database: this event was changed, or nothing "
		    "says whether Bento has it" },
		{ "no_user_anon_id", "it has neither a userId nor an anonymousId" },
		{ "event_not_defined", "it has no name" },
		{ "event_too_large", "it is larger than max_event" },
		{ "message_id_too_long", "its messageId is longer than max_message_id" },
		{ "integrations", "its integrations exclude Bento" },
		{ "reserved_type", "its name is a reserved type, which reserved_types does not "
				   "allow" },
		{ "rule", "a rule of the site drops events of this name" },
		{ "erasure", "it is a delete call: the person is erased" },
		{ "properties_not_object", "its properties are not an object" },
		{ "traits_not_object", "its traits are not an object" },
		{ "purchase_key_missing",
		    "a purchase needs an order_id, and a $purchase call a details.unique.key" },
		{ "purchase_value_invalid",
		    "a purchase needs a numeric amount and a currency of three letters" },
		{ "purchase_currency_missing",
		    "a purchase needs a currency: add one to the rule, for orders without it" },
		{ "previous_id_no_address", "its previousId is not an address" },
		{ "tag_missing", "it names no tag" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(reason, words[i][0]) == 0)
			return words[i][1];
	return reason;
}
