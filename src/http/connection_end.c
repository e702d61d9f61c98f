/*
 * Ends a connection at its deadline, or to make room for another one. The request, if there is one,
 * counts as refused.
 */
#include "http/connection.h"

static const struct answer too_slow = { .status = 503,
	.code = "request_timeout",
	.message = "the request was not complete in time",
	.retry_after = 1 };
static const struct answer commit_late = { .status = 503,
	.code = "commit_timeout",
	.message = "the events could not be stored in time; try again",
	.retry_after = 5 };

/* Only counted and logged: the connection is closed to make room, without an answer. */
static const struct answer gave_way = { .status = 503,
	.code = "gave_way",
	.message =
	    "all connections were taken: the request that was incomplete for the longest time "
	    "made room" };

void
conn_hurry(struct conn *c)
{
	if (c->deadline > c->server->now + SERVER_FRESH_MS)
		c->deadline = c->server->now + SERVER_FRESH_MS;
}

void
conn_give_way(struct conn *c)
{
	if (c->state == CONN_HEAD || c->state == CONN_BODY)
		c->server->hooks.refused(c, &gave_way, c->server->hooks.arg);
	conn_close(c);
}

void
conn_expire(struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
		conn_give_up_handshake(c, true);
		break;
	case CONN_HEAD:
		c->manner = (struct answer_manner){ 0 };
		conn_answer_early(c, &too_slow);
		break;
	case CONN_BODY:
		conn_answer_early(c, &too_slow);
		break;
	case CONN_WAIT:
		/* The commit may still succeed: the client's retry is then a duplicate. */
		conn_answer_early(c, &commit_late);
		break;
	case CONN_IDLE:
	case CONN_WRITE:
	case CONN_LINGER:
	case CONN_CLOSED:
		conn_set_closed(c);
		break;
	}
	conn_run(c);
}
