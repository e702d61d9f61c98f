src_libbentospool_a_SOURCES += \
	src/cli/address.c src/cli/address.h src/cli/ages.c src/cli/ages.h src/cli/alarm.c \
	src/cli/alarm.h src/cli/changes.c src/cli/changes.h src/cli/check_event.c \
	src/cli/check_event.h src/cli/clocks.c src/cli/clocks.h src/cli/complaints.c \
	src/cli/complaints.h src/cli/completion.c src/cli/completion.h src/cli/config.c \
	src/cli/config.h src/cli/config_check.c src/cli/config_file.c src/cli/config_file.h \
	src/cli/config_scan.c src/cli/config_scan.h src/cli/daemon.c src/cli/daemon.h \
	src/cli/daemon_priv.h src/cli/doctor.h src/cli/doctor_bento.c src/cli/doctor_files.c \
	src/cli/doctor_machine.c src/cli/doctor_net.c src/cli/doctor_settings.c \
	src/cli/erasures.c src/cli/erasures.h \
	src/cli/event_json.c src/cli/event_json.h src/cli/event_table.c src/cli/event_table.h \
	src/cli/forecast.c src/cli/forecast.h src/cli/identities.c src/cli/identities.h \
	src/cli/importing.c src/cli/importing.h src/cli/keyboard.c src/cli/keyboard.h \
	src/cli/news.c src/cli/news.h src/cli/notify.c src/cli/notify.h src/cli/offline.c \
	src/cli/offline.h src/cli/operating.c src/cli/operating.h src/cli/options.c \
	src/cli/options.h src/cli/peer.c src/cli/peer.h src/cli/pretty.c src/cli/pretty.h \
	src/cli/process.c src/cli/process.h src/cli/progress.c src/cli/progress.h \
	src/cli/reasons.c src/cli/reasons.h src/cli/reload.c src/cli/retention.c \
	src/cli/retention.h src/cli/secret.c src/cli/secret.h src/cli/segment_line.c \
	src/cli/segment_line.h src/cli/setting_value.c src/cli/settings.c src/cli/settings.h \
	src/cli/slices.c src/cli/slices.h src/cli/steer.h src/cli/table.c src/cli/table.h \
	src/cli/tail_lines.c src/cli/tail_lines.h src/cli/tally.c src/cli/tally.h \
	src/cli/terminal.c src/cli/terminal.h src/cli/test_event.c src/cli/test_event.h \
	src/cli/top_frame.c src/cli/top_frame.h src/cli/verb_adopt.c src/cli/verb_age.c \
	src/cli/verb_backup.c src/cli/verb_change.c src/cli/verb_check.c src/cli/verb_common.c \
	src/cli/verb_completion.c src/cli/verb_doctor.c src/cli/verb_erase.c \
	src/cli/verb_errors.c src/cli/verb_export.c src/cli/verb_history.c src/cli/verb_import.c \
	src/cli/verb_init.c src/cli/verb_list.c src/cli/verb_operations.c src/cli/verb_purge.c \
	src/cli/verb_reload.c src/cli/verb_send.c src/cli/verb_serve.c src/cli/verb_show.c \
	src/cli/verb_sql.c src/cli/verb_status.c src/cli/verb_steer.c src/cli/verb_tail.c \
	src/cli/verb_top.c src/cli/verb_undo.c src/cli/verb_version.c src/cli/verbs.c \
	src/cli/verbs.h src/cli/version.h src/cli/when.c src/cli/when.h src/cli/wiring.c \
	src/cli/wiring.h src/cli/words.h

bin_PROGRAMS += bentospool
bentospool_SOURCES = src/cli/main.c
bentospool_LDADD = $(SPOOL_LIBS)
