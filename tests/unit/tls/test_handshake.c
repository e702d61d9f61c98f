/* tls/stream: which handshakes succeed, and what is said about others. */
#include "unit/tls/stream_rig.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void
tls_1_2_and_1_3_carry_bytes(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct rig *w = *state;

	for (size_t i = 0; i < 2; i++) {
		rig_use_version(w, versions[i]);
		rig_connect_both(w);
		assert_int_equal(SSL_version(w->client), versions[i]);
		rig_client_sends(w, "question");
		rig_expect_read(w, "question");
		assert_int_equal(tls_write(w->server, "answer", 6), 6);
		rig_expect_at_client(w, "answer");
		assert_null(tls_client(w->server));
		if (i == 1)
			break;
		tls_free(w->server);
		SSL_free(w->client);
		/* what is left of the first connection */
		while (recv(w->client_fd, (char[256]){ 0 }, 256, 0) > 0)
			;
	}
}

static void
older_versions_are_refused(void **state)
{
	struct rig *w = *state;

	rig_use_version(w, TLS1_1_VERSION);
	rig_open_both(w);
	assert_int_equal(rig_shake_hands(w), TLS_FAILED);
	assert_string_equal(tls_failure(w->server), "unsupported protocol");
	assert_int_equal(SSL_do_handshake(w->client), -1);
	assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
}

static void
weak_ciphers_are_refused(void **state)
{
	/* without forward secrecy, or without authenticated encryption */
	static const char *const weak[] = { "AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA" };

	for (size_t i = 0; i < 2; i++) {
		struct rig *w = *state;

		rig_use_version(w, TLS1_2_VERSION);
		assert_int_equal(SSL_CTX_set_cipher_list(w->client_context, weak[i]), 1);
		rig_open_both(w);
		assert_int_equal(rig_shake_hands(w), TLS_FAILED);
		assert_string_equal(tls_failure(w->server), "no shared cipher");
		rig_end(state);
		rig_start(state);
	}
}

static void
only_http_1_1_is_agreed_on(void **state)
{
	static const unsigned char both[] = "\x02h2\x08http/1.1", h2[] = "\x02h2";
	struct rig *w = *state;
	const unsigned char *chosen;
	unsigned n;

	SSL_CTX_set_alpn_protos(w->client_context, both, sizeof(both) - 1);
	rig_connect_both(w);
	SSL_get0_alpn_selected(w->client, &chosen, &n);
	assert_int_equal(n, 8);
	assert_memory_equal(chosen, "http/1.1", 8);
	rig_end(state);
	rig_start(state);
	w = *state;
	SSL_CTX_set_alpn_protos(w->client_context, h2, sizeof(h2) - 1);
	rig_open_both(w);
	assert_int_equal(rig_shake_hands(w), TLS_FAILED);
	assert_string_equal(tls_failure(w->server), "no application protocol");
}

static void
plain_http_is_recognized(void **state)
{
	struct rig *w = *state;

	rig_open_both(w);
	assert_int_equal(send(w->client_fd, "POST / HTTP/1.1\r\n", 17, 0), 17);
	assert_int_equal(tls_shake_hands(w->server), TLS_PLAIN);
}

static void
garbage_is_refused(void **state)
{
	struct rig *w = *state;

	rig_open_both(w);
	assert_int_equal(send(w->client_fd, "garbage that is long enough", 27, 0), 27);
	assert_int_equal(tls_shake_hands(w->server), TLS_FAILED);
	assert_string_equal(tls_failure(w->server), "wrong version number");
	/* nothing can be sent or received any more, and nothing is tried */
	assert_int_equal(tls_write(w->server, "x", 1), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(tls_read(w->server, (char[8]){ 0 }, 8), -1);
	assert_int_equal(errno, EPROTO);
	assert_false(tls_has_more(w->server));
	tls_end(w->server);
}

static void
clients_that_leave_are_told_apart(void **state)
{
	struct rig *w = *state;

	rig_open_both(w);
	assert_int_equal(tls_shake_hands(w->server), TLS_WANTS_READ);
	shutdown(w->client_fd, SHUT_WR);
	assert_int_equal(tls_shake_hands(w->server), TLS_UNUSED);
	rig_end(state);
	rig_start(state);
	w = *state;
	rig_open_both(w);
	assert_int_equal(send(w->client_fd, "\x16\x03\x01", 3, 0), 3);
	assert_int_equal(tls_shake_hands(w->server), TLS_WANTS_READ);
	shutdown(w->client_fd, SHUT_WR);
	assert_int_equal(tls_shake_hands(w->server), TLS_FAILED);
	assert_string_equal(tls_failure(w->server), "the client closed the connection");
}

static void
a_client_that_does_not_trust_is_quoted(void **state)
{
	struct rig *w = *state;

	SSL_CTX_set_cert_store(w->client_context, X509_STORE_new());
	rig_open_both(w);
	assert_int_equal(rig_shake_hands(w), TLS_FAILED);
	assert_string_equal(tls_failure(w->server), "the client gave up: tlsv1 alert unknown ca");
}

static void
a_handshake_may_come_byte_by_byte(void **state)
{
	struct rig *w = *state;
	enum tls_progress p = TLS_WANTS_READ;
	BIO *out = BIO_new(BIO_s_mem()), *in = BIO_new_socket(w->client_fd, BIO_NOCLOSE);
	char byte;

	rig_open_both(w);
	SSL_set_bio(w->client, in, out);
	for (int i = 0; i < RIG_ROUNDS && p != TLS_READY; i++) {
		SSL_do_handshake(w->client);
		if (BIO_read(out, &byte, 1) == 1)
			assert_int_equal(send(w->client_fd, &byte, 1, 0), 1);
		p = tls_shake_hands(w->server);
		assert_true(p == TLS_WANTS_READ || p == TLS_READY);
	}
	assert_int_equal(p, TLS_READY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_start, rig_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tls_1_2_and_1_3_carry_bytes),
		TEST(older_versions_are_refused),
		TEST(weak_ciphers_are_refused),
		TEST(only_http_1_1_is_agreed_on),
		TEST(plain_http_is_recognized),
		TEST(garbage_is_refused),
		TEST(clients_that_leave_are_told_apart),
		TEST(a_client_that_does_not_trust_is_quoted),
		TEST(a_handshake_may_come_byte_by_byte),
	};

	return cmocka_run_group_tests_name("tls/handshake", tests, NULL, NULL);
}
