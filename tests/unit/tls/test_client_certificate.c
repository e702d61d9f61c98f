/* tls/stream: certificates of clients, and the names in them. */
#include "unit/tls/stream_rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
a_client_certificate_gives_its_names(void **state)
{
	struct rig *w = *state;
	struct pair box;

	rig_ask_clients(w);
	authority_issue(w->ca,
	    &(struct issue){ .common_name = "not this",
		.names = "DNS:Box-7.example,URI:spiffe://shop/7,IP:127.0.0.1,email:box@example.com",
		.usage = "clientAuth" },
	    &box);
	rig_give_certificate(w, &box);
	rig_connect_both(w);
	assert_non_null(tls_client(w->server));
	assert_int_equal(tls_client(w->server)->n, 3);
	assert_string_equal(tls_client(w->server)->name[0], "Box-7.example");
	assert_string_equal(tls_client(w->server)->name[1], "spiffe://shop/7");
	assert_string_equal(tls_client(w->server)->name[2], "box@example.com");
	pair_free(&box);
}

static void
the_common_name_stands_in(void **state)
{
	struct rig *w = *state;
	struct pair box;

	rig_ask_clients(w);
	authority_issue(w->ca, &(struct issue){ .common_name = "box-8" }, &box);
	rig_give_certificate(w, &box);
	rig_connect_both(w);
	assert_int_equal(tls_client(w->server)->n, 1);
	assert_string_equal(tls_client(w->server)->name[0], "box-8");
	pair_free(&box);
}

/* Returns how many names the server reads in a certificate with the common name "box-8". */
static size_t
count_names(struct rig *w, const char *names)
{
	struct pair box;
	size_t n;

	authority_issue(w->ca, &(struct issue){ .common_name = "box-8", .names = names }, &box);
	rig_give_certificate(w, &box);
	rig_connect_both(w);
	n = tls_client(w->server)->n;
	if (n > 0)
		assert_string_equal(tls_client(w->server)->name[0], "box-8");
	pair_free(&box);
	return n;
}

static void
the_common_name_stands_in_for_an_address(void **state)
{
	rig_ask_clients(*state);
	assert_int_equal(count_names(*state, "IP:127.0.0.1"), 1);
}

static void
the_common_name_does_not_stand_in_for_a_name_that_is_not_read(void **state)
{
	rig_ask_clients(*state);
	assert_int_equal(count_names(*state, "IP:127.0.0.1,DNS:a b"), 0);
}

static void
names_are_bounded(void **state)
{
	struct rig *w = *state;
	char names[8192] = "", longest[TLS_NAME_SIZE + 8];
	struct pair box;

	rig_ask_clients(w);
	memset(longest, 'a', sizeof(longest));
	/* one byte too long, the longest, with a blank, and one more than there may be */
	snprintf(names, sizeof(names), "DNS:%.*s,DNS:%.*s,URI:a b", TLS_NAME_SIZE, longest,
	    TLS_NAME_SIZE - 1, longest);
	for (int i = 2; i <= TLS_NAMES_MAX + 1; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ",DNS:n%d", i);
	authority_issue(w->ca, &(struct issue){ .names = names }, &box);
	rig_give_certificate(w, &box);
	rig_connect_both(w);
	assert_int_equal(tls_client(w->server)->n, TLS_NAMES_MAX);
	assert_int_equal(strlen(tls_client(w->server)->name[0]), TLS_NAME_SIZE - 1);
	assert_string_equal(tls_client(w->server)->name[1], "n2");
	assert_string_equal(tls_client(w->server)->name[TLS_NAMES_MAX - 1], "n16");
	pair_free(&box);
}

static void
expect_no_entry(void **state, const struct issue *issue, const char *why)
{
	struct rig *w = *state;
	struct authority *other = authority_new("other CA");
	struct pair p = { 0 };

	rig_ask_clients(w);
	if (issue != NULL) {
		authority_issue(issue->ca ? other : w->ca, issue, &p);
		rig_give_certificate(w, &p);
	}
	rig_open_both(w);
	assert_int_equal(rig_shake_hands(w), TLS_WRONG_NAME);
	assert_string_equal(tls_failure(w->server), why);
	assert_null(tls_client(w->server));
	pair_free(&p);
	authority_free(other);
	rig_end(state);
	rig_start(state);
}

static void
clients_without_a_good_certificate_are_refused(void **state)
{
	expect_no_entry(state, NULL, "the client has no certificate");
	expect_no_entry(state, &(struct issue){ .from_s = -7200, .to_s = -3600 },
	    "the client's certificate is not accepted: certificate has expired");
	expect_no_entry(state, &(struct issue){ .usage = "serverAuth" },
	    "the client's certificate is not accepted: unsuitable certificate purpose");
	/* signed by another authority */
	expect_no_entry(state, &(struct issue){ .ca = true },
	    "the client's certificate is not accepted: unable to get local issuer certificate");
}

static SSL_SESSION *
session_of(struct rig *w)
{
	rig_client_sends(w, "x");
	rig_expect_read(w, "x");
	assert_int_equal(tls_write(w->server, "y", 1), 1);
	rig_expect_at_client(w, "y"); /* and the ticket before it */
	return SSL_get1_session(w->client);
}

static bool
resumes(void **state, int version, bool mutual)
{
	struct rig *w = *state;
	SSL_SESSION *session;
	struct pair box;
	bool reused;
	int fds[2];

	if (mutual)
		rig_ask_clients(w);
	authority_issue(w->ca, &(struct issue){ .common_name = "box" }, &box);
	rig_give_certificate(w, &box);
	pair_free(&box);
	rig_use_version(w, version);
	rig_connect_both(w);
	session = session_of(w);
	tls_free(w->server);
	SSL_shutdown(w->client);
	SSL_free(w->client);
	close(w->server_fd);
	close(w->client_fd);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	w->server_fd = fds[0];
	w->client_fd = fds[1];
	rig_open_both(w);
	SSL_set_session(w->client, session);
	assert_int_equal(rig_shake_hands(w), TLS_READY);
	reused = SSL_session_reused(w->client) == 1;
	SSL_SESSION_free(session);
	rig_end(state);
	rig_start(state);
	return reused;
}

static void
each_connection_proves_its_certificate(void **state)
{
	assert_true(resumes(state, TLS1_2_VERSION, false));
	assert_true(resumes(state, TLS1_3_VERSION, false));
	assert_false(resumes(state, TLS1_2_VERSION, true));
	assert_false(resumes(state, TLS1_3_VERSION, true));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_certificate_gives_its_names),
		TEST(the_common_name_stands_in),
		TEST(the_common_name_stands_in_for_an_address),
		TEST(the_common_name_does_not_stand_in_for_a_name_that_is_not_read),
		TEST(names_are_bounded),
		TEST(clients_without_a_good_certificate_are_refused),
		TEST(each_connection_proves_its_certificate),
	};

	return cmocka_run_group_tests_name("tls/client certificate", tests, NULL, NULL);
}
