/* What monitoring reads of a certificate. Written by one thread, read by any. */
#ifndef TLS_METER_H
#define TLS_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct tls_meter {
	const char *listener;        /* "ingest"; for what a site shows "site NAME" */
	bool is_client;              /* shown by this side to a server */
	_Atomic int64_t not_before;  /* wall ms: the beginning of the certificate in use */
	_Atomic int64_t not_after;   /* wall ms: its end; 0: there is none */
	_Atomic bool new_is_refused; /* newer files are there, and cannot be used */
};

#endif
