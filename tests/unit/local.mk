# One program for each module, in the directory of its module: tests/unit/ROOM/test_MODULE.c. A
# program of one file is listed only here; a program with a rig also lists its sources below. First those that take
# longest.
UNIT_TESTS = \
	tests/unit/outbox/file/test_upgrade_killed \
	tests/unit/outbox/recover/test_damage \
	tests/unit/outbox/identity/test_identity_order \
	tests/unit/dispatch/test_dispatcher_breaker \
	tests/unit/admin/metrics/test_exposition \
	tests/unit/admin/read/test_disk \
	tests/unit/admin/read/test_params \
	tests/unit/admin/test_minutes \
	tests/unit/admin/test_routes \
	tests/unit/admin/who/test_headers \
	tests/unit/admin/who/test_who \
	tests/unit/base/test_base \
	tests/unit/base/test_encode \
	tests/unit/base/meter/test_histogram \
	tests/unit/base/test_similar \
	tests/unit/base/test_spawn \
	tests/unit/cli/test_doctor \
	tests/unit/cli/test_options \
	tests/unit/cli/test_torture_disk \
	tests/unit/client/test_act \
	tests/unit/client/test_control_socket \
	tests/unit/config/test_config \
	tests/unit/config/test_config_sources \
	tests/unit/config/test_environment \
	tests/unit/config/test_include \
	tests/unit/config/parse/test_parse \
	tests/unit/config/test_settings \
	tests/unit/config/test_tls_files \
	tests/unit/control/test_control \
	tests/unit/daemon/test_certificates \
	tests/unit/daemon/test_clocks \
	tests/unit/daemon/test_job \
	tests/unit/daemon/test_lease \
	tests/unit/daemon/test_notify \
	tests/unit/daemon/test_retention \
	tests/unit/dispatch/health/test_backoff \
	tests/unit/dispatch/health/test_breaker \
	tests/unit/dispatch/link/test_budget \
	tests/unit/dispatch/link/test_link \
	tests/unit/dispatch/link/test_pace \
	tests/unit/dispatch/link/test_window \
	tests/unit/dispatch/port/test_composer \
	tests/unit/dispatch/port/test_outbox_port \
	tests/unit/dispatch/queue/test_fill \
	tests/unit/dispatch/queue/test_first \
	tests/unit/dispatch/queue/test_order \
	tests/unit/dispatch/queue/test_payload \
	tests/unit/dispatch/queue/test_reading \
	tests/unit/dispatch/queue/test_taken \
	tests/unit/dispatch/test_age \
	tests/unit/dispatch/test_age_edges \
	tests/unit/dispatch/test_dispatcher \
	tests/unit/dispatch/test_dispatcher_endpoints \
	tests/unit/dispatch/test_dispatcher_log \
	tests/unit/dispatch/test_dispatcher_order \
	tests/unit/dispatch/test_dispatcher_partial \
	tests/unit/dispatch/test_dispatcher_poison \
	tests/unit/dispatch/test_dispatcher_site_control \
	tests/unit/dispatch/test_dispatcher_sites \
	tests/unit/dispatch/test_dispatcher_split \
	tests/unit/dispatch/test_dispatcher_stop \
	tests/unit/dispatch/test_dispatcher_trouble \
	tests/unit/dispatch/transport/test_certificate_alert \
	tests/unit/dispatch/transport/test_inquiry \
	tests/unit/dispatch/transport/test_transport \
	tests/unit/dispatch/transport/test_transport_trouble \
	tests/unit/event/bento/test_bento \
	tests/unit/event/bento/test_bento_api \
	tests/unit/event/bento/test_verdict \
	tests/unit/event/bento/test_verdict_center \
	tests/unit/event/bento/test_verdict_words \
	tests/unit/event/json/test_json \
	tests/unit/event/mapping/test_admit \
	tests/unit/event/mapping/test_escapes \
	tests/unit/event/mapping/test_mapping \
	tests/unit/event/mapping/test_mapping_text \
	tests/unit/event/mapping/test_rules \
	tests/unit/event/segment/test_forwarded \
	tests/unit/event/segment/test_envelope \
	tests/unit/event/segment/test_person \
	tests/unit/event/segment/test_senders \
	tests/unit/event/segment/test_segment \
	tests/unit/event/segment/test_segment_array \
	tests/unit/event/segment/test_segment_ids \
	tests/unit/event/segment/test_segment_limits \
	tests/unit/ingest/auth/test_auth \
	tests/unit/ingest/auth/test_client_names \
	tests/unit/ingest/auth/test_webhook \
	tests/unit/ingest/test_box_report \
	tests/unit/ingest/test_routes \
	tests/unit/http/test_gzip \
	tests/unit/http/test_http \
	tests/unit/http/test_http_chunks \
	tests/unit/http/test_listen \
	tests/unit/ingest/test_admission \
	tests/unit/ingest/test_ingest \
	tests/unit/ingest/test_ingest_bento_api \
	tests/unit/ingest/test_ingest_connections \
	tests/unit/ingest/test_ingest_gzip \
	tests/unit/ingest/test_ingest_limits \
	tests/unit/ingest/test_ingest_memory \
	tests/unit/ingest/test_ingest_no_memory \
	tests/unit/ingest/test_ingest_slow \
	tests/unit/ingest/test_ingest_tls \
	tests/unit/ingest/test_ingest_tls_clients \
	tests/unit/ingest/test_ingest_webhook \
	tests/unit/ingest/test_refusals \
	tests/unit/outbox/dedup/test_dedup \
	tests/unit/outbox/dedup/test_entry \
	tests/unit/outbox/dedup/test_levels \
	tests/unit/outbox/dedup/test_levels_faults \
	tests/unit/outbox/file/test_checksum \
	tests/unit/outbox/file/test_db_error \
	tests/unit/outbox/file/test_files \
	tests/unit/outbox/file/test_migrate \
	tests/unit/outbox/file/test_query \
	tests/unit/outbox/file/test_readers \
	tests/unit/outbox/file/test_reserve \
	tests/unit/outbox/file/test_schema \
	tests/unit/outbox/filter/test_filter \
	tests/unit/outbox/filter/test_message_ids \
	tests/unit/outbox/filter/test_walk \
	tests/unit/outbox/operate/test_erase \
	tests/unit/outbox/lines/test_lines \
	tests/unit/outbox/operate/test_erase_text \
	tests/unit/outbox/operate/test_import \
	tests/unit/outbox/operate/test_operate \
	tests/unit/outbox/operate/test_purge \
	tests/unit/outbox/operate/test_restore \
	tests/unit/outbox/operate/test_undo \
	tests/unit/outbox/read/test_audit \
	tests/unit/outbox/read/test_gauges \
	tests/unit/outbox/read/test_questions \
	tests/unit/outbox/read/test_audit_blocks \
	tests/unit/outbox/read/test_audit_search \
	tests/unit/outbox/read/test_audit_walk \
	tests/unit/outbox/recover/test_recover \
	tests/unit/outbox/test_checkpoint \
	tests/unit/outbox/test_free_space \
	tests/unit/outbox/test_directory_sync \
	tests/unit/outbox/test_message \
	tests/unit/outbox/test_outbox \
	tests/unit/outbox/test_outbox_memory \
	tests/unit/outbox/test_meters \
	tests/unit/outbox/test_tally \
	tests/unit/outbox/write/test_attempts \
	tests/unit/outbox/identity/test_claims \
	tests/unit/outbox/identity/test_identity \
	tests/unit/outbox/identity/test_identity_merge \
	tests/unit/outbox/write/test_event_block \
	tests/unit/outbox/write/test_message_blocks \
	tests/unit/outbox/write/test_requests \
	tests/unit/outbox/write/test_counts \
	tests/unit/outbox/write/test_spans \
	tests/unit/outbox/write/test_unresolved \
	tests/unit/report/test_mend \
	tests/unit/report/test_report \
	tests/unit/report/test_story \
	tests/unit/term/test_table \
	tests/unit/tls/test_client_certificate \
	tests/unit/tls/test_context \
	tests/unit/tls/test_dates \
	tests/unit/tls/test_handshake \
	tests/unit/tls/test_stream

