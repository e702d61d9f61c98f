# Tests speak TAP; automake's driver counts them one by one.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
PY_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_DRIVER = $(LOG_DRIVER)
# Scripts report everything in TAP; their exit status would count as an additional failure.
AM_PY_LOG_DRIVER_FLAGS = --ignore-exit
AM_SH_LOG_DRIVER_FLAGS = --ignore-exit
TEST_EXTENSIONS = .py .sh
PY_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/lib/python.sh
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT;

include tests/lib/failing/local.mk
# The tests run in this order: first the longest, so that no core is idle while one of them ends.
include tests/weather/local.mk
include tests/faults/local.mk
include tests/integration/local.mk
include tests/fuzz/local.mk
include tests/style/local.mk
include tests/package/local.mk
include tests/bench/local.mk
include tests/unit/local.mk
