/*
 * A linked list behind a mutex. A push appends, and wakes the taker unless more follows or the
 * taker has been woken before; the taker takes the whole list at once. A push fails when the box is
 * closed, or full (mailbox_push_always ignores the bounds).
 */
#include "base/mailbox.h"

#include <errno.h>
#include <time.h>

int
mailbox_init(struct mailbox *m, size_t max_count, size_t max_cost, void (*wake)(void *),
    void *wake_arg, struct err *e)
{
	pthread_condattr_t attr;

	*m = (struct mailbox){
		.max_count = max_count,
		.max_cost = max_cost,
		.wake = wake,
		.wake_arg = wake_arg,
	};
	m->tail = &m->head;
	if (pthread_mutex_init(&m->mutex, NULL) != 0)
		return err_set(e, ERR_SYSTEM, "cannot create a mutex");
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	errno = pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (errno != 0) {
		pthread_mutex_destroy(&m->mutex);
		return err_sys(e, "cannot create a condition variable");
	}
	return 0;
}

void
mailbox_free(struct mailbox *m)
{
	pthread_cond_destroy(&m->cond);
	pthread_mutex_destroy(&m->mutex);
}

static int
push(struct mailbox *m, struct mail *mail, bool bounded)
{
	bool wakes, refused;

	pthread_mutex_lock(&m->mutex);
	refused = m->closed
		  || (bounded && (m->count >= m->max_count || mail->cost > m->max_cost - m->cost));
	if (refused) {
		pthread_mutex_unlock(&m->mutex);
		return -1;
	}
	mail->next = NULL;
	*m->tail = mail;
	m->tail = &mail->next;
	if (bounded) {
		m->count++;
		m->cost += mail->cost;
	}
	wakes = !mail->more && !m->woken;
	m->woken = m->woken || wakes;
	if (wakes && m->wake == NULL)
		pthread_cond_signal(&m->cond);
	pthread_mutex_unlock(&m->mutex);
	if (wakes && m->wake != NULL)
		m->wake(m->wake_arg);
	return 0;
}

int
mailbox_push(struct mailbox *m, struct mail *mail)
{
	return push(m, mail, true);
}

int
mailbox_push_always(struct mailbox *m, struct mail *mail)
{
	return push(m, mail, false);
}

static void
wake_taker(struct mailbox *m)
{
	if (m->wake != NULL)
		m->wake(m->wake_arg);
	else
		pthread_cond_signal(&m->cond);
}

void
mailbox_wake(struct mailbox *m)
{
	bool wakes;

	pthread_mutex_lock(&m->mutex);
	wakes = m->head != NULL && !m->woken;
	m->woken = m->woken || wakes;
	pthread_mutex_unlock(&m->mutex);
	if (wakes)
		wake_taker(m);
}

void
mailbox_close(struct mailbox *m)
{
	pthread_mutex_lock(&m->mutex);
	m->closed = true;
	pthread_mutex_unlock(&m->mutex);
	wake_taker(m);
}

void
mailbox_poke(struct mailbox *m)
{
	pthread_mutex_lock(&m->mutex);
	m->poked = true;
	pthread_mutex_unlock(&m->mutex);
	wake_taker(m);
}

static struct mail *
take_locked(struct mailbox *m)
{
	struct mail *first = m->head;

	m->head = NULL;
	m->tail = &m->head;
	m->poked = m->woken = false;
	return first;
}

struct mail *
mailbox_take(struct mailbox *m)
{
	struct mail *first;

	pthread_mutex_lock(&m->mutex);
	first = take_locked(m);
	pthread_mutex_unlock(&m->mutex);
	return first;
}

static struct timespec
deadline_after(int64_t timeout_ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += timeout_ms / 1000;
	ts.tv_nsec += (timeout_ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

struct mail *
mailbox_wait(struct mailbox *m, int64_t timeout_ms, bool *ret_closed)
{
	struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
	struct mail *first;
	int rc = 0;

	pthread_mutex_lock(&m->mutex);
	while (m->head == NULL && !m->closed && !m->poked && rc == 0) {
		if (timeout_ms < 0)
			rc = pthread_cond_wait(&m->cond, &m->mutex);
		else
			rc = pthread_cond_timedwait(&m->cond, &m->mutex, &deadline);
	}
	first = take_locked(m);
	if (ret_closed != NULL)
		*ret_closed = m->closed;
	pthread_mutex_unlock(&m->mutex);
	return first;
}

void
mailbox_release(struct mailbox *m, size_t count, size_t cost)
{
	pthread_mutex_lock(&m->mutex);
	m->count -= count;
	m->cost -= cost;
	pthread_mutex_unlock(&m->mutex);
}
