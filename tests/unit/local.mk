# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base tests/unit/test_auth tests/unit/test_http \
	tests/unit/test_listen

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

tests_unit_test_listen_SOURCES = tests/unit/test_listen.c
tests_unit_test_listen_LDADD = $(UNIT_LIBS)
