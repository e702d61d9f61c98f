/* The transport on libcurl, made anew for each test, and what its tests ask of it. */
#ifndef TESTS_TRANSPORT_RIG_H
#define TESTS_TRANSPORT_RIG_H

#include "dispatch/transport.h"
#include "lib/tiny_server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "
#define OK_ANSWER OK_HEAD "13\r\n\r\n{\"results\":1}"
#define PATIENCE_MS 30000

extern struct transport *transport;

int transport_rig_set_up(void **state);
int transport_rig_tear_down(void **state);

struct transport_request request_to(const char *url, struct slice body, int64_t timeout_ms);
void start(const char *url, struct slice body, int64_t timeout_ms);
/* Within half a minute, or the test fails. */
struct transport_result wait_for_result(void);
/* An empty batch. */
struct transport_result send_to(const char *url, int64_t timeout_ms);
/* One request, one script: what comes out. */
struct transport_result play(const struct tiny_step *steps, size_t n, int64_t timeout_ms);

/* Both free the result. */
void check_answer(struct transport_result *r, int status, const char *body);
void check_failure(struct transport_result *r, enum request_phase phase);

#endif
