src_libbentospool_a_SOURCES += \
	src/ingest/admission.c src/ingest/admission.h \
	src/ingest/answers.c src/ingest/answers.h \
	src/ingest/auth.c src/ingest/auth.h \
	src/ingest/body.c src/ingest/body.h \
	src/ingest/conn.c src/ingest/conn.h \
	src/ingest/conn_step.c \
	src/ingest/gzip.c src/ingest/gzip.h \
	src/ingest/http.c src/ingest/http.h \
	src/ingest/http_chars.h \
	src/ingest/http_chunks.c \
	src/ingest/ingest.c src/ingest/ingest.h \
	src/ingest/listen.c src/ingest/listen.h \
	src/ingest/native.c src/ingest/native.h \
	src/ingest/request.c src/ingest/request.h \
	src/ingest/routes.c src/ingest/routes.h \
	src/ingest/server.c src/ingest/server.h \
	src/ingest/signature.c src/ingest/signature.h \
	src/ingest/webhook.c src/ingest/webhook.h
