/* The transport on libcurl, with short functions to send a request. A failure fails the test. */
#ifndef UNIT_DISPATCH_TRANSPORT_TRANSPORT_RIG_H
#define UNIT_DISPATCH_TRANSPORT_TRANSPORT_RIG_H

#include "lib/unit.h"

#include "base/clock.h"
#include "dispatch/transport/transport.h"
#include "unit/dispatch/transport/tiny_server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
#define OK_ANSWER OK_HEAD "13\r\n\r\n{\"results\":1}"
#define PATIENCE_MS 30000

extern struct transport *transport;

/* For cmocka's groups. */
int transport_rig_set_up(void **state);
int transport_rig_tear_down(void **state);

struct transport_request request_to(const char *url, struct slice body, int64_t timeout_ms);
void start(const char *url, struct slice body, int64_t timeout_ms);
struct transport_result wait_for_result(void);
struct transport_result send_to(const char *url, int64_t timeout_ms);
/* Sends one request to a server with this script; returns the result. */
struct transport_result play(const struct tiny_step *steps, size_t n, int64_t timeout_ms);
/* Each checks the result and frees it. */
void check_answer(struct transport_result *r, int status, const char *body);
void check_failure(struct transport_result *r, enum request_phase phase);

#endif
