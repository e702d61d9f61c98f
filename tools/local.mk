# bentospool-sim: a simulated Bento for tests, rehearsals and the quickstart.
bin_PROGRAMS += bentospool-sim
bentospool_sim_SOURCES = \
	tools/sim/api.c \
	tools/sim/batch.c tools/sim/batch.h \
	tools/sim/conn.c \
	tools/sim/control.c \
	tools/sim/fault.c tools/sim/fault.h \
	tools/sim/fault_parse.c \
	tools/sim/help.c \
	tools/sim/http.c tools/sim/http.h \
	tools/sim/item.c tools/sim/item.h \
	tools/sim/limit.c tools/sim/limit.h \
	tools/sim/main.c \
	tools/sim/options.c tools/sim/options.h \
	tools/sim/record.c tools/sim/record.h \
	tools/sim/reply.c tools/sim/reply.h \
	tools/sim/server.c tools/sim/server.h tools/sim/server_private.h \
	tools/sim/sim.c tools/sim/sim.h \
	tools/sim/stats.c tools/sim/stats.h \
	tools/sim/take.c \
	tools/sim/unique.c tools/sim/unique.h
bentospool_sim_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE -I$(top_srcdir)/tools
bentospool_sim_LDADD = $(SPOOL_LIBS)

# spool-load: the load generator of the benchmarks and the fault tests.
noinst_PROGRAMS += spool-load
spool_load_SOURCES = \
	tools/load/conn.c tools/load/conn.h \
	tools/load/main.c \
	tools/load/options.c tools/load/options.h \
	tools/load/payload.c tools/load/payload.h \
	tools/load/report.c tools/load/report.h \
	tools/load/run.c tools/load/run.h \
	tools/load/wire.c tools/load/wire.h
spool_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
spool_load_LDADD = $(SPOOL_LIBS)

# Their tests, and the bench that uses them.
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/tools/test_sim tests/unit/tools/test_load
TESTS += tests/unit/tools/test_sim tests/unit/tools/test_load
endif
tests_unit_tools_test_sim_SOURCES = tests/unit/tools/test_sim.c tools/sim/fault.c tools/sim/http.c \
	tools/sim/limit.c tools/sim/unique.c
tests_unit_tools_test_sim_CPPFLAGS = $(bentospool_sim_CPPFLAGS)
tests_unit_tools_test_sim_LDADD = $(UNIT_LIBS)
tests_unit_tools_test_load_SOURCES = tests/unit/tools/test_load.c tools/load/payload.c tools/load/report.c
tests_unit_tools_test_load_CPPFLAGS = $(spool_load_CPPFLAGS)
tests_unit_tools_test_load_LDADD = $(UNIT_LIBS)

TOOL_TESTS = tests/integration/test_load.py \
	tests/integration/test_sim.py tests/integration/test_sim_faults.py
TESTS += $(TOOL_TESTS)
EXTRA_DIST += $(TOOL_TESTS)

# Checks before a release: the tree and the tarball.
.PHONY: release-check
release-check: distcheck
	$(srcdir)/tools/release-check '$(distdir).tar.gz' '$(PACKAGE_VERSION)'

# Installed manual pages name the version in their footer. All documents are installed into one directory, so
# the links of those that are above doc/ in the source lose it.
install-data-hook:
	for page in $(dist_man_MANS); do \
		name=`basename $$page`; \
		installed="$(DESTDIR)$(mandir)/man$${name##*.}/$$name"; \
		sed 's/^\.Os$$/.Os $(PACKAGE_STRING)/' "$$installed" > "$$installed.tmp" && \
		mv -f "$$installed.tmp" "$$installed" || exit 1; \
	done
	for page in README.md CONTRIBUTING.md SECURITY.md; do \
		installed="$(DESTDIR)$(docdir)/$$page"; \
		sed 's|](doc/|](|g' "$$installed" > "$$installed.tmp" && \
		mv -f "$$installed.tmp" "$$installed" || exit 1; \
	done
