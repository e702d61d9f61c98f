/* file/checksum: what a checksum covers, and that each statement that changes a row keeps it true.
 */
#include "lib/unit.h"

#include <string.h>

#include "outbox/file/checksum.h"
#include "unit/outbox/handmade.h"

#define IS_RIGHT                                                                                   \
	"SELECT checksum = event_checksum(event_id, site_id, message_id, kind, name, email, "      \
	"occurred_at, received_at, envelope_id, browser, provisional, body) FROM event"
#define ENVELOPE_IS_RIGHT                                                                          \
	"SELECT checksum = envelope_checksum(envelope_id, context, integrations, sent_at) "        \
	"FROM envelope"

static struct handmade box;

static int
set_up(void **state)
{
	(void)state;
	handmade_create(&box);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	handmade_remove(&box);
	return 0;
}

static struct stmt_event_add
row_with_everything(void)
{
	return (struct stmt_event_add){
		.event_id = 1,
		.site_id = 2,
		.message_id = SLICE("m-1"),
		.kind = SLICE("track"),
		.name = SLICE("Order"),
		.email = SLICE("ann@example.com"),
		.occurred_at = 3,
		.received_at = 4,
		.envelope_id = { 5, true },
		.body = SLICE("{}"),
		.browser = true,
		.provisional = { 1, true },
	};
}

/* The numbers come from tests/lib/spoolchecksum.py: files keep them, so they never change. */
static void
format_is_fixed(void **state)
{
	struct stmt_event_add row = row_with_everything();
	struct stmt_envelope_add envelope = {
		.envelope_id = 7, .context = SLICE("{}"), .sent_at = SLICE("now")
	};

	(void)state;
	assert_true(checksum_event(&row) == -1240307473161388998);
	assert_true(checksum_envelope(&envelope) == 8501111410654117978);
}

/* A text is mixed in blocks of 32 bytes, then in words of eight, then the rest. */
static void
format_of_long_texts_is_fixed(void **state)
{
	static const char body[] =
	    "{\"a\":\"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
	    "TUVWXYZ0123456789abcdefghijkl\"}";
	static const struct {
		size_t n;
		int64_t checksum;
	} known[] = {
		{ 31, 7001440424414994576 },
		{ 32, -7916703311131190797 },
		{ 33, 1274905024677250608 },
		{ 64, -371168041811541527 },
		{ 83, 877923554670022337 },
	};
	struct stmt_event_add row = row_with_everything();

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		row.body = (struct slice){ body, known[i].n };
		assert_true(checksum_event(&row) == known[i].checksum);
	}
}

static void
every_column_counts(void **state)
{
	struct stmt_event_add row[] = { row_with_everything(), row_with_everything(),
		row_with_everything(), row_with_everything(), row_with_everything(),
		row_with_everything(), row_with_everything(), row_with_everything(),
		row_with_everything(), row_with_everything(), row_with_everything(),
		row_with_everything(), row_with_everything(), row_with_everything(),
		row_with_everything() };
	size_t n = sizeof(row) / sizeof(*row);

	(void)state;
	row[1].event_id = 9;
	row[2].site_id = 9;
	row[3].message_id = SLICE("m-2");
	row[4].kind = SLICE("page");
	row[5].name = SLICE("Ordes");
	row[6].email = SLICE("bnn@example.com");
	row[7].occurred_at = -1;
	row[8].received_at = 9;
	row[9].envelope_id = (struct db_int){ 0 };
	row[10].body = SLICE("[]");
	row[11].browser = false;
	row[12].provisional = (struct db_int){ 0 };
	row[13].body = SLICE_NONE;
	row[14].body = SLICE("");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(checksum_event(&row[i]) != checksum_event(&row[k]));
	/* The same bytes, divided differently. */
	row[0].name = SLICE("Orderann");
	row[0].email = SLICE("@example.com");
	row[1] = row_with_everything();
	assert_int_not_equal(checksum_event(&row[0]), checksum_event(&row[1]));
}

