/* The real transport, and one request to a server that does as its script says. */
#ifndef TESTS_TRANSPORT_RIG_H
#define TESTS_TRANSPORT_RIG_H

#include "dispatch/transport.h"
#include "lib/tiny_server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
#define OK_ANSWER OK_HEAD "13\r\n\r\n{\"results\":1}"
#define PATIENCE_MS 30000

extern struct transport *transport;

int transport_set_up(void **state);
int transport_tear_down(void **state);
struct transport_request transport_request_to(
    const char *url, struct slice body, int64_t timeout_ms);
void transport_start(const char *url, struct slice body, int64_t timeout_ms);
struct transport_result transport_wait_for_result(void);
struct transport_result transport_send_to(const char *url, int64_t timeout_ms);
/* One request, one script: what comes out. */
struct transport_result transport_play(const struct tiny_step *steps, size_t n, int64_t timeout_ms);
/* Both free the result. */
void transport_check_answer(struct transport_result *r, int status, const char *body);
void transport_check_failure(struct transport_result *r, enum request_phase phase);

#endif
