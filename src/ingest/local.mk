src_libbentospool_a_SOURCES += \
	src/ingest/admission.c \
	src/ingest/admission.h \
	src/ingest/auth/auth.c \
	src/ingest/auth/auth.h \
	src/ingest/auth/bento_keys.c \
	src/ingest/auth/bento_keys.h \
	src/ingest/auth/constant_time.c \
	src/ingest/auth/constant_time.h \
	src/ingest/auth/signature.c \
	src/ingest/auth/signature.h \
	src/ingest/auth/webhook.c \
	src/ingest/auth/webhook.h \
	src/ingest/authenticate.c \
	src/ingest/authenticate.h \
	src/ingest/ingest.c \
	src/ingest/ingest.h \
	src/ingest/refusals.c \
	src/ingest/refusals.h \
	src/ingest/request.c \
	src/ingest/request.h \
	src/ingest/request_pool.c \
	src/ingest/request_pool.h \
	src/ingest/routes.c \
	src/ingest/routes.h \
	src/ingest/writer_link.c \
	src/ingest/writer_link.h
