bin_PROGRAMS += bentospool
bentospool_SOURCES = src/cli/main.c
bentospool_LDADD = $(SPOOL_LIBS)
