src_libbentospool_a_SOURCES += \
	src/config/address.c \
	src/config/address.h \
	src/config/bento_key.c \
	src/config/bento_key.h \
	src/config/check.c \
	src/config/config.c \
	src/config/config.h \
	src/config/differences.c \
	src/config/differences.h \
	src/config/environment.c \
	src/config/environment.h \
	src/config/file.c \
	src/config/file.h \
	src/config/lex.c \
	src/config/lex.h \
	src/config/parse.c \
	src/config/parse.h \
	src/config/print.c \
	src/config/secret.c \
	src/config/secret.h \
	src/config/setting_value.c \
	src/config/settings.c \
	src/config/settings.h \
	src/config/warn.c \
	src/config/warn.h