# Those that can start a thread: ThreadSanitizer runs them (tools/run-tests tsan), and tools/check-threads
# compares the list with what the programs link.
THREADED_TESTS = \
	tests/unit/admin/test_routes \
	tests/unit/base/test_base \
	tests/unit/cli/test_doctor \
	tests/unit/cli/test_options \
	tests/unit/cli/test_torture_disk \
	tests/unit/client/test_act \
	tests/unit/client/test_control_socket \
	tests/unit/control/test_control \
	tests/unit/daemon/test_clocks \
	tests/unit/daemon/test_lease \
	tests/unit/daemon/test_retention \
	tests/unit/dispatch/port/test_outbox_port \
	tests/unit/dispatch/queue/test_fill \
	tests/unit/dispatch/queue/test_first \
	tests/unit/dispatch/queue/test_reading \
	tests/unit/dispatch/test_dispatcher \
	tests/unit/dispatch/test_dispatcher_breaker \
	tests/unit/dispatch/test_dispatcher_endpoints \
	tests/unit/dispatch/test_dispatcher_log \
	tests/unit/dispatch/test_dispatcher_order \
	tests/unit/dispatch/test_dispatcher_partial \
	tests/unit/dispatch/test_dispatcher_poison \
	tests/unit/dispatch/test_dispatcher_site_control \
	tests/unit/dispatch/test_dispatcher_sites \
	tests/unit/dispatch/test_dispatcher_split \
	tests/unit/dispatch/test_dispatcher_stop \
	tests/unit/dispatch/test_dispatcher_trouble \
	tests/unit/dispatch/transport/test_inquiry \
	tests/unit/dispatch/transport/test_transport \
	tests/unit/dispatch/transport/test_transport_trouble \
	tests/unit/ingest/test_ingest \
	tests/unit/ingest/test_ingest_bento_api \
	tests/unit/ingest/test_ingest_connections \
	tests/unit/ingest/test_ingest_gzip \
	tests/unit/ingest/test_ingest_limits \
	tests/unit/ingest/test_ingest_memory \
	tests/unit/ingest/test_ingest_no_memory \
	tests/unit/ingest/test_ingest_slow \
	tests/unit/ingest/test_ingest_tls \
	tests/unit/ingest/test_ingest_tls_clients \
	tests/unit/ingest/test_ingest_webhook \
	tests/unit/ingest/test_refusals \
	tests/unit/outbox/filter/test_message_ids \
	tests/unit/outbox/identity/test_claims \
	tests/unit/outbox/identity/test_identity \
	tests/unit/outbox/identity/test_identity_merge \
	tests/unit/outbox/operate/test_import \
	tests/unit/outbox/read/test_gauges \
	tests/unit/outbox/recover/test_damage \
	tests/unit/outbox/test_checkpoint \
	tests/unit/outbox/test_directory_sync \
	tests/unit/outbox/test_free_space \
	tests/unit/outbox/test_meters \
	tests/unit/outbox/test_outbox \
	tests/unit/outbox/test_outbox_memory \
	tests/unit/outbox/write/test_attempts \
	tests/unit/outbox/write/test_counts \
	tests/unit/outbox/write/test_requests \
	tests/unit/outbox/write/test_spans \
	tests/unit/outbox/write/test_unresolved

