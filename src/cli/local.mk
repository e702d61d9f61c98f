src_libbentospool_a_SOURCES += \
	src/cli/address.c src/cli/address.h \
	src/cli/config.c src/cli/config.h src/cli/config_check.c \
	src/cli/config_file.c src/cli/config_file.h \
	src/cli/config_scan.c src/cli/config_scan.h \
	src/cli/secret.c src/cli/secret.h \
	src/cli/settings.c src/cli/settings.h \
	src/cli/table.c src/cli/table.h \
	src/cli/terminal.c src/cli/terminal.h \
	src/cli/when.c src/cli/when.h

bin_PROGRAMS += bentospool
bentospool_SOURCES = src/cli/main.c
bentospool_LDADD = $(SPOOL_LIBS)
