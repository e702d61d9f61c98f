# A library to preload, which makes calls fail, and the runner of the experiments that use it. A sanitizer
# wants to be loaded first, so a build with one does without.
FAILING_SO = tests/lib/failing/failing.so
if !SANITIZERS
noinst_PROGRAMS += $(FAILING_SO)
endif
EXTRA_PROGRAMS = $(FAILING_SO)

tests_lib_failing_failing_so_SOURCES = tests/lib/failing/failing.c tests/lib/failing/failing_calls.c \
	tests/lib/failing/failing_libraries.c tests/lib/failing/failing.h \
	tests/lib/failing/failing_private.h
tests_lib_failing_failing_so_CFLAGS = $(SPOOL_CFLAGS) -U_FORTIFY_SOURCE -fPIC -fno-builtin
tests_lib_failing_failing_so_LDFLAGS = -shared
tests_lib_failing_failing_so_LDADD =

NTH = tests/lib/failing/nth.c tests/lib/failing/nth.h tests/lib/failing/failing.h
EXTRA_DIST += tests/lib/spoolfailing.py
