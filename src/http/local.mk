src_libbentospool_a_SOURCES += \
	src/http/answers.c \
	src/http/answers.h \
	src/http/body.c \
	src/http/body.h \
	src/http/connection.c \
	src/http/connection.h \
	src/http/connection_end.c \
	src/http/connection_step.c \
	src/http/connection_tls.c \
	src/http/gzip.c \
	src/http/gzip.h \
	src/http/handshakes.c \
	src/http/handshakes.h \
	src/http/http.c \
	src/http/http.h \
	src/http/http_chunks.c \
	src/http/http_private.h \
	src/http/http_text.c \
	src/http/inherited.c \
	src/http/inherited.h \
	src/http/listen.c \
	src/http/listen.h \
	src/http/server.c \
	src/http/server.h
