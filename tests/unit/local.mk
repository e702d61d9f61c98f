# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base tests/unit/test_auth tests/unit/test_http \
	tests/unit/test_http_chunks tests/unit/test_ingest tests/unit/test_ingest_connections \
	tests/unit/test_ingest_limits tests/unit/test_ingest_slow tests/unit/test_listen

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)

tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(UNIT_LIBS)

tests_unit_test_auth_SOURCES = tests/unit/test_auth.c
tests_unit_test_auth_LDADD = $(UNIT_LIBS)

tests_unit_test_http_SOURCES = tests/unit/test_http.c
tests_unit_test_http_LDADD = $(UNIT_LIBS)

tests_unit_test_http_chunks_SOURCES = tests/unit/test_http_chunks.c
tests_unit_test_http_chunks_LDADD = $(UNIT_LIBS)

tests_unit_test_listen_SOURCES = tests/unit/test_listen.c
tests_unit_test_listen_LDADD = $(UNIT_LIBS)

# Ingest against an outbox that does as the test says, linked in place of the real one.
INGEST_TEST_LIB = tests/lib/ingest_world.c tests/lib/ingest_world.h \
	tests/lib/fake_outbox.c tests/lib/fake_outbox.h tests/lib/fake_segment.c

tests_unit_test_ingest_SOURCES = tests/unit/test_ingest.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_LDADD = $(UNIT_LIBS)

tests_unit_test_ingest_connections_SOURCES = tests/unit/test_ingest_connections.c \
	$(INGEST_TEST_LIB)
tests_unit_test_ingest_connections_LDADD = $(UNIT_LIBS)

tests_unit_test_ingest_limits_SOURCES = tests/unit/test_ingest_limits.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_limits_LDADD = $(UNIT_LIBS)

tests_unit_test_ingest_slow_SOURCES = tests/unit/test_ingest_slow.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_slow_LDADD = $(UNIT_LIBS)
