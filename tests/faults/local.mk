# The experiments of doc/reliability.md. make check runs a small version of each; tests/faults/run runs
# the whole. A new experiment is a file here, described in its first comment, and its name below.
FAULT_UNITS = \
	tests/faults/failing_disk \
	tests/faults/long_life \
	tests/faults/nth_audit \
	tests/faults/nth_control \
	tests/faults/nth_dispatcher \
	tests/faults/nth_files \
	tests/faults/nth_ingest \
	tests/faults/nth_outbox \
	tests/faults/nth_pure \
	tests/faults/nth_reading \
	tests/faults/nth_transport \
	tests/faults/power_cut
FAULT_TESTS = \
	tests/faults/crowd.py \
	tests/faults/damaged_pages.py \
	tests/faults/failing_calls.py \
	tests/faults/fleet.py \
	tests/faults/hostile.py \
	tests/faults/kill_each_step.py \
	tests/faults/kill_under_load.py \
	tests/faults/limits.py \
	tests/faults/mutants_apply.py \
	tests/faults/no_memory.py \
	tests/faults/offline_killed.py \
	tests/faults/power_cut_mounted.py \
	tests/faults/read_only.py \
	tests/faults/restore_killed.py \
	tests/faults/small_disk.py \
	tests/faults/soak.py \
	tests/faults/stopped.py

# Breaks of the source that the experiments must catch: tests/faults/run mutants.
FAULT_MUTANTS = \
	tests/faults/mutants/answer_before_commit.patch \
	tests/faults/mutants/answer_denies.patch \
	tests/faults/mutants/answer_without_memory.patch \
	tests/faults/mutants/attempt_after_sending.patch \
	tests/faults/mutants/commit_error_ignored.patch \
	tests/faults/mutants/connections_not_bounded.patch \
	tests/faults/mutants/directory_not_synced.patch \
	tests/faults/mutants/latch_removed.patch \
	tests/faults/mutants/end_given_up.patch \
	tests/faults/mutants/file_size_signal.patch \
	tests/faults/mutants/log_not_rewritten.patch \
	tests/faults/mutants/quota_latches.patch \
	tests/faults/mutants/quota_unnoticed.patch \
	tests/faults/mutants/recovery_left_over.patch \
	tests/faults/mutants/refusal_forgotten.patch \
	tests/faults/mutants/result_recorded_twice.patch \
	tests/faults/mutants/room_for_nobody.patch \
	tests/faults/mutants/synchronous_normal.patch \
	tests/faults/mutants/synchronous_off.patch

if HAVE_CMOCKA
check_PROGRAMS += $(FAULT_UNITS)
TESTS += $(FAULT_UNITS)
endif
TESTS += $(FAULT_TESTS)
EXTRA_DIST += $(FAULT_TESTS) $(FAULT_MUTANTS) tests/faults/faults.py tests/faults/kill_at.c tests/faults/load.py \
	tests/faults/preload.py \
	tests/faults/refuse.c \
	tests/faults/mutants.py tests/faults/run tests/faults/suites
noinst_HEADERS += tests/faults/faults.h

tests_faults_long_life_SOURCES = tests/faults/long_life.c tests/unit/dispatch/fake_composer.c \
	tests/unit/dispatch/fake_composer.h tests/unit/dispatch/fake_transport.c \
	tests/unit/dispatch/fake_transport.h $(TEST_LIB)
tests_faults_failing_disk_SOURCES = tests/faults/failing_disk.c tests/faults/faulty_vfs.c \
	tests/faults/faulty_vfs.h $(TEST_LIB)
tests_faults_power_cut_SOURCES = tests/faults/power_cut.c tests/faults/disk.c tests/faults/disk.h \
	tests/faults/disk_private.h tests/faults/disk_calls.c tests/faults/disk_replay.c tests/faults/image.c tests/faults/image.h tests/faults/life.c \
	tests/faults/life.h $(TRUTHS) $(TEST_LIB)
NTH_OUTBOX = tests/faults/nth_outbox_rig.c tests/faults/nth_outbox_rig.h $(NTH) $(OUTBOX_RIG)
tests_faults_nth_audit_SOURCES = tests/faults/nth_audit.c $(NTH_OUTBOX)
tests_faults_nth_files_SOURCES = tests/faults/nth_files.c $(NTH_OUTBOX)
tests_faults_nth_outbox_SOURCES = tests/faults/nth_outbox.c tests/faults/nth_messages_rig.c \
	tests/faults/nth_messages_rig.h $(NTH_OUTBOX)
tests_faults_nth_control_SOURCES = tests/faults/nth_control.c $(NTH_OUTBOX)
tests_faults_nth_dispatcher_SOURCES = tests/faults/nth_dispatcher.c $(NTH_OUTBOX)
tests_faults_nth_reading_SOURCES = tests/faults/nth_reading.c $(NTH_OUTBOX)
tests_faults_nth_ingest_SOURCES = tests/faults/nth_ingest.c $(NTH) $(INGEST_TEST_LIB) $(GZIP_MAKER)
tests_faults_nth_pure_SOURCES = tests/faults/nth_pure.c $(NTH) $(CONFIG_RIG)
tests_faults_nth_transport_SOURCES = tests/faults/nth_transport.c $(NTH) $(TRANSPORT_RIG)
