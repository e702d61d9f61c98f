src_libbentospool_a_SOURCES += \
	src/tls/context.c \
	src/tls/context.h \
	src/tls/context_private.h \
	src/tls/dates.c \
	src/tls/dates.h \
	src/tls/meter.h \
	src/tls/names.c \
	src/tls/names.h \
	src/tls/openssl_private.h \
	src/tls/stream.c \
	src/tls/stream.h
