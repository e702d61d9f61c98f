/* What a server says of a client's certificate, in the words of libcurl and OpenSSL. */
#include "lib/unit.h"

#include <stdio.h>

#include "dispatch/transport/certificate_alert.h"

static const char *
words_of(unsigned reason)
{
	static char text[128];

	snprintf(text, sizeof(text),
	    "OpenSSL SSL_read: OpenSSL/3.0.22: error:0A%06X:SSL routines::x, errno 0", reason);
	return certificate_alert(text);
}

static void
alerts_about_certificates_have_words(void **state)
{
	(void)state;
	assert_string_equal(
	    certificate_alert("OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert "
			      "certificate required, errno 0"),
	    "the server wants a certificate: set client_certificate_file");
	assert_string_equal(words_of(1042), "the server refuses this side's certificate");
	assert_string_equal(words_of(1043), "the server refuses this side's certificate");
	assert_string_equal(words_of(1044), "the server has revoked this side's certificate");
	assert_string_equal(words_of(1045), "this side's certificate has expired");
	assert_string_equal(words_of(1046), "the server refuses this side's certificate");
	assert_string_equal(
	    words_of(1048), "the server does not know the authority of this side's certificate");
	assert_string_equal(words_of(1049), "the server refuses this side's certificate");
}

static void
other_errors_have_none(void **state)
{
	/* handshake_failure, illegal_parameter, and beside the others */
	static const unsigned others[] = { 0, 116, 1040, 1041, 1047, 1050, 1115, 1117, 42 };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_null(words_of(others[i]));
	assert_null(certificate_alert(""));
	assert_null(certificate_alert("error:"));
	assert_null(certificate_alert("error: no digits"));
	assert_null(certificate_alert("Recv failure: Connection reset by peer"));
	/* the same reason of other libraries, also with a higher bit */
	assert_null(certificate_alert("error:0980045C:x"));
	assert_null(certificate_alert("error:0A80045C:x"));
	assert_null(certificate_alert("error:8A00045C:x"));
	assert_null(certificate_alert("error:FFFFFFFFFFFFFFFFFFFFFF:x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_about_certificates_have_words),
		cmocka_unit_test(other_errors_have_none),
	};

	return cmocka_run_group_tests_name(
	    "dispatch: alerts about certificates", tests, NULL, NULL);
}