if HAVE_CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

# The libraries of a program, unless its own _LDADD names others.
AM_DEFAULT_SOURCE_EXT = .c
UNIT_LIBS = $(CMOCKA_LIBS) $(SPOOL_LIBS)
LDADD = $(UNIT_LIBS)

TEST_LIB = tests/lib/tempdir.c tests/lib/tempdir.h tests/lib/unit.h
# A real outbox with its writer running.
TRUTHS = tests/lib/truths.c tests/lib/truths.h
OUTBOX_RIG = tests/unit/outbox/outbox_rig.c tests/unit/outbox/outbox_rig.h $(TRUTHS) $(TEST_LIB)
# The real transport against a scripted server.
TRANSPORT_RIG = tests/unit/dispatch/transport/transport_rig.c tests/unit/dispatch/transport/transport_rig.h tests/unit/dispatch/transport/tiny_server.c \
	tests/unit/dispatch/transport/tiny_server.h
# A database filled by hand, row by row.
HANDMADE = tests/unit/outbox/handmade.c tests/unit/outbox/handmade.h
# Ingest against a scripted outbox, linked in place of the real one.
INGEST_TEST_LIB = tests/unit/ingest/ingest_world.c tests/unit/ingest/ingest_world.h \
	tests/unit/ingest/caught_log.c tests/unit/ingest/caught_log.h \
	tests/unit/ingest/ingest_outbox.c tests/unit/ingest/ingest_outbox.h
