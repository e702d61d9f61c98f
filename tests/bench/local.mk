# Built by make check, run by hand.
check_PROGRAMS += tests/bench/bench_json

tests_bench_bench_json_SOURCES = tests/bench/bench_json.c
tests_bench_bench_json_LDADD = $(SPOOL_LIBS)
# The bench: its programs are built by make check and run by tests/bench/run, by hand.
check_PROGRAMS += tests/bench/fill_outbox tests/bench/yard_evhttp tests/bench/yard_sqlite
tests_bench_fill_outbox_SOURCES = tests/bench/fill_outbox.c
tests_bench_fill_outbox_LDADD = $(SPOOL_LIBS)
tests_bench_yard_evhttp_SOURCES = tests/bench/yard_evhttp.c
tests_bench_yard_evhttp_LDADD = $(EVENT_LIBS)
tests_bench_yard_sqlite_SOURCES = tests/bench/yard_sqlite.c
tests_bench_yard_sqlite_LDADD = $(SQLITE_LIBS)
EXTRA_DIST += tests/bench/run
