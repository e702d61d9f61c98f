/* Compares rows with their checksums. Cannot fail. */
#include "outbox/read/damage.h"

#include "outbox/file/checksum.h"

const char *
damage_of_event(const struct stmt_event_add *row)
{
	return checksum_event(row) == row->checksum
		   ? NULL
		   : "its checksum is wrong: the disk has changed it";
}

const char *
damage_of_envelope(int64_t envelope_id, const struct stmt_due_envelope_row *row)
{
	struct stmt_envelope_add envelope = { .envelope_id = envelope_id, .checksum = 0 };

	if (row == NULL)
		return "the values of its batch are missing";
	envelope.context = row->context;
	envelope.integrations = row->integrations;
	envelope.sent_at = row->sent_at;
	return checksum_envelope(&envelope) == row->checksum
		   ? NULL
		   : "the checksum of its batch's values is wrong: the disk has changed them";
}