# The dispatcher with a fake outbox, composer, transport and clock.
DISPATCH_FAKES = tests/unit/dispatch/dispatch_rig.c tests/unit/dispatch/dispatch_rig.h tests/lib/fake_clock.h \
	tests/unit/dispatch/fake_composer.c tests/unit/dispatch/fake_composer.h tests/unit/dispatch/fake_outbox.c tests/unit/dispatch/fake_outbox.h \
	tests/unit/dispatch/fake_reader.c \
	tests/unit/dispatch/fake_transport.c tests/unit/dispatch/fake_transport.h
# A certificate authority in memory.
AUTHORITY = tests/unit/tls/authority.c tests/unit/tls/authority.h
# Clients of ingest that speak TLS.
TLS_CLIENT = tests/unit/ingest/tls_client.c tests/unit/ingest/tls_client.h $(INGEST_TEST_LIB) \
	$(AUTHORITY)
# Both ends of a TLS connection.
STREAM_RIG = tests/unit/tls/stream_rig.c tests/unit/tls/stream_rig.h $(AUTHORITY)
GZIP_MAKER = tests/lib/gzip_maker.c tests/lib/gzip_maker.h
CONFIG_RIG = tests/unit/config/config_rig.c tests/unit/config/config_rig.h
CONTROL_RIG = tests/unit/control/control_rig.c tests/unit/control/control_rig.h

tests_unit_base_test_base_SOURCES = tests/unit/base/test_base.c $(TEST_LIB)
tests_unit_client_test_act_SOURCES = tests/unit/client/test_act.c $(CONTROL_RIG)
tests_unit_client_test_control_socket_SOURCES = tests/unit/client/test_control_socket.c \
	$(CONTROL_RIG)
tests_unit_config_test_config_SOURCES = tests/unit/config/test_config.c $(CONFIG_RIG)
tests_unit_config_test_config_sources_SOURCES = tests/unit/config/test_config_sources.c $(CONFIG_RIG)
tests_unit_config_test_include_SOURCES = tests/unit/config/test_include.c $(TEST_LIB)
tests_unit_config_test_environment_SOURCES = tests/unit/config/test_environment.c $(CONFIG_RIG)
tests_unit_config_test_tls_files_SOURCES = tests/unit/config/test_tls_files.c $(CONFIG_RIG) $(AUTHORITY)
tests_unit_control_test_control_SOURCES = tests/unit/control/test_control.c $(CONTROL_RIG)
tests_unit_daemon_test_certificates_SOURCES = tests/unit/daemon/test_certificates.c \
	tests/lib/fake_clock.h $(AUTHORITY) $(TEST_LIB)
