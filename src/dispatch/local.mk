src_libbentospool_a_SOURCES += \
	src/dispatch/age.c src/dispatch/age.h \
	src/dispatch/attempt.c \
	src/dispatch/backoff.c src/dispatch/backoff.h \
	src/dispatch/batch.c src/dispatch/batch.h \
	src/dispatch/breaker.c src/dispatch/breaker.h \
	src/dispatch/curl_call.c src/dispatch/curl_call.h \
	src/dispatch/dispatcher.c src/dispatch/dispatcher.h \
	src/dispatch/inquiry.c src/dispatch/inquiry.h \
	src/dispatch/inflight.c src/dispatch/inflight.h \
	src/dispatch/internal.h \
	src/dispatch/judge.c \
	src/dispatch/order.c src/dispatch/order.h \
	src/dispatch/pace.c src/dispatch/pace.h \
	src/dispatch/prepare.c \
	src/dispatch/renewal.c src/dispatch/renewal.h \
	src/dispatch/retry_after.c src/dispatch/retry_after.h \
	src/dispatch/site.c src/dispatch/site.h \
	src/dispatch/suspects.c src/dispatch/suspects.h \
	src/dispatch/transport.h \
	src/dispatch/transport_curl.c \
	src/dispatch/transport_versions.c
