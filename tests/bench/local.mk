# Built by make check, run by hand.
check_PROGRAMS += tests/bench/bench_json

tests_bench_bench_json_SOURCES = tests/bench/bench_json.c
tests_bench_bench_json_LDADD = $(SPOOL_LIBS)
