# Yardsticks of tests/bench/run: built by make check, run by hand.
check_PROGRAMS += tests/bench/yard_evhttp
tests_bench_yard_evhttp_SOURCES = tests/bench/yard_evhttp.c
tests_bench_yard_evhttp_LDADD = $(EVENT_LIBS)
