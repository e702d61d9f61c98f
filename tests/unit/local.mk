# One program a module: tests/unit/test_MODULE.c.
UNIT_TESTS = \
	tests/unit/test_admit \
	tests/unit/test_age \
	tests/unit/test_attempts \
	tests/unit/test_audit \
	tests/unit/test_audit_look \
	tests/unit/test_auth \
	tests/unit/test_backoff \
	tests/unit/test_base \
	tests/unit/test_bento \
	tests/unit/test_breaker \
	tests/unit/test_config \
	tests/unit/test_control \
	tests/unit/test_control_socket \
	tests/unit/test_dedup \
	tests/unit/test_dispatcher \
	tests/unit/test_dispatcher_breaker \
	tests/unit/test_dispatcher_endpoints \
	tests/unit/test_dispatcher_order \
	tests/unit/test_dispatcher_sites \
	tests/unit/test_dispatcher_split \
	tests/unit/test_dispatcher_steer \
	tests/unit/test_dispatcher_stop \
	tests/unit/test_dispatcher_trouble \
	tests/unit/test_doctor \
	tests/unit/test_envelope \
	tests/unit/test_erase_text \
	tests/unit/test_filter \
	tests/unit/test_gzip \
	tests/unit/test_http \
	tests/unit/test_http_chunks \
	tests/unit/test_import \
	tests/unit/test_identity \
	tests/unit/test_identity_adopt \
	tests/unit/test_inflight \
	tests/unit/test_ingest \
	tests/unit/test_ingest_connections \
	tests/unit/test_ingest_gzip \
	tests/unit/test_ingest_limits \
	tests/unit/test_ingest_memory \
	tests/unit/test_ingest_native \
	tests/unit/test_ingest_slow \
	tests/unit/test_ingest_webhook \
	tests/unit/test_json \
	tests/unit/test_listen \
	tests/unit/test_look \
	tests/unit/test_mapping \
	tests/unit/test_messages \
	tests/unit/test_native \
	tests/unit/test_migrate \
	tests/unit/test_operate \
	tests/unit/test_options \
	tests/unit/test_order \
	tests/unit/test_outbox \
	tests/unit/test_outbox_faults \
	tests/unit/test_pace \
	tests/unit/test_person \
	tests/unit/test_purge \
	tests/unit/test_retention \
	tests/unit/test_rules \
	tests/unit/test_schema \
	tests/unit/test_segment \
	tests/unit/test_segment_array \
	tests/unit/test_segment_ids \
	tests/unit/test_segment_limits \
	tests/unit/test_settings \
	tests/unit/test_slices \
	tests/unit/test_table \
	tests/unit/test_transport \
	tests/unit/test_transport_trouble \
	tests/unit/test_undo \
	tests/unit/test_verdict \
	tests/unit/test_waiting \
	tests/unit/test_webhook

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)
TEST_LIB = tests/lib/tempdir.c tests/lib/tempdir.h tests/lib/unit.h
# A real outbox with its writer running.
OUTBOX_RIG = tests/lib/outbox_rig.c tests/lib/outbox_rig.h $(TEST_LIB)
# The real transport against a server with a script.
TRANSPORT_RIG = tests/lib/transport_rig.c tests/lib/transport_rig.h tests/lib/tiny_server.c \
	tests/lib/tiny_server.h
# A database made by hand, row by row.
HANDMADE = tests/lib/handmade.c tests/lib/handmade.h
# Ingest against an outbox that does as the test says, linked in place of the real one.
INGEST_TEST_LIB = tests/lib/ingest_world.c tests/lib/ingest_world.h \
	tests/lib/ingest_outbox.c tests/lib/ingest_outbox.h
# The dispatcher with a fake outbox, transport, mapping and clock: these stand before the library, so
# that the real ones are not linked.
DISPATCH_FAKES = tests/lib/dispatch_rig.c tests/lib/dispatch_rig.h tests/lib/fake_clock.h \
	tests/lib/fake_mapping.c tests/lib/fake_outbox.c tests/lib/fake_outbox.h \
	tests/lib/fake_reader.c \
	tests/lib/fake_transport.c tests/lib/fake_transport.h
