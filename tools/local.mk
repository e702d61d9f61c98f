# spool-load: the load generator of the benchmarks and the fault tests.
noinst_PROGRAMS += spool-load
spool_load_SOURCES = \
	tools/load/conn.c tools/load/conn.h \
	tools/load/main.c \
	tools/load/options.c tools/load/options.h \
	tools/load/payload.c tools/load/payload.h \
	tools/load/report.c tools/load/report.h \
	tools/load/run.c tools/load/run.h
spool_load_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
spool_load_LDADD = $(SPOOL_LIBS)
