# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base
UNIT_TESTS += tests/unit/test_json
UNIT_TESTS += tests/unit/test_segment
UNIT_TESTS += tests/unit/test_person
UNIT_TESTS += tests/unit/test_mapping

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

TEST_LIB = tests/lib/tempdir.c tests/lib/tempdir.h tests/lib/unit.h
UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)

tests_unit_test_base_SOURCES = tests/unit/test_base.c $(TEST_LIB)
tests_unit_test_base_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_schema
tests_unit_test_schema_SOURCES = tests/unit/test_schema.c $(TEST_LIB)
tests_unit_test_schema_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_migrate
tests_unit_test_migrate_SOURCES = tests/unit/test_migrate.c $(TEST_LIB)
tests_unit_test_migrate_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_dedup
tests_unit_test_dedup_SOURCES = tests/unit/test_dedup.c $(TEST_LIB)
tests_unit_test_dedup_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_outbox
tests_unit_test_outbox_SOURCES = tests/unit/test_outbox.c $(TEST_LIB)
tests_unit_test_outbox_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_outbox_faults
tests_unit_test_outbox_faults_SOURCES = tests/unit/test_outbox_faults.c \
	tests/lib/faulty_vfs.c tests/lib/faulty_vfs.h $(TEST_LIB)
tests_unit_test_outbox_faults_LDADD = $(UNIT_LIBS)
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/unit/json_table.h
tests_unit_test_json_LDADD = $(UNIT_LIBS)

tests_unit_test_segment_SOURCES = tests/unit/test_segment.c
tests_unit_test_segment_LDADD = $(UNIT_LIBS)

tests_unit_test_person_SOURCES = tests/unit/test_person.c
tests_unit_test_person_LDADD = $(UNIT_LIBS)

tests_unit_test_mapping_SOURCES = tests/unit/test_mapping.c
tests_unit_test_mapping_LDADD = $(UNIT_LIBS)
UNIT_TESTS += tests/unit/test_filter tests/unit/test_audit tests/unit/test_operate
HANDMADE = tests/lib/handmade.c tests/lib/handmade.h

tests_unit_test_filter_SOURCES = tests/unit/test_filter.c $(HANDMADE)
tests_unit_test_filter_LDADD = $(UNIT_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c $(HANDMADE)
tests_unit_test_audit_LDADD = $(UNIT_LIBS)
tests_unit_test_operate_SOURCES = tests/unit/test_operate.c $(HANDMADE)
tests_unit_test_operate_LDADD = $(UNIT_LIBS)
