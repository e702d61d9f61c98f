/*
 * One request to the daemon's own control socket, from the admin listener's event loop: the same
 * messages as those of the command line. Lines of progress are passed over.
 */
#ifndef ADMIN_ACT_CONTROL_CALL_H
#define ADMIN_ACT_CONTROL_CALL_H

#include "base/err.h"

struct cJSON;
struct control_call;
struct event_base;

#define CONTROL_CALL_SILENCE_S 60   /* the longest wait for the next line */
#define CONTROL_CALL_LINE_MAX 65536 /* bytes of a line of the answer */

/*
 * Sends the line. `done` is called once, later, with the last line of the answer, which it borrows;
 * NULL: there is none, and e says why. The call is then over and freed. ERR_BUSY: nobody listens,
 * so that nothing has been done.
 */
int control_call_start(struct event_base *base, const char *path, const char *line,
    void (*done)(void *arg, const struct cJSON *answer, const struct err *e), void *arg,
    struct control_call **ret_call, struct err *e);
/* Hangs up: the request ends after its current step. `done` is not called. */
void control_call_cancel(struct control_call *c);

#endif
