/* Stores four numbers about the clocks in the table `meta`. */
#include "outbox/write/clocks.h"

#include "outbox/file/db.h"
#include "outbox/message_kind.h"

static const char *const clock_keys[OUTBOX_CLOCK_NUMBERS] = { "clock_boot", "clock_offset",
	"clock_seen_at", "clock_jumped_at", "clock_unset_boot", "clock_unset_offset" };

static int
keep(struct db *db, const int64_t number[OUTBOX_CLOCK_NUMBERS], struct err *e)
{
	for (int i = 0; i < OUTBOX_CLOCK_NUMBERS; i++)
		if (stmt_clock_set(
			db, &(struct stmt_clock_set){ .key = clock_keys[i], .value = number[i] }, e)
		    != 0)
			return -1;
	return 0;
}

int
clocks_read(struct db *db, int64_t ret_number[OUTBOX_CLOCK_NUMBERS], struct err *e)
{
	for (int i = 0; i < OUTBOX_CLOCK_NUMBERS; i++) {
		ret_number[i] = 0;
		if (stmt_clock_get(db, clock_keys[i], &ret_number[i], e) < 0)
			return -1;
	}
	return 0;
}

static int
apply(struct transaction *t, struct outbox_msg *msg, struct err *e)
{
	return keep(t->db, ((const struct outbox_clock *)msg)->number, e);
}

const struct message_kind outbox_clock_kind = {
	.name = "clock",
	.apply = apply,
};
