# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = tests/unit/test_base
UNIT_TESTS += tests/unit/test_bento tests/unit/test_verdict tests/unit/test_pace \
	tests/unit/test_backoff tests/unit/test_inflight tests/unit/test_transport \
	tests/unit/test_transport_trouble tests/unit/test_dispatcher \
	tests/unit/test_dispatcher_stop tests/unit/test_dispatcher_trouble

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)

tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(UNIT_LIBS)

# The dispatcher with a fake outbox, transport, mapping and clock: these stand before the library, so
# that the real ones are not linked.
DISPATCH_FAKES = tests/lib/dispatch_rig.c tests/lib/dispatch_rig.h tests/lib/fake_clock.h \
	tests/lib/fake_mapping.c tests/lib/fake_outbox.c tests/lib/fake_outbox.h \
	tests/lib/fake_transport.c tests/lib/fake_transport.h

# libcurl against a server of raw sockets.
TRANSPORT_RIG = tests/lib/tiny_server.c tests/lib/tiny_server.h tests/lib/transport_rig.c \
	tests/lib/transport_rig.h

tests_unit_test_bento_SOURCES = tests/unit/test_bento.c
tests_unit_test_bento_LDADD = $(UNIT_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c
tests_unit_test_verdict_LDADD = $(UNIT_LIBS)
tests_unit_test_pace_SOURCES = tests/unit/test_pace.c
tests_unit_test_pace_LDADD = $(UNIT_LIBS)
tests_unit_test_backoff_SOURCES = tests/unit/test_backoff.c
tests_unit_test_backoff_LDADD = $(UNIT_LIBS)
tests_unit_test_inflight_SOURCES = tests/unit/test_inflight.c
tests_unit_test_inflight_LDADD = $(UNIT_LIBS)
tests_unit_test_transport_SOURCES = tests/unit/test_transport.c $(TRANSPORT_RIG)
tests_unit_test_transport_trouble_SOURCES = tests/unit/test_transport_trouble.c $(TRANSPORT_RIG)
tests_unit_test_transport_trouble_LDADD = $(UNIT_LIBS)
tests_unit_test_transport_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_SOURCES = tests/unit/test_dispatcher.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_stop_SOURCES = tests/unit/test_dispatcher_stop.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_stop_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_trouble_SOURCES = tests/unit/test_dispatcher_trouble.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_trouble_LDADD = $(UNIT_LIBS)