tests_unit_daemon_test_clocks_SOURCES = tests/unit/daemon/test_clocks.c $(OUTBOX_RIG)
tests_unit_daemon_test_lease_SOURCES = tests/unit/daemon/test_lease.c $(TEST_LIB)
tests_unit_daemon_test_notify_SOURCES = tests/unit/daemon/test_notify.c $(TEST_LIB)
tests_unit_daemon_test_retention_SOURCES = tests/unit/daemon/test_retention.c $(OUTBOX_RIG)
tests_unit_dispatch_port_test_outbox_port_SOURCES = tests/unit/dispatch/port/test_outbox_port.c $(OUTBOX_RIG)
tests_unit_dispatch_queue_test_payload_SOURCES = tests/unit/dispatch/queue/test_payload.c \
	tests/unit/dispatch/fake_composer.c tests/unit/dispatch/fake_composer.h
tests_unit_dispatch_port_test_composer_SOURCES = tests/unit/dispatch/port/test_composer.c
tests_unit_dispatch_queue_test_first_SOURCES = tests/unit/dispatch/queue/test_first.c $(DISPATCH_FAKES)
tests_unit_dispatch_queue_test_fill_SOURCES = tests/unit/dispatch/queue/test_fill.c $(DISPATCH_FAKES)
tests_unit_dispatch_queue_test_reading_SOURCES = tests/unit/dispatch/queue/test_reading.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_SOURCES = tests/unit/dispatch/test_dispatcher.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_breaker_SOURCES = tests/unit/dispatch/test_dispatcher_breaker.c \
	$(DISPATCH_FAKES) tests/unit/dispatch/fake_bento.c tests/unit/dispatch/fake_bento.h
tests_unit_dispatch_test_dispatcher_endpoints_SOURCES = tests/unit/dispatch/test_dispatcher_endpoints.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_log_SOURCES = tests/unit/dispatch/test_dispatcher_log.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_order_SOURCES = tests/unit/dispatch/test_dispatcher_order.c \
	$(DISPATCH_FAKES) tests/unit/dispatch/fake_bento.c tests/unit/dispatch/fake_bento.h
tests_unit_dispatch_test_dispatcher_partial_SOURCES = tests/unit/dispatch/test_dispatcher_partial.c \
	$(DISPATCH_FAKES) tests/unit/dispatch/fake_bento.c tests/unit/dispatch/fake_bento.h
tests_unit_dispatch_test_dispatcher_poison_SOURCES = tests/unit/dispatch/test_dispatcher_poison.c \
	$(DISPATCH_FAKES) tests/unit/dispatch/fake_bento.c tests/unit/dispatch/fake_bento.h
tests_unit_dispatch_test_dispatcher_site_control_SOURCES = tests/unit/dispatch/test_dispatcher_site_control.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_sites_SOURCES = tests/unit/dispatch/test_dispatcher_sites.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_split_SOURCES = tests/unit/dispatch/test_dispatcher_split.c \
	$(DISPATCH_FAKES) tests/unit/dispatch/fake_bento.c tests/unit/dispatch/fake_bento.h
tests_unit_dispatch_test_dispatcher_stop_SOURCES = tests/unit/dispatch/test_dispatcher_stop.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_test_dispatcher_trouble_SOURCES = tests/unit/dispatch/test_dispatcher_trouble.c \
	$(DISPATCH_FAKES)
tests_unit_dispatch_transport_test_inquiry_SOURCES = tests/unit/dispatch/transport/test_inquiry.c \
	tests/unit/dispatch/transport/tiny_server.c tests/unit/dispatch/transport/tiny_server.h $(TEST_LIB)
tests_unit_dispatch_transport_test_transport_SOURCES = tests/unit/dispatch/transport/test_transport.c \
	$(TRANSPORT_RIG)
