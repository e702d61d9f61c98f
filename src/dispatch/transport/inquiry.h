/*
 * One question to Bento, or to a central spooler, that changes nothing: is its host found, reached
 * and trusted, and does it accept the keys (doc/bento.md: GET /fetch/tags only reads)? It uses the
 * same proxy and the same certificates as events. Blocking; main thread, in a process without a
 * dispatcher.
 */
#ifndef DISPATCH_TRANSPORT_INQUIRY_H
#define DISPATCH_TRANSPORT_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct inquiry {
	const char *api_url;
	bool center; /* api_url is a central spooler's; without site_uuid */
	const char *site_uuid;
	const char *publishable_key;
	const char *secret_key;
	const char *ca_file;            /* "": the system's certificates */
	const char *client_certificate; /* as in struct transport_request */
	const char *client_private_key;
	const char *user_agent;
	int64_t timeout_ms;
};

enum inquiry_reach {
	INQUIRY_NO_NAME,   /* the host's name is not found */
	INQUIRY_NO_ANSWER, /* the host did not answer in time, or at all */
	INQUIRY_NO_TRUST,  /* TLS failed: for example, one side does not trust the other's
			      certificate */
	INQUIRY_ANSWERED   /* the host answered with a status */
};

struct inquiry_result {
	enum inquiry_reach reach;
	char error[256];     /* libcurl's error text; "" after an answer */
	const char *refusal; /* what the server says of this side's certificate; NULL: nothing */
	int status;
	char answer[256]; /* the beginning of the body, printable; "" when it has none */
	int64_t date;     /* wall ms from the answer's Date header; 0: none */
	int64_t asked_at; /* wall ms */
	int64_t took_ms;
	int64_t certificate_end; /* wall ms; 0: no TLS, or unknown */
};

#define INQUIRY_HOST_MAX 254

struct inquiry_place {
	char host[INQUIRY_HOST_MAX]; /* without the brackets of an IPv6 address */
	int port;
	bool tls;
};

/* Returns -1 without memory. */
int inquiry_ask(const struct inquiry *q, struct inquiry_result *ret_result, struct err *e);
/* Sends a GET to a URL of the daemon, without keys, and directly; its certificate is not checked,
 * because it may name another host. unix_path: the socket to use; NULL: TCP. */
int inquiry_ask_open(const char *url, const char *unix_path, const char *user_agent,
    int64_t timeout_ms, struct inquiry_result *ret_result, struct err *e);
/* Splits a URL into host and port. Pure. */
int inquiry_find_place(const char *url, struct inquiry_place *ret_place, struct err *e);

#endif
