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
 * ERR_NOTFOUND when no daemon listens: there is no socket, or a dead daemon left it. ERR_SYSTEM
 * when this user may not open it: the text says which user to try.
 */
int control_client_open(const char *path, struct control_client **ret_client, struct err *e);
void control_client_close(struct control_client *c);
/* Sets the function that is called for each line of progress with the amount done so far; NULL:
 * none. */
void control_client_on_progress(
    struct control_client *c, void (*fn)(void *arg, int64_t events), void *arg);
/* A wait for an answer ends with ERR_BUSY once a signal has set *stop; NULL: nothing ends it. */
void control_client_stop_on(struct control_client *c, const volatile sig_atomic_t *stop);
/*
 * Sends one request and reads its answer, which the caller frees with cJSON_Delete. Waits at most
 * timeout_ms for each line. Returns -1 also when the daemon refuses; the error is its message.
 */
int control_client_call(struct control_client *c, const struct cJSON *request, int timeout_ms,
    struct cJSON **ret_answer, struct err *e);

/* Makes a request without arguments: {"do":name}. NULL without memory. */
struct cJSON *control_request(const char *name);
/* Opens, sends this one request (and frees it), and closes. A NULL request counts as out of
 * memory. */
int control_client_ask(const char *path, struct cJSON *request, int timeout_ms,
    struct cJSON **ret_answer, struct err *e);

#endif