GZIP_MAKER = tests/lib/gzip_maker.c tests/lib/gzip_maker.h
CONTROL_RIG = tests/lib/control_rig.c tests/lib/control_rig.h

tests_unit_test_attempts_SOURCES = tests/unit/test_attempts.c $(OUTBOX_RIG)
tests_unit_test_attempts_LDADD = $(UNIT_LIBS)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c $(HANDMADE)
tests_unit_test_audit_LDADD = $(UNIT_LIBS)
tests_unit_test_auth_SOURCES = tests/unit/test_auth.c
tests_unit_test_auth_LDADD = $(UNIT_LIBS)
tests_unit_test_backoff_SOURCES = tests/unit/test_backoff.c
tests_unit_test_backoff_LDADD = $(UNIT_LIBS)
tests_unit_test_base_SOURCES = tests/unit/test_base.c $(TEST_LIB)
tests_unit_test_base_LDADD = $(UNIT_LIBS)
tests_unit_test_bento_SOURCES = tests/unit/test_bento.c
tests_unit_test_bento_LDADD = $(UNIT_LIBS)
tests_unit_test_breaker_SOURCES = tests/unit/test_breaker.c
tests_unit_test_breaker_LDADD = $(UNIT_LIBS)
tests_unit_test_config_SOURCES = tests/unit/test_config.c
tests_unit_test_config_LDADD = $(UNIT_LIBS)
tests_unit_test_control_SOURCES = tests/unit/test_control.c $(CONTROL_RIG)
tests_unit_test_control_LDADD = $(UNIT_LIBS)
tests_unit_test_control_socket_SOURCES = tests/unit/test_control_socket.c $(CONTROL_RIG)
tests_unit_test_control_socket_LDADD = $(UNIT_LIBS)
tests_unit_test_import_SOURCES = tests/unit/test_import.c $(OUTBOX_RIG)
tests_unit_test_import_LDADD = $(UNIT_LIBS)
tests_unit_test_messages_SOURCES = tests/unit/test_messages.c $(OUTBOX_RIG)
tests_unit_test_messages_LDADD = $(UNIT_LIBS)
tests_unit_test_dedup_SOURCES = tests/unit/test_dedup.c $(TEST_LIB)
tests_unit_test_dedup_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_SOURCES = tests/unit/test_dispatcher.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_breaker_SOURCES = tests/unit/test_dispatcher_breaker.c \
	$(DISPATCH_FAKES) tests/lib/fake_bento.c tests/lib/fake_bento.h
tests_unit_test_dispatcher_breaker_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_order_SOURCES = tests/unit/test_dispatcher_order.c \
	$(DISPATCH_FAKES) tests/lib/fake_bento.c tests/lib/fake_bento.h
tests_unit_test_dispatcher_order_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_split_SOURCES = tests/unit/test_dispatcher_split.c \
	$(DISPATCH_FAKES) tests/lib/fake_bento.c tests/lib/fake_bento.h
tests_unit_test_dispatcher_split_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_endpoints_SOURCES = tests/unit/test_dispatcher_endpoints.c \
	$(DISPATCH_FAKES)
tests_unit_test_dispatcher_endpoints_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_sites_SOURCES = tests/unit/test_dispatcher_sites.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_sites_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_steer_SOURCES = tests/unit/test_dispatcher_steer.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_steer_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_stop_SOURCES = tests/unit/test_dispatcher_stop.c $(DISPATCH_FAKES)
tests_unit_test_dispatcher_stop_LDADD = $(UNIT_LIBS)
tests_unit_test_dispatcher_trouble_SOURCES = tests/unit/test_dispatcher_trouble.c \
	$(DISPATCH_FAKES)
