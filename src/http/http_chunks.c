/*
 * Chunked bodies (RFC 9112, 7.1): a state machine that reads byte by byte, but passes data on in
 * runs. Any deviation from the grammar, a size with too many digits, and too many trailers or
 * extension bytes are errors, after which the connection must close.
 */
#include "base/encode.h"
#include "http/http.h"
#include "http/http_private.h"

#define MAX_SIZE_DIGITS 15 /* hexadecimal digits: enough for any body, and too few to overflow */

void
http_chunks_init(struct http_chunks *c)
{
	*c = (struct http_chunks){ .state = CHUNK_SIZE_FIRST };
}

static int
bad(struct http_chunks *c, const char *why)
{
	c->error = why;
	return -1;
}

static int
take_size(struct http_chunks *c, char byte)
{
	int digit = decode_hex_digit(byte);

	if (digit >= 0) {
		if (c->n_digits == MAX_SIZE_DIGITS)
			return bad(c, "a chunk size has too many digits");
		c->n_digits++;
		c->left = c->left * 16 + (unsigned)digit;
		c->state = CHUNK_SIZE;
		return 0;
	}
	if (c->state == CHUNK_SIZE_FIRST || (byte != '\r' && byte != ';'))
		return bad(c, "a chunk size is not a hexadecimal number");
	c->state = byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
	c->unnamed = true;
	c->quoted = c->escaped = false;
	return 0;
}

/* Limits how many bytes of the whole body carry no data. */
static int
take_extra(struct http_chunks *c, const struct http_limits *l)
{
	if (c->n_extra == l->max_bytes)
		return bad(c, "too many bytes of chunk extensions and trailers");
	c->n_extra++;
	return 0;
}

/* Skips an extension or the value of a trailer; the state is `after` once the line ends. */
static int
take_text(
    struct http_chunks *c, const struct http_limits *l, char byte, enum http_chunk_state after)
{
	if (byte == '\r') {
		c->state = after;
		return 0;
	}
	if (http_is(byte, HTTP_CONTROL))
		return bad(c, "a control byte in a chunk extension or trailer");
	return take_extra(c, l);
}

/* An extension means nothing to us, but one that another server may read differently is refused. */
static int
take_extension(struct http_chunks *c, const struct http_limits *l, char byte)
{
	if (byte == '\r' && (c->unnamed || c->quoted))
		return bad(c, "a chunk extension without a name, or with open quotes");
	if (!c->quoted && byte == ';') {
		if (c->unnamed)
			return bad(c, "a chunk extension without a name, or with open quotes");
		c->unnamed = true;
	} else if (byte != ' ' && byte != '\t') {
		c->unnamed = false;
	}
	if (!c->escaped && byte == '"')
		c->quoted = !c->quoted;
	c->escaped = c->quoted && !c->escaped && byte == '\\';
	return take_text(c, l, byte, CHUNK_SIZE_LF);
}

static int
take_name(struct http_chunks *c, const struct http_limits *l, char byte)
{
	if (c->state == CHUNK_TRAILER_START) {
		if (byte == '\r') {
			c->state = CHUNK_END_LF;
			return 0;
		}
		if (c->n_trailers == l->max_headers)
			return bad(c, "too many trailers");
		c->n_trailers++;
	} else if (byte == ':') {
		c->state = CHUNK_TRAILER_VALUE;
		return take_extra(c, l);
	}
	if (!http_is(byte, HTTP_TOKEN))
		return bad(c, "the name of a trailer is not valid");
	c->state = CHUNK_TRAILER_NAME;
	return take_extra(c, l);
}

static int
take_expected(struct http_chunks *c, char byte, char expected, enum http_chunk_state after)
{
	if (byte != expected)
		return bad(c, "a chunk does not match its size, or a line does not end with CRLF");
	c->state = after;
	return 0;
}

static enum http_chunk_state
after_size(const struct http_chunks *c)
{
	return c->left == 0 ? CHUNK_TRAILER_START : CHUNK_DATA;
}

/* Everything except data is read byte by byte. */
static int
take_byte(struct http_chunks *c, const struct http_limits *l, char byte)
{
	switch (c->state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		return take_size(c, byte);
	case CHUNK_EXTENSION:
		return take_extension(c, l, byte);
	case CHUNK_SIZE_LF:
		return take_expected(c, byte, '\n', after_size(c));
	case CHUNK_DATA_CR:
		return take_expected(c, byte, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		c->n_digits = 0;
		return take_expected(c, byte, '\n', CHUNK_SIZE_FIRST);
	case CHUNK_TRAILER_START:
	case CHUNK_TRAILER_NAME:
		return take_name(c, l, byte);
	case CHUNK_TRAILER_VALUE:
		return take_text(c, l, byte, CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF:
		return take_expected(c, byte, '\n', CHUNK_TRAILER_START);
	case CHUNK_DATA:
	case CHUNK_END_LF:
		break;
	}
	return bad(c, "a chunked body does not end with CRLF");
}

static struct slice
take_data(struct http_chunks *c, struct slice bytes)
{
	if (bytes.n > c->left)
		bytes.n = (size_t)c->left;
	c->left -= bytes.n;
	if (c->left == 0)
		c->state = CHUNK_DATA_CR;
	return bytes;
}

enum http_result
http_chunks_read(struct http_chunks *c, const struct http_limits *l, struct slice bytes,
    struct slice *ret_data, size_t *ret_used)
{
	*ret_data = (struct slice){ bytes.p, 0 };
	*ret_used = 0;
	for (size_t i = 0; i < bytes.n && c->error == NULL; i++) {
		if (c->state == CHUNK_DATA) {
			*ret_data = take_data(c, (struct slice){ bytes.p + i, bytes.n - i });
			*ret_used = i + ret_data->n;
			return HTTP_MORE;
		}
		if (c->state == CHUNK_END_LF && bytes.p[i] == '\n') {
			*ret_used = i + 1;
			return HTTP_DONE;
		}
		take_byte(c, l, bytes.p[i]);
		*ret_used = i + 1;
	}
	return c->error == NULL ? HTTP_MORE : HTTP_BAD;
}
