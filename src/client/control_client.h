/* The other end of the control socket: blocking, for the command line. */
#ifndef CLIENT_CONTROL_CLIENT_H
#define CLIENT_CONTROL_CLIENT_H

#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct cJSON;
struct control_client;

/*
 * ERR_NOTFOUND when nobody listens there: no socket, or one that a dead daemon left. ERR_SYSTEM
 * when it is there and may not be opened: the text says as whom to try.
 */
int control_client_open(const char *path, struct control_client **ret_client, struct err *e);
void control_client_close(struct control_client *c);
/* Called for each line that says how far an operation has come, events so far; fn NULL: none. */
void control_client_on_progress(
    struct control_client *c, void (*fn)(void *arg, int64_t events), void *arg);
/* Waiting for an answer ends, with ERR_BUSY, once a signal has set this; NULL: nothing does. */
void control_client_stop_on(struct control_client *c, const volatile sig_atomic_t *stop);
/*
 * Sends one request and takes its answer, which cJSON_Delete frees. Waits at most timeout_ms for
 * each line. -1 also when the daemon answers that it did not work, with its words.
 */
int control_client_call(struct control_client *c, const struct cJSON *request, int timeout_ms,
    struct cJSON **ret_answer, struct err *e);

/* A number of an answer; 0 when it has none of that name. */
int64_t control_answer_number(const struct cJSON *answer, const char *name);

#endif
