# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base
UNIT_TESTS += tests/unit/test_json
UNIT_TESTS += tests/unit/test_segment
UNIT_TESTS += tests/unit/test_envelope
UNIT_TESTS += tests/unit/test_person
UNIT_TESTS += tests/unit/test_mapping

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)

tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(UNIT_LIBS)

tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/unit/json_table.h
tests_unit_test_json_LDADD = $(UNIT_LIBS)

tests_unit_test_segment_SOURCES = tests/unit/test_segment.c tests/unit/segment_fixture.h
tests_unit_test_segment_LDADD = $(UNIT_LIBS)

tests_unit_test_person_SOURCES = tests/unit/test_person.c
tests_unit_test_person_LDADD = $(UNIT_LIBS)

tests_unit_test_mapping_SOURCES = tests/unit/test_mapping.c
tests_unit_test_mapping_LDADD = $(UNIT_LIBS)

tests_unit_test_envelope_SOURCES = tests/unit/test_envelope.c tests/unit/segment_fixture.h
tests_unit_test_envelope_LDADD = $(UNIT_LIBS)