tests_unit_dispatch_transport_test_transport_trouble_SOURCES = tests/unit/dispatch/transport/test_transport_trouble.c \
	$(TRANSPORT_RIG)
tests_unit_event_bento_test_bento_api_SOURCES = tests/unit/event/bento/test_bento_api.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_json_test_json_SOURCES = tests/unit/event/json/test_json.c \
	tests/unit/event/json/json_table.h
tests_unit_event_mapping_test_admit_SOURCES = tests/unit/event/mapping/test_admit.c $(TEST_LIB)
tests_unit_event_segment_test_envelope_SOURCES = tests/unit/event/segment/test_envelope.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_segment_test_forwarded_SOURCES = tests/unit/event/segment/test_forwarded.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_segment_test_segment_SOURCES = tests/unit/event/segment/test_segment.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_segment_test_segment_array_SOURCES = tests/unit/event/segment/test_segment_array.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_segment_test_segment_ids_SOURCES = tests/unit/event/segment/test_segment_ids.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_event_segment_test_segment_limits_SOURCES = tests/unit/event/segment/test_segment_limits.c \
	tests/unit/event/segment/segment_fixture.h
tests_unit_http_test_gzip_SOURCES = tests/unit/http/test_gzip.c $(GZIP_MAKER)
tests_unit_ingest_test_admission_SOURCES = tests/unit/ingest/test_admission.c $(TEST_LIB)
tests_unit_ingest_test_ingest_SOURCES = tests/unit/ingest/test_ingest.c $(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_bento_api_SOURCES = tests/unit/ingest/test_ingest_bento_api.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_connections_SOURCES = tests/unit/ingest/test_ingest_connections.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_gzip_SOURCES = tests/unit/ingest/test_ingest_gzip.c \
	$(INGEST_TEST_LIB) $(GZIP_MAKER)
tests_unit_ingest_test_ingest_limits_SOURCES = tests/unit/ingest/test_ingest_limits.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_memory_SOURCES = tests/unit/ingest/test_ingest_memory.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_no_memory_SOURCES = tests/unit/ingest/test_ingest_no_memory.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_no_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc \
	-Wl,--wrap=malloc -Wl,--wrap=send -Wl,--wrap=event_add
tests_unit_ingest_test_ingest_slow_SOURCES = tests/unit/ingest/test_ingest_slow.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_webhook_SOURCES = tests/unit/ingest/test_ingest_webhook.c \
	$(INGEST_TEST_LIB)
tests_unit_ingest_test_ingest_tls_SOURCES = tests/unit/ingest/test_ingest_tls.c $(TLS_CLIENT)
tests_unit_ingest_test_ingest_tls_clients_SOURCES = tests/unit/ingest/test_ingest_tls_clients.c \
	$(TLS_CLIENT)
tests_unit_ingest_test_refusals_SOURCES = tests/unit/ingest/test_refusals.c $(INGEST_TEST_LIB)
tests_unit_outbox_dedup_test_dedup_SOURCES = tests/unit/outbox/dedup/test_dedup.c $(TEST_LIB)
tests_unit_outbox_dedup_test_entry_SOURCES = tests/unit/outbox/dedup/test_entry.c
tests_unit_outbox_dedup_test_levels_SOURCES = tests/unit/outbox/dedup/test_levels.c \
	tests/unit/outbox/dedup/levels_fixture.h $(TEST_LIB)
tests_unit_outbox_dedup_test_levels_faults_SOURCES = tests/unit/outbox/dedup/test_levels_faults.c \
	tests/unit/outbox/dedup/levels_fixture.h $(TEST_LIB)
tests_unit_outbox_dedup_test_levels_faults_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc \
	-Wl,--wrap=realloc
tests_unit_outbox_file_test_files_SOURCES = tests/unit/outbox/file/test_files.c $(TEST_LIB)
tests_unit_outbox_file_test_migrate_SOURCES = tests/unit/outbox/file/test_migrate.c $(TEST_LIB)
tests_unit_outbox_file_test_upgrade_killed_SOURCES = tests/unit/outbox/file/test_upgrade_killed.c \
	tests/faults/faulty_vfs.c tests/faults/faulty_vfs.h $(TEST_LIB)
tests_unit_outbox_file_test_query_SOURCES = tests/unit/outbox/file/test_query.c $(HANDMADE)
tests_unit_outbox_file_test_db_error_SOURCES = tests/unit/outbox/file/test_db_error.c $(HANDMADE)
tests_unit_outbox_file_test_readers_SOURCES = tests/unit/outbox/file/test_readers.c $(HANDMADE)
tests_unit_outbox_file_test_reserve_SOURCES = tests/unit/outbox/file/test_reserve.c $(TEST_LIB)
tests_unit_outbox_file_test_schema_SOURCES = tests/unit/outbox/file/test_schema.c $(TEST_LIB)
tests_unit_outbox_file_test_checksum_SOURCES = tests/unit/outbox/file/test_checksum.c $(HANDMADE)
tests_unit_outbox_filter_test_filter_SOURCES = tests/unit/outbox/filter/test_filter.c $(HANDMADE)
tests_unit_outbox_filter_test_walk_SOURCES = \
	tests/unit/outbox/filter/test_walk.c tests/unit/outbox/filter/blocks_fixture.h $(TEST_LIB)
tests_unit_outbox_filter_test_message_ids_SOURCES = tests/unit/outbox/filter/test_message_ids.c \
	$(OUTBOX_RIG)
tests_unit_outbox_operate_test_erase_SOURCES = tests/unit/outbox/operate/test_erase.c $(HANDMADE)
tests_unit_outbox_lines_test_lines_SOURCES = tests/unit/outbox/lines/test_lines.c $(TEST_LIB)
tests_unit_outbox_operate_test_erase_text_SOURCES = tests/unit/outbox/operate/test_erase_text.c \
	$(TEST_LIB)
tests_unit_outbox_operate_test_import_SOURCES = tests/unit/outbox/operate/test_import.c \
	$(OUTBOX_RIG)
tests_unit_outbox_operate_test_operate_SOURCES = tests/unit/outbox/operate/test_operate.c \
	$(HANDMADE)
tests_unit_outbox_operate_test_purge_SOURCES = tests/unit/outbox/operate/test_purge.c $(HANDMADE)
tests_unit_outbox_operate_test_restore_SOURCES = tests/unit/outbox/operate/test_restore.c $(HANDMADE)
tests_unit_outbox_operate_test_undo_SOURCES = tests/unit/outbox/operate/test_undo.c $(HANDMADE)
tests_unit_outbox_test_meters_SOURCES = tests/unit/outbox/test_meters.c $(OUTBOX_RIG)
tests_unit_outbox_read_test_questions_SOURCES = tests/unit/outbox/read/test_questions.c $(TEST_LIB)
tests_unit_outbox_read_test_gauges_SOURCES = tests/unit/outbox/read/test_gauges.c $(OUTBOX_RIG)
tests_unit_outbox_read_test_audit_SOURCES = tests/unit/outbox/read/test_audit.c $(HANDMADE)
tests_unit_outbox_read_test_audit_blocks_SOURCES = \
	tests/unit/outbox/read/test_audit_blocks.c tests/unit/outbox/filter/blocks_fixture.h $(TEST_LIB)
tests_unit_outbox_read_test_audit_search_SOURCES = \
	tests/unit/outbox/read/test_audit_search.c tests/unit/outbox/filter/blocks_fixture.h $(TEST_LIB)
tests_unit_outbox_read_test_audit_walk_SOURCES = tests/unit/outbox/read/test_audit_walk.c \
	$(HANDMADE)
tests_unit_report_test_mend_SOURCES = tests/unit/report/test_mend.c $(HANDMADE)
tests_unit_report_test_story_SOURCES = tests/unit/report/test_story.c $(HANDMADE)
tests_unit_outbox_recover_test_damage_SOURCES = tests/unit/outbox/recover/test_damage.c $(OUTBOX_RIG)
tests_unit_outbox_recover_test_recover_SOURCES = tests/unit/outbox/recover/test_recover.c $(HANDMADE)
tests_unit_outbox_test_checkpoint_SOURCES = tests/unit/outbox/test_checkpoint.c $(OUTBOX_RIG)
tests_unit_outbox_test_directory_sync_SOURCES = tests/unit/outbox/test_directory_sync.c $(OUTBOX_RIG)
tests_unit_outbox_test_message_SOURCES = tests/unit/outbox/test_message.c $(TEST_LIB)
tests_unit_outbox_test_outbox_memory_SOURCES = tests/unit/outbox/test_outbox_memory.c $(OUTBOX_RIG)
tests_unit_outbox_test_free_space_SOURCES = tests/unit/outbox/test_free_space.c $(OUTBOX_RIG)
tests_unit_outbox_test_outbox_SOURCES = tests/unit/outbox/test_outbox.c $(OUTBOX_RIG)
tests_unit_outbox_write_test_attempts_SOURCES = tests/unit/outbox/write/test_attempts.c \
	$(OUTBOX_RIG)
tests_unit_outbox_identity_test_claims_SOURCES = tests/unit/outbox/identity/test_claims.c \
	tests/unit/outbox/identity/identity_fixture.h $(OUTBOX_RIG)
tests_unit_outbox_identity_test_identity_SOURCES = tests/unit/outbox/identity/test_identity.c \
	tests/unit/outbox/identity/identity_fixture.h $(OUTBOX_RIG)
tests_unit_outbox_identity_test_identity_merge_SOURCES = tests/unit/outbox/identity/test_identity_merge.c \
	tests/unit/outbox/identity/identity_fixture.h $(OUTBOX_RIG)
tests_unit_outbox_identity_test_identity_order_SOURCES = tests/unit/outbox/identity/test_identity_order.c \
	tests/unit/outbox/identity/identity_model.c tests/unit/outbox/identity/identity_model.h \
	tests/unit/outbox/identity/identity_scenarios.c tests/unit/outbox/identity/identity_scenarios.h \
	$(TEST_LIB)
tests_unit_outbox_write_test_event_block_SOURCES = \
	tests/unit/outbox/write/test_event_block.c $(TEST_LIB)
tests_unit_outbox_write_test_message_blocks_SOURCES = \
	tests/unit/outbox/write/test_message_blocks.c $(TEST_LIB)
tests_unit_outbox_write_test_requests_SOURCES = tests/unit/outbox/write/test_requests.c $(OUTBOX_RIG)
tests_unit_outbox_write_test_counts_SOURCES = tests/unit/outbox/write/test_counts.c $(OUTBOX_RIG)
tests_unit_outbox_write_test_spans_SOURCES = tests/unit/outbox/write/test_spans.c $(OUTBOX_RIG)
tests_unit_outbox_write_test_unresolved_SOURCES = tests/unit/outbox/write/test_unresolved.c \
	tests/unit/outbox/identity/identity_fixture.h $(OUTBOX_RIG)
tests_unit_tls_test_context_SOURCES = tests/unit/tls/test_context.c $(AUTHORITY)
tests_unit_tls_test_client_certificate_SOURCES = tests/unit/tls/test_client_certificate.c $(STREAM_RIG)
tests_unit_tls_test_handshake_SOURCES = tests/unit/tls/test_handshake.c $(STREAM_RIG)
tests_unit_tls_test_stream_SOURCES = tests/unit/tls/test_stream.c $(STREAM_RIG)
