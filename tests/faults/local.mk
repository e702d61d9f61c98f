# The experiments of doc/reliability.md. make check runs a small version of each; tests/faults/run runs
# the whole. A new experiment is a file here, described in its first comment, and its name below.
FAULT_UNITS = \
	tests/faults/failing_disk \
	tests/faults/power_cut
FAULT_TESTS =

if HAVE_CMOCKA
check_PROGRAMS += $(FAULT_UNITS)
TESTS += $(FAULT_UNITS)
endif
TESTS += $(FAULT_TESTS)
EXTRA_DIST += $(FAULT_TESTS) tests/faults/faults.py tests/faults/run
noinst_HEADERS += tests/faults/faults.h

tests_faults_failing_disk_SOURCES = tests/faults/failing_disk.c tests/faults/faulty_vfs.c \
	tests/faults/faulty_vfs.h $(TEST_LIB)
tests_faults_power_cut_SOURCES = tests/faults/power_cut.c tests/faults/disk.c tests/faults/disk.h \
	tests/faults/disk_private.h tests/faults/disk_calls.c tests/faults/disk_replay.c tests/faults/image.c tests/faults/image.h tests/faults/life.c \
	tests/faults/life.h $(TEST_LIB)
