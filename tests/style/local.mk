# The checks of the house, and the scripts around the program.
STYLE_TESTS = \
	tests/style/docs.sh \
	tests/style/layers.sh \
	tests/style/statements.sh \
	tests/style/style.sh \
	tests/style/test_checks.sh \
	tests/style/test_locale.sh \
	tests/style/test_statements.sh \
	tests/style/threads.sh

TESTS += $(STYLE_TESTS)
EXTRA_DIST += $(STYLE_TESTS) \
	.ci/run \
	tools/branch-coverage \
	tools/check-analysers \
	tools/check-docs \
	tools/check-layers \
	tools/check-statements \
	tools/check-style \
	tools/check-threads \
	tools/check-tidy \
	tools/code-only.awk \
	tools/cppcheck.cfg \
	tools/cppcheck.txt \
	tools/fanalyzer.txt \
	tools/lib.sh \
	tools/packages \
	tools/quickstart \
	tools/release-check \
	tools/run-tests \
	tools/tidy.h \
	tools/valgrind.txt
