src_libbentospool_a_SOURCES += \
	src/dispatch/attempt.c \
	src/dispatch/backoff.c src/dispatch/backoff.h \
	src/dispatch/batch.c src/dispatch/batch.h \
	src/dispatch/dispatcher.c src/dispatch/dispatcher.h \
	src/dispatch/inflight.c src/dispatch/inflight.h \
	src/dispatch/internal.h \
	src/dispatch/pace.c src/dispatch/pace.h \
	src/dispatch/retry_after.c src/dispatch/retry_after.h \
	src/dispatch/site.c src/dispatch/site.h \
	src/dispatch/transport.h \
	src/dispatch/transport_curl.c \
	src/dispatch/transport_versions.c
