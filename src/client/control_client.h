/* The client's end of the control socket. Blocking. Main thread. */
#ifndef CLIENT_CONTROL_CLIENT_H
#define CLIENT_CONTROL_CLIENT_H

#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct cJSON;
struct control_client;

/*
 * ERR_NOTFOUND when no daemon listens there: no socket, or one that a dead daemon left. ERR_SYSTEM
 * when this user may not open it: the text says as which user to try.
 */
int control_client_open(const char *path, struct control_client **ret_client, struct err *e);
void control_client_close(struct control_client *c);
/* Called for each progress line, with how much is done so far; fn NULL: nobody watches. */
void control_client_on_progress(
    struct control_client *c, void (*fn)(void *arg, int64_t events), void *arg);
/* Waiting for an answer ends, with ERR_BUSY, once a signal has set this; NULL: nothing ends it. */
void control_client_stop_on(struct control_client *c, const volatile sig_atomic_t *stop);
/*
 * Sends one request and reads its answer, which cJSON_Delete frees. Waits at most timeout_ms for
 * each line. -1 also when the daemon refuses, with its message.
 */
int control_client_call(struct control_client *c, const struct cJSON *request, int timeout_ms,
    struct cJSON **ret_answer, struct err *e);

/* A request without its arguments: {"do":name}. NULL: out of memory. */
struct cJSON *control_request(const char *name);
/* Opens, sends this one request, which is taken, and closes. NULL counts as out of memory. */
int control_client_ask(const char *path, struct cJSON *request, int timeout_ms,
    struct cJSON **ret_answer, struct err *e);

#endif
