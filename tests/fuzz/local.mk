# Fuzz targets. To add one: tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME, and here its
# name in FUZZ_TARGETS and the two lines that name its sources and libraries.
FUZZ_TARGETS = \
	tests/fuzz/fuzz_address \
	tests/fuzz/fuzz_filter \
	tests/fuzz/fuzz_forwarded \
	tests/fuzz/fuzz_lines \
	tests/fuzz/fuzz_times \
	tests/fuzz/fuzz_bento \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_gzip \
	tests/fuzz/fuzz_http \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_mapping \
	tests/fuzz/fuzz_bento_api \
	tests/fuzz/fuzz_recover \
	tests/fuzz/fuzz_segment

tests_fuzz_fuzz_address_SOURCES = tests/fuzz/fuzz_address.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_address_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_filter_SOURCES = tests/fuzz/fuzz_filter.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_filter_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_forwarded_SOURCES = tests/fuzz/fuzz_forwarded.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_forwarded_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_lines_SOURCES = tests/fuzz/fuzz_lines.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_lines_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_times_SOURCES = tests/fuzz/fuzz_times.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_times_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_bento_SOURCES = tests/fuzz/fuzz_bento.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_bento_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_config_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_gzip_SOURCES = tests/fuzz/fuzz_gzip.c $(FUZZ_DRIVER) \
	tests/lib/gzip_maker.c tests/lib/gzip_maker.h
tests_fuzz_fuzz_gzip_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_http_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_json_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_recover_SOURCES = tests/fuzz/fuzz_recover.c $(FUZZ_DRIVER)
# Each input is a file that SQLite opens: with AddressSanitizer 25 ms.
tests_fuzz_fuzz_recover_CPPFLAGS = $(AM_CPPFLAGS) -DDEFAULT_RUNS=500
tests_fuzz_fuzz_recover_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_segment_SOURCES = tests/fuzz/fuzz_segment.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_segment_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_mapping_SOURCES = tests/fuzz/fuzz_mapping.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_mapping_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_bento_api_SOURCES = tests/fuzz/fuzz_bento_api.c $(FUZZ_DRIVER)
tests_fuzz_fuzz_bento_api_LDADD = $(FUZZ_LIBS)

# With --enable-fuzzers libFuzzer has main() and runs until it is stopped:
#	tests/fuzz/fuzz_json -max_total_time=60 MY_CORPUS SOURCES/tests/fuzz/corpus/json
# tests/fuzz/run runs all of them for a time.
# Without, the driver makes a test of each.
FUZZ_LIBS = $(SPOOL_LIBS) $(FUZZ_LDFLAGS)
if FUZZERS
FUZZ_DRIVER = tests/fuzz/fuzz.h
noinst_PROGRAMS += $(FUZZ_TARGETS)
else
FUZZ_DRIVER = tests/fuzz/driver.c tests/fuzz/fuzz.h
check_PROGRAMS += $(FUZZ_TARGETS)
TESTS += $(FUZZ_TARGETS)
endif

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/driver.c tests/fuzz/run