static void
every_bit_of_a_text_counts(void **state)
{
	struct stmt_event_add row = row_with_everything();
	char body[83] = "{\"a\":\"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			"WXYZ012345678\"}";
	int64_t right;

	(void)state;
	row.body = (struct slice){ body, sizeof(body) };
	right = checksum_event(&row);
	for (size_t bit = 0; bit < sizeof(body) * 8; bit++) {
		body[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(checksum_event(&row) != right);
		body[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* A text does not end earlier for the zero bytes that pad its last word. */
	memset(body, 0, sizeof(body));
	right = checksum_event(&row);
	row.body.n--;
	assert_true(checksum_event(&row) != right);
}

static void
every_value_of_an_envelope_counts(void **state)
{
	struct stmt_envelope_add e[] = { { .context = SLICE("{}") },
		{ .integrations = SLICE("{}") }, { .sent_at = SLICE("{}") },
		{ .context = SLICE("[]") }, { .context = SLICE("") }, { .context = SLICE_NONE } };

	(void)state;
	for (size_t i = 0; i < sizeof(e) / sizeof(*e); i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(checksum_envelope(&e[i]), checksum_envelope(&e[k]));
	e[1] = e[0];
	e[1].envelope_id = 2;
	assert_int_not_equal(checksum_envelope(&e[0]), checksum_envelope(&e[1]));
}

static void
add(const struct stmt_event_add *row)
{
	struct stmt_event_add in = *row;
	struct err e;

	in.checksum = checksum_event(&in);
	handmade_sql(&box, "DELETE FROM event");
	assert_int_equal(stmt_event_add(&box.db, &in, &e), 0);
}

static void
sql_has_the_same_checksum(void **state)
{
	struct stmt_event_add row = row_with_everything();
	struct stmt_event_add least = {
		.event_id = 1, .kind = SLICE("track"), .message_id = SLICE("")
	};

	(void)state;
	add(&row);
	assert_int_equal(handmade_int(&box, IS_RIGHT), 1);
	add(&least);
	assert_int_equal(handmade_int(&box, IS_RIGHT), 1);
}

static void
a_value_of_a_wrong_type_has_none(void **state)
{
	(void)state;
	assert_int_equal(handmade_int(&box,
			     "SELECT event_checksum(1, 1, 'm', 'track', NULL, NULL, 1, 1, NULL, 0, "
			     "NULL, NULL) <> -1"),
	    1);
#define NONE(values)                                                                               \
	assert_int_equal(handmade_int(&box, "SELECT event_checksum(" values ") = -1"), 1)
	NONE("NULL, 1, 'm', 'track', NULL, NULL, 1, 1, NULL, 0, NULL, NULL");
	NONE("1, 'x', 'm', 'track', NULL, NULL, 1, 1, NULL, 0, NULL, NULL");
	NONE("1, 1, x'00', 'track', NULL, NULL, 1, 1, NULL, 0, NULL, NULL");
	NONE("1, 1, 'm', NULL, NULL, NULL, 1, 1, NULL, 0, NULL, NULL");
	NONE("1, 1, 'm', 'track', NULL, NULL, 1, 1.5, NULL, 0, NULL, NULL");
	NONE("1, 1, 'm', 'track', NULL, NULL, 1, 1, 'e', 0, NULL, NULL");
	NONE("1, 1, 'm', 'track', NULL, NULL, 1, 1, NULL, NULL, NULL, NULL");
	NONE("1, 1, 'm', 'track', NULL, NULL, 1, 1, NULL, 0, NULL, 7");
	assert_int_equal(handmade_int(&box, "SELECT envelope_checksum(NULL, '', '', '') = -1"), 1);
	assert_int_equal(handmade_int(&box, "SELECT envelope_checksum(1, 2, '', '') = -1"), 1);
}

/* ---- statements that change a row ------------------------------------------------------------ */

static int
correct(struct err *e)
{
	return stmt_correct_event(
	    &box.db, &(struct stmt_correct_event){ .shift = 1000, .up_to = 1, .tolerance = 10 }, e);
}

static int
drop_body(struct err *e)
{
	return stmt_purge_body(&box.db, 1, e);
}

static int
erase(struct err *e)
{
	return stmt_erase_event(&box.db, 1, e);
}

static int
erase_names(struct err *e)
{
	return stmt_erase_event_names(&box.db,
	    &(struct stmt_erase_event_names){
		.event_id = 1, .name = SLICE("n"), .message_id = SLICE("i") },
	    e);
}

static int
erase_quotes(struct err *e)
{
	return stmt_erase_event_quotes(&box.db,
	    &(struct stmt_erase_event_quotes){
		.event_id = 1,
		.name = SLICE("n"),
		.message_id = SLICE("i"),
		.body = SLICE("b"),
	    },
	    e);
}

static int (*const changes[])(
    struct err *e) = { correct, drop_body, erase, erase_names, erase_quotes };

static void
a_change_keeps_the_checksum_true(void **state)
{
	struct stmt_event_add row = row_with_everything();
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		add(&row);
		assert_int_equal(changes[i](&e), 0);
		assert_int_equal(handmade_int(&box, "SELECT total_changes() > 0"), 1);
		assert_int_equal(handmade_int(&box, IS_RIGHT), 1);
	}
}

static void
a_change_keeps_a_wrong_checksum_wrong(void **state)
{
	struct stmt_event_add row = row_with_everything();
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		add(&row);
		handmade_sql(&box, "UPDATE event SET email = 'bnn@example.com'");
		assert_int_equal(handmade_int(&box, IS_RIGHT), 0);
		assert_int_equal(changes[i](&e), 0);
		assert_int_equal(handmade_int(&box, IS_RIGHT), 0);
	}
}

static void
put_envelope(const char *damage)
{
	handmade_sql(&box,
	    "DELETE FROM envelope; INSERT INTO envelope (envelope_id, context, sent_at, events, "
	    "payloads) VALUES (5, '{\"a\":1}', 's', 2, 2);"
	    "UPDATE envelope SET checksum = envelope_checksum(envelope_id, context, integrations, "
	    "sent_at)");
	handmade_sql(&box, damage);
}

static void
check_envelope(const char *damage, int right)
{
	struct stmt_event_add row = row_with_everything();
	const struct stmt_purge_leave_envelope body = { .event_id = 1, .payloads = 1 };
	const struct stmt_erase_envelope_quotes quotes = { .envelope_id = 5,
		.context = SLICE("x") };
	struct err e;

	add(&row);
	put_envelope(damage);
	assert_int_equal(stmt_purge_leave_envelope(&box.db, &body, &e), 0);
	assert_int_equal(handmade_int(&box, ENVELOPE_IS_RIGHT), right);
	assert_int_equal(stmt_erase_envelope_quotes(&box.db, &quotes, &e), 0);
	assert_int_equal(handmade_int(&box, ENVELOPE_IS_RIGHT), right);
	assert_int_equal(stmt_purge_leave_envelope(&box.db, &body, &e), 0);
	assert_int_equal(handmade_int(&box, "SELECT context IS NULL FROM envelope"), 1);
	assert_int_equal(handmade_int(&box, ENVELOPE_IS_RIGHT), right);
	put_envelope(damage);
	assert_int_equal(stmt_erase_leave_envelope(&box.db, 1, &e), 0);
	assert_int_equal(handmade_int(&box, ENVELOPE_IS_RIGHT), right);
	assert_int_equal(stmt_erase_leave_envelope(&box.db, 1, &e), 0);
	assert_int_equal(handmade_int(&box, "SELECT context IS NULL FROM envelope"), 1);
	assert_int_equal(handmade_int(&box, ENVELOPE_IS_RIGHT), right);
}

static void
an_envelope_keeps_its_checksum(void **state)
{
	(void)state;
	check_envelope("SELECT 1", 1);
	check_envelope("UPDATE envelope SET sent_at = 't'", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_is_fixed),
		cmocka_unit_test(format_of_long_texts_is_fixed),
		cmocka_unit_test(every_column_counts),
		cmocka_unit_test(every_bit_of_a_text_counts),
		cmocka_unit_test(every_value_of_an_envelope_counts),
		cmocka_unit_test_setup_teardown(sql_has_the_same_checksum, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_value_of_a_wrong_type_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_change_keeps_the_checksum_true, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_change_keeps_a_wrong_checksum_wrong, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_envelope_keeps_its_checksum, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