tests_unit_test_dispatcher_trouble_LDADD = $(UNIT_LIBS)
tests_unit_test_doctor_SOURCES = tests/unit/test_doctor.c
tests_unit_test_doctor_LDADD = $(UNIT_LIBS)
tests_unit_test_envelope_SOURCES = tests/unit/test_envelope.c tests/unit/segment_fixture.h
tests_unit_test_envelope_LDADD = $(UNIT_LIBS)
tests_unit_test_filter_SOURCES = tests/unit/test_filter.c $(HANDMADE)
tests_unit_test_filter_LDADD = $(UNIT_LIBS)
tests_unit_test_gzip_SOURCES = tests/unit/test_gzip.c $(GZIP_MAKER)
tests_unit_test_gzip_LDADD = $(UNIT_LIBS)
tests_unit_test_audit_look_SOURCES = tests/unit/test_audit_look.c $(HANDMADE)
tests_unit_test_audit_look_LDADD = $(UNIT_LIBS)
tests_unit_test_look_SOURCES = tests/unit/test_look.c
tests_unit_test_look_LDADD = $(UNIT_LIBS)
tests_unit_test_http_SOURCES = tests/unit/test_http.c
tests_unit_test_http_LDADD = $(UNIT_LIBS)
tests_unit_test_http_chunks_SOURCES = tests/unit/test_http_chunks.c
tests_unit_test_http_chunks_LDADD = $(UNIT_LIBS)
tests_unit_test_identity_SOURCES = tests/unit/test_identity.c tests/unit/identity_fixture.h \
	$(OUTBOX_RIG)
tests_unit_test_identity_LDADD = $(UNIT_LIBS)
tests_unit_test_identity_adopt_SOURCES = tests/unit/test_identity_adopt.c tests/unit/identity_fixture.h \
	$(OUTBOX_RIG)
tests_unit_test_identity_adopt_LDADD = $(UNIT_LIBS)
tests_unit_test_inflight_SOURCES = tests/unit/test_inflight.c
tests_unit_test_inflight_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_SOURCES = tests/unit/test_ingest.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_connections_SOURCES = tests/unit/test_ingest_connections.c \
	$(INGEST_TEST_LIB)
tests_unit_test_ingest_connections_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_gzip_SOURCES = tests/unit/test_ingest_gzip.c $(INGEST_TEST_LIB) \
	$(GZIP_MAKER)
tests_unit_test_ingest_gzip_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_limits_SOURCES = tests/unit/test_ingest_limits.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_limits_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_memory_SOURCES = tests/unit/test_ingest_memory.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_memory_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_native_SOURCES = tests/unit/test_ingest_native.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_native_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_slow_SOURCES = tests/unit/test_ingest_slow.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_slow_LDADD = $(UNIT_LIBS)
tests_unit_test_ingest_webhook_SOURCES = tests/unit/test_ingest_webhook.c $(INGEST_TEST_LIB)
tests_unit_test_ingest_webhook_LDADD = $(UNIT_LIBS)
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/unit/json_table.h
tests_unit_test_json_LDADD = $(UNIT_LIBS)
tests_unit_test_listen_SOURCES = tests/unit/test_listen.c
tests_unit_test_listen_LDADD = $(UNIT_LIBS)
tests_unit_test_admit_SOURCES = tests/unit/test_admit.c $(TEST_LIB)
tests_unit_test_admit_LDADD = $(UNIT_LIBS)
tests_unit_test_erase_text_SOURCES = tests/unit/test_erase_text.c $(TEST_LIB)
tests_unit_test_erase_text_LDADD = $(UNIT_LIBS)
tests_unit_test_mapping_SOURCES = tests/unit/test_mapping.c
tests_unit_test_mapping_LDADD = $(UNIT_LIBS)
tests_unit_test_native_SOURCES = tests/unit/test_native.c tests/unit/segment_fixture.h
tests_unit_test_native_LDADD = $(UNIT_LIBS)
tests_unit_test_migrate_SOURCES = tests/unit/test_migrate.c $(TEST_LIB)
tests_unit_test_migrate_LDADD = $(UNIT_LIBS)
tests_unit_test_purge_SOURCES = tests/unit/test_purge.c $(HANDMADE)
tests_unit_test_purge_LDADD = $(UNIT_LIBS)
tests_unit_test_operate_SOURCES = tests/unit/test_operate.c $(HANDMADE)
tests_unit_test_operate_LDADD = $(UNIT_LIBS)
tests_unit_test_options_SOURCES = tests/unit/test_options.c
tests_unit_test_options_LDADD = $(UNIT_LIBS)
tests_unit_test_order_SOURCES = tests/unit/test_order.c
tests_unit_test_order_LDADD = $(UNIT_LIBS)
tests_unit_test_age_SOURCES = tests/unit/test_age.c $(OUTBOX_RIG)
tests_unit_test_age_LDADD = $(UNIT_LIBS)
tests_unit_test_retention_SOURCES = tests/unit/test_retention.c $(OUTBOX_RIG)
tests_unit_test_retention_LDADD = $(UNIT_LIBS)
tests_unit_test_rules_SOURCES = tests/unit/test_rules.c
tests_unit_test_rules_LDADD = $(UNIT_LIBS)
tests_unit_test_outbox_SOURCES = tests/unit/test_outbox.c $(OUTBOX_RIG)
tests_unit_test_outbox_LDADD = $(UNIT_LIBS)
tests_unit_test_outbox_faults_SOURCES = tests/unit/test_outbox_faults.c \
	tests/lib/faulty_vfs.c tests/lib/faulty_vfs.h $(TEST_LIB)
