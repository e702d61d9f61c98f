src_libbentospool_a_SOURCES += \
	src/base/buf.c \
	src/base/buf.h \
	src/base/clock.c \
	src/base/clock.h \
	src/base/encode.c \
	src/base/encode.h \
	src/base/err.c \
	src/base/err.h \
	src/base/isotime.c \
	src/base/isotime.h \
	src/base/log.c \
	src/base/log.h \
	src/base/loopback.c \
	src/base/loopback.h \
	src/base/mailbox.c \
	src/base/mailbox.h \
	src/base/plural.h \
	src/base/rand.c \
	src/base/rand.h \
	src/base/shared.h \
	src/base/siphash.c \
	src/base/siphash.h \
	src/base/slice.h \
	src/base/utf8.h \
	src/base/version.c \
	src/base/version.h
