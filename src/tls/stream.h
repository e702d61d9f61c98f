/*
 * The TLS side of one accepted connection, on its non-blocking socket.
 *
 * Used like the socket itself: tls_read and tls_write return what recv and send would return, and
 * never block. Bytes that were received and not read yet are inside; the socket does not become
 * readable for them, so ask tls_has_more after each tls_read. A stream that is idle holds no
 * buffers. It belongs to one thread.
 */
#ifndef TLS_STREAM_H
#define TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tls/names.h"

struct tls_context;
struct tls_stream;

enum tls_progress {
	TLS_READY, /* the handshake is complete */
	TLS_WANTS_READ,
	TLS_WANTS_WRITE,
	TLS_UNUSED,     /* the client closed the connection before it sent anything */
	TLS_PLAIN,      /* the client speaks HTTP without TLS */
	TLS_WRONG_NAME, /* the client has no certificate, or not one that can be trusted */
	TLS_FAILED      /* anything else; the client has been told */
};

/* Borrows the socket. Returns NULL without memory. */
struct tls_stream *tls_open(struct tls_context *context, int fd);
/* Does not close the socket, and sends nothing. NULL is allowed. */
void tls_free(struct tls_stream *s);

/* Continues the handshake. Call it until it returns something else than TLS_WANTS_READ or
 * TLS_WANTS_WRITE. */
enum tls_progress tls_shake_hands(struct tls_stream *s);
/* Returns why the handshake failed, as the end of a sentence; valid as long as the stream. */
const char *tls_failure(const struct tls_stream *s);
/* The names in the client's certificate; NULL when the context asks for none. */
const struct tls_names *tls_client(const struct tls_stream *s);

/* After TLS_READY. Returns the number of bytes; 0 at the end of the client's bytes; -1 with errno,
 * which is EAGAIN when there are none yet. */
ssize_t tls_read(struct tls_stream *s, char *to, size_t n);
/* Returns the number of bytes taken; -1 with errno, which is EAGAIN when the socket takes none now:
 * call it again with the same bytes. */
ssize_t tls_write(struct tls_stream *s, const char *from, size_t n);
/* Whether tls_read may return bytes without the socket becoming readable. */
bool tls_has_more(const struct tls_stream *s);
/* Tells the client that nothing more will be sent. Never blocks. */
void tls_end(struct tls_stream *s);

#endif