tests_unit_test_outbox_faults_LDADD = $(UNIT_LIBS)
tests_unit_test_pace_SOURCES = tests/unit/test_pace.c
tests_unit_test_pace_LDADD = $(UNIT_LIBS)
tests_unit_test_person_SOURCES = tests/unit/test_person.c
tests_unit_test_person_LDADD = $(UNIT_LIBS)
tests_unit_test_schema_SOURCES = tests/unit/test_schema.c $(TEST_LIB)
tests_unit_test_schema_LDADD = $(UNIT_LIBS)
tests_unit_test_segment_SOURCES = tests/unit/test_segment.c tests/unit/segment_fixture.h
tests_unit_test_segment_LDADD = $(UNIT_LIBS)
tests_unit_test_segment_array_SOURCES = tests/unit/test_segment_array.c \
	tests/unit/segment_fixture.h
tests_unit_test_segment_array_LDADD = $(UNIT_LIBS)
tests_unit_test_segment_ids_SOURCES = tests/unit/test_segment_ids.c \
	tests/unit/segment_fixture.h
tests_unit_test_segment_ids_LDADD = $(UNIT_LIBS)
tests_unit_test_segment_limits_SOURCES = tests/unit/test_segment_limits.c \
	tests/unit/segment_fixture.h
tests_unit_test_segment_limits_LDADD = $(UNIT_LIBS)
tests_unit_test_settings_SOURCES = tests/unit/test_settings.c
tests_unit_test_settings_LDADD = $(UNIT_LIBS)
tests_unit_test_slices_SOURCES = tests/unit/test_slices.c
tests_unit_test_slices_LDADD = $(UNIT_LIBS)
tests_unit_test_table_SOURCES = tests/unit/test_table.c
tests_unit_test_table_LDADD = $(UNIT_LIBS)
tests_unit_test_transport_SOURCES = tests/unit/test_transport.c $(TRANSPORT_RIG)
tests_unit_test_transport_LDADD = $(UNIT_LIBS)
tests_unit_test_transport_trouble_SOURCES = tests/unit/test_transport_trouble.c $(TRANSPORT_RIG)
tests_unit_test_transport_trouble_LDADD = $(UNIT_LIBS)
tests_unit_test_verdict_SOURCES = tests/unit/test_verdict.c
tests_unit_test_verdict_LDADD = $(UNIT_LIBS)
tests_unit_test_waiting_SOURCES = tests/unit/test_waiting.c tests/unit/identity_fixture.h \
	$(OUTBOX_RIG)
tests_unit_test_waiting_LDADD = $(UNIT_LIBS)
tests_unit_test_webhook_SOURCES = tests/unit/test_webhook.c
tests_unit_test_webhook_LDADD = $(UNIT_LIBS)
tests_unit_test_undo_SOURCES = tests/unit/test_undo.c $(HANDMADE)
tests_unit_test_undo_LDADD = $(UNIT_LIBS)
