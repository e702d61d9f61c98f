# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)

tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_filter tests/unit/test_audit tests/unit/test_operate
HANDMADE = tests/lib/handmade.c tests/lib/handmade.h

tests_unit_test_filter_SOURCES = tests/unit/test_filter.c $(HANDMADE)
tests_unit_test_filter_LDADD = $(UNIT_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c $(HANDMADE)
tests_unit_test_audit_LDADD = $(UNIT_LIBS)
tests_unit_test_operate_SOURCES = tests/unit/test_operate.c $(HANDMADE)
tests_unit_test_operate_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_config tests/unit/test_settings
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c
tests_unit_test_settings_LDADD = $(UNIT_LIBS)
tests_unit_test_config_SOURCES = tests/unit/test_config.c
tests_unit_test_config_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_table
tests_unit_test_table_SOURCES = tests/unit/test_table.c
tests_unit_test_table_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_control tests/unit/test_control_socket
CONTROL_RIG = tests/lib/control_rig.c tests/lib/control_rig.h
tests_unit_test_control_SOURCES = tests/unit/test_control.c $(CONTROL_RIG)
tests_unit_test_control_LDADD = $(UNIT_LIBS)
tests_unit_test_control_socket_SOURCES = tests/unit/test_control_socket.c $(CONTROL_RIG)
tests_unit_test_control_socket_LDADD = $(UNIT_LIBS)

UNIT_TESTS += tests/unit/test_options
tests_unit_test_options_SOURCES = tests/unit/test_options.c
tests_unit_test_options_LDADD = $(UNIT_LIBS)
