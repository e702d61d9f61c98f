/* dispatch/queue/order: which events are blocked. */
#include "lib/unit.h"

#include "dispatch/queue/order.h"

static void
new_order(struct order *o, size_t max)
{
	struct rand chance;
	struct err e;

	rand_seed(&chance, 3);
	order_init(o, &chance);
	assert_int_equal(order_reserve(o, max, &e), 0);
}

static void
addresses_are_compared_without_case(void **state)
{
	struct order o;

	(void)state;
	new_order(&o, 4);
	assert_true(order_address(&o, SLICE("Ann@Example.COM"))
		    == order_address(&o, SLICE("ann@example.com")));
	assert_true(order_address(&o, SLICE("ann@example.com"))
		    != order_address(&o, SLICE("ann@example.org")));
	order_free(&o);
}

static void
an_address_is_in_flight_until_all_its_events_have_landed(void **state)
{
	uint64_t both[] = { 77, 77 };
	int64_t ids[] = { 4, 9 };
	const struct members all = { .ids = ids, .addresses = both, .n = 2 };
	const struct members first = { .ids = ids, .addresses = both, .n = 1 };
	const struct members second = { .ids = ids + 1, .addresses = both, .n = 1 };
	struct order o;

	(void)state;
	new_order(&o, 4);
	assert_false(order_is_in_flight(&o, 77));
	order_depart(&o, &all);
	assert_true(order_is_in_flight(&o, 77));
	assert_false(order_is_in_flight(&o, 78));
	order_land(&o, &first);
	assert_true(order_is_in_flight(&o, 77));
	order_land(&o, &second);
	order_land(&o, &all);
	assert_false(order_is_in_flight(&o, 77));
	order_free(&o);
}

static void
a_delayed_event_blocks_later_ones_of_its_address_only(void **state)
{
	uint64_t address = 5;
	int64_t id = 10;
	const struct members one = { .ids = &id, .addresses = &address, .n = 1 };
	struct order o;

	(void)state;
	new_order(&o, 4);
	order_delay(&o, address, id);
	assert_false(order_is_blocked(&o, 5, 9));
	assert_false(order_is_blocked(&o, 5, 10));
	assert_true(order_is_blocked(&o, 5, 11));
	assert_false(order_is_blocked(&o, 6, 11));
	/* once the delayed event is sent, the request in flight blocks the address */
	order_depart(&o, &one);
	assert_false(order_is_blocked(&o, 5, 11));
	order_delay(&o, address, id);
	order_forget_delayed(&o);
	assert_false(order_is_blocked(&o, 5, 11));
	order_free(&o);
}

static void
past_the_bound_every_later_event_is_blocked(void **state)
{
	struct order o;

	(void)state;
	new_order(&o, 1);
	for (int64_t id = 1; id <= ORDER_DELAYED_MAX; id++)
		order_delay(&o, (uint64_t)id, id);
	assert_false(order_is_blocked(&o, 99999999, ORDER_DELAYED_MAX + 5));
	order_delay(&o, 1234567, ORDER_DELAYED_MAX + 2);
	assert_true(order_is_blocked(&o, 99999999, ORDER_DELAYED_MAX + 5));
	assert_false(order_is_blocked(&o, 99999999, ORDER_DELAYED_MAX + 1));
	order_forget_delayed(&o);
	assert_false(order_is_blocked(&o, 99999999, ORDER_DELAYED_MAX + 5));
	order_free(&o);
}

/* Compares with a plain list, with hashes that collide. */
static void
the_set_is_right_after_any_sequence(void **state)
{
	enum { N = 64 };
	bool there[N] = { false };
	struct order_set s;
	struct rand chance;

	(void)state;
	rand_seed(&chance, 11);
	order_set_init(&s, N);
	for (int round = 0; round < 20000; round++) {
		int64_t id = 1 + (int64_t)rand_below(&chance, N - 1);
		uint64_t address = (uint64_t)id % 7 * 61;
		bool has = false;

		there[id] = rand_below(&chance, 2) == 0;
		if (there[id])
			assert_int_equal(order_set_add(&s, address, id), 0);
		else
			order_set_remove(&s, address, id);
		for (int64_t i = 1; i < id; i++)
			has = has || (there[i] && (uint64_t)i % 7 * 61 == address);
		assert_int_equal(order_set_has(&s, address, id), has);
	}
	order_set_free(&s);
}

static void
a_full_set_says_so(void **state)
{
	struct order_set s;

	(void)state;
	order_set_init(&s, 2);
	assert_int_equal(order_set_add(&s, 1, 1), 0);
	assert_int_equal(order_set_add(&s, 1, 2), 0);
	assert_int_equal(order_set_add(&s, 1, 3), -1);
	assert_int_equal(order_set_add(&s, 1, 2), 0);
	order_set_clear(&s);
	assert_int_equal(order_set_add(&s, 1, 3), 0);
	order_set_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_compared_without_case),
		cmocka_unit_test(an_address_is_in_flight_until_all_its_events_have_landed),
		cmocka_unit_test(a_delayed_event_blocks_later_ones_of_its_address_only),
		cmocka_unit_test(past_the_bound_every_later_event_is_blocked),
		cmocka_unit_test(the_set_is_right_after_any_sequence),
		cmocka_unit_test(a_full_set_says_so),
	};

	return cmocka_run_group_tests_name("order and age", tests, NULL, NULL);
}
