/*
 * Addresses: of people, cleaned and checked; of listeners and of Bento in the configuration. A
 * cleaned address cleans to itself, and one that the configuration accepts can be used.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "config/address.h"
#include "event/segment/address.h"
#include "event/segment/person.h"
#include "http/listen.h"

static void
check_person(struct slice text)
{
	char *copy = malloc(text.n + 1), *twice = malloc(text.n + 1);
	struct slice clean, again;

	FUZZ_CHECK(copy != NULL && twice != NULL);
	memcpy(copy, text.p, text.n);
	clean = address_clean(copy, text.n);
	FUZZ_CHECK(clean.n <= text.n);
	(void)address_may_be_guessed(clean);
	if (person_email_is_valid(clean)) {
		FUZZ_CHECK(clean.n >= 3 && clean.n <= 254);
		FUZZ_CHECK(memchr(clean.p, '\0', clean.n) == NULL);
		memcpy(twice, clean.p, clean.n);
		again = address_clean(twice, clean.n);
		FUZZ_CHECK(slice_equals(clean, again));
	}
	free(copy);
	free(twice);
}

static void
check_setting(const char *text)
{
	struct listen_address address;
	struct err e;

	if (address_check_listen(text, &e) == 0) {
		FUZZ_CHECK(listen_parse(text, &address, &e) == 0);
		FUZZ_CHECK(address_is_local(text) == address.local);
	} else {
		FUZZ_CHECK(e.text[0] != '\0');
	}
	if (address_check_url(text, &e) != 0)
		FUZZ_CHECK(e.text[0] != '\0');
	else
		FUZZ_CHECK(strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	char *setting;

	if (size == 0 || size > 4096)
		return 0;
	check_person(text);
	if (memchr(data, '\0', size) != NULL)
		return 0;
	setting = strndup(text.p, size);
	FUZZ_CHECK(setting != NULL);
	check_setting(setting);
	free(setting);
	return 0;
}
