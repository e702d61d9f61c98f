/* tls/stream: bytes, ends, and records that are not data. */
#include "unit/tls/stream_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void
bytes_inside_are_announced(void **state)
{
	struct rig *w = *state;

	rig_connect_both(w);
	assert_false(tls_has_more(w->server));
	rig_client_sends(w, "one");
	rig_client_sends(w, "two");
	rig_expect_read(w, "one"); /* one recv took both records */
	assert_true(tls_has_more(w->server));
	assert_int_equal(recv(w->server_fd, (char[1]){ 0 }, 1, MSG_PEEK), -1);
	rig_expect_read(w, "two");
	assert_false(tls_has_more(w->server));
	rig_client_sends(w, "three");
	assert_int_equal(tls_read(w->server, (char[2]){ 0 }, 2), 2);
	assert_true(tls_has_more(w->server)); /* a part of a record */
	rig_expect_read(w, "ree");
	assert_false(tls_has_more(w->server));
}

/* A stream that had to be asked again for the rest of a record would keep the loop awake. */
static void
a_part_of_a_record_is_no_more(void **state)
{
	struct rig *w = *state;
	BIO *out = BIO_new(BIO_s_mem()), *in;
	char record[256];
	int n;

	rig_connect_both(w);
	in = BIO_new_socket(w->client_fd, BIO_NOCLOSE);
	SSL_set_bio(w->client, in, out);
	rig_client_sends(w, "hello");
	n = BIO_read(out, record, sizeof(record));
	for (int i = 0; i < n; i++) {
		assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), -1);
		assert_int_equal(errno, EAGAIN);
		assert_false(tls_has_more(w->server));
		assert_int_equal(send(w->client_fd, record + i, 1, 0), 1);
	}
	rig_expect_read(w, "hello");
}

/* Bytes that wait to be sent may move, as they do in the server. */
static char *
move(char *text, size_t n)
{
	char *copy = malloc(n);

	assert_non_null(copy);
	memcpy(copy, text, n);
	free(text);
	return copy;
}

static void
an_answer_larger_than_the_socket_goes_out_in_parts(void **state)
{
	struct rig *w = *state;
	size_t size = 4 << 20, sent = 0, got = 0;
	char *text = malloc(size), *copy = malloc(size);
	bool waited = false;

	assert_true(text != NULL && copy != NULL);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(i * 2654435761U >> 24);
	rig_connect_both(w);
	for (int i = 0; i < RIG_ROUNDS && got < size; i++) {
		ssize_t n = sent == size ? 0 : tls_write(w->server, text + sent, size - sent);
		int m;

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			waited = true;
			text = move(text, size);
		}
		m = SSL_read(w->client, copy + got, (int)(size - got));
		got += m > 0 ? (size_t)m : 0;
	}
	assert_true(waited);
	assert_int_equal(got, size);
	assert_memory_equal(copy, text, size);
	free(text);
	free(copy);
}

static void
a_half_closed_connection_still_gets_its_answer(void **state)
{
	struct rig *w = *state;

	rig_connect_both(w);
	rig_client_sends(w, "question");
	assert_int_equal(SSL_shutdown(w->client), 0); /* close_notify is sent */
	rig_expect_read(w, "question");
	assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), 0);
	assert_int_equal(tls_write(w->server, "answer", 6), 6);
	rig_expect_at_client(w, "answer");
	tls_end(w->server);
	assert_int_equal(SSL_read(w->client, (char[8]){ 0 }, 8), 0);
	assert_int_equal(SSL_get_error(w->client, 0), SSL_ERROR_ZERO_RETURN);
}

static void
an_end_without_notice_is_an_end(void **state)
{
	struct rig *w = *state;

	rig_connect_both(w);
	rig_client_sends(w, "question");
	shutdown(w->client_fd, SHUT_WR);
	rig_expect_read(w, "question");
	assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), 0);
	assert_int_equal(tls_write(w->server, "answer", 6), 6);
	rig_expect_at_client(w, "answer");
}

static void
a_changed_record_breaks_the_stream(void **state)
{
	struct rig *w = *state;
	BIO *out = BIO_new(BIO_s_mem()), *in;
	char record[256];
	int n;

	rig_connect_both(w);
	in = BIO_new_socket(w->client_fd, BIO_NOCLOSE);
	SSL_set_bio(w->client, in, out);
	rig_client_sends(w, "hello");
	n = BIO_read(out, record, sizeof(record));
	record[n - 1] ^= 1;
	assert_int_equal(send(w->client_fd, record, (size_t)n, 0), n);
	assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(tls_write(w->server, "x", 1), -1);
	assert_int_equal(errno, EPROTO);
}

static void
renegotiation_is_refused(void **state)
{
	struct rig *w = *state;

	rig_use_version(w, TLS1_2_VERSION);
	rig_connect_both(w);
	assert_int_equal(SSL_renegotiate(w->client), 1);
	SSL_do_handshake(w->client);
	assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(SSL_do_handshake(w->client), -1);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
}

static void
new_keys_are_taken_one_record_at_a_time(void **state)
{
	struct rig *w = *state;
	char got[8];

	rig_use_version(w, TLS1_3_VERSION);
	rig_connect_both(w);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(w->client, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(w->client), 1);
	}
	rig_client_sends(w, "x");
	/* a flood of them cannot keep tls_read from returning */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tls_read(w->server, got, sizeof(got)), -1);
		assert_int_equal(errno, EAGAIN);
		assert_true(tls_has_more(w->server));
	}
	rig_expect_read(w, "x");
	assert_int_equal(tls_write(w->server, "y", 1), 1);
	rig_expect_at_client(w, "y");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_inside_are_announced),
		TEST(a_part_of_a_record_is_no_more),
		TEST(an_answer_larger_than_the_socket_goes_out_in_parts),
		TEST(a_half_closed_connection_still_gets_its_answer),
		TEST(an_end_without_notice_is_an_end),
		TEST(a_changed_record_breaks_the_stream),
		TEST(renegotiation_is_refused),
		TEST(new_keys_are_taken_one_record_at_a_time),
	};

	return cmocka_run_group_tests_name("tls/stream", tests, NULL, NULL);
}
