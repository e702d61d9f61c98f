/*
 * The lease file has one line: host, boot, and a number that each renewal raises. A host that finds
 * another one's name in its own file has lost the database. The clocks of two hosts are never
 * compared: each only watches, by its own monotonic clock, whether the number moves.
 */
#include "daemon/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define LINE_MAX_BYTES 256
#define BEATS 3 /* renewals in the time of a lease */
#define LOOK_MS 100
#define BOOT_FILE "/proc/sys/kernel/random/boot_id"

struct lease {
	char path[PATH_MAX];
	char self[LINE_MAX_BYTES]; /* "HOST BOOT", what its line begins with */
	int64_t lease_ms;
	uint64_t number;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool ending;
};

/* ---- the file ------------------------------------------------------------------------------- */

static int
make_path(const char *database, char path[PATH_MAX], struct err *e)
{
	if (snprintf(path, PATH_MAX, "%s.lease", database) >= PATH_MAX)
		return err_set(e, ERR_INPUT, "the path of the database is too long");
	return 0;
}

/* Reads the line; "" when there is none, or on an error. Opens the file each time, so that a
 * network file system gives what others wrote. */
static int
read_line(const char *path, char line[LINE_MAX_BYTES], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, line, LINE_MAX_BYTES - 1);
	int rc = n >= 0 || (fd < 0 && errno == ENOENT) ? 0 : err_sys(e, "cannot read %s", path);

	if (fd >= 0)
		close(fd);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return rc;
}

static int
write_line(const char *path, const char *line, struct err *e)
{
	size_t n = strlen(line);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	int rc = fd < 0 || pwrite(fd, line, n, 0) != (ssize_t)n || ftruncate(fd, (off_t)n) != 0
			 || fdatasync(fd) != 0
		     ? err_sys(e, "cannot write %s", path)
		     : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* Writes "HOST BOOT". The boot tells a host that was restarted from one that went on. */
static void
name_self(char self[LINE_MAX_BYTES])
{
	char boot[64] = "-";
	struct utsname u;
	FILE *file = fopen(BOOT_FILE, "re");

	if (file != NULL) {
		if (fgets(boot, sizeof(boot), file) == NULL)
			snprintf(boot, sizeof(boot), "-");
		fclose(file);
	}
	boot[strcspn(boot, "\n")] = '\0';
	if (uname(&u) != 0)
		u.nodename[0] = '\0';
	snprintf(self, LINE_MAX_BYTES, "%.64s %s", u.nodename[0] == '\0' ? "-" : u.nodename, boot);
}

static bool
is_of(const char *line, const char *self)
{
	size_t n = strlen(self);

	return strncmp(line, self, n) == 0 && line[n] == ' ';
}

static void
host_of(const char *line, char host[LEASE_HOST_SIZE])
{
	snprintf(host, LEASE_HOST_SIZE, "%.*s", (int)strcspn(line, " "), line);
}

/* ---- watching another host ------------------------------------------------------------------ */

static void
pause_ms(int64_t ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

static int
refuse(const char *line, struct err *e)
{
	char host[LEASE_HOST_SIZE];

	host_of(line, host);
	return err_set(e, ERR_BUSY,
	    "host %s has the database open, and lives: stop it there, or make sure that it cannot "
	    "reach the files",
	    host);
}

/* Returns once the file names nobody else, or its line has not changed for the time of a lease. A
 * file that cannot be read may name a host that lives. */
static int
watch(const char *path, const char *self, int64_t lease_ms, struct err *e)
{
	int64_t until = clock_mono(&clock_system) + lease_ms;
	char first[LINE_MAX_BYTES], line[LINE_MAX_BYTES], host[LEASE_HOST_SIZE];

	if (read_line(path, first, e) != 0)
		return -1;
	if (first[0] == '\0' || is_of(first, self))
		return 0;
	host_of(first, host);
	log_info("host %s had the database: watching for %lld s whether it lives", host,
	    (long long)((lease_ms + 999) / 1000));
	while (clock_mono(&clock_system) < until) {
		pause_ms(LOOK_MS);
		if (read_line(path, line, e) != 0)
			return -1;
		if (line[0] == '\0')
			return 0;
		if (strcmp(line, first) != 0)
			return refuse(line, e);
	}
	log_warn("host %s has not renewed its lease: taking the database over", host);
	return 0;
}

int
lease_check(const char *database, int64_t lease_ms, struct err *e)
{
	char path[PATH_MAX], self[LINE_MAX_BYTES];

	name_self(self);
	return make_path(database, path, e) != 0 ? -1 : watch(path, self, lease_ms, e);
}

bool
lease_holder(const char *database, char ret_host[LEASE_HOST_SIZE])
{
	char path[PATH_MAX], self[LINE_MAX_BYTES], line[LINE_MAX_BYTES] = "";

	name_self(self);
	if (make_path(database, path, NULL) == 0)
		(void)read_line(path, line, NULL);
	host_of(line, ret_host);
	return is_of(line, self);
}

/* ---- renewing ------------------------------------------------------------------------------- */

static int
renew(struct lease *l, struct err *e)
{
	char line[LINE_MAX_BYTES + 32];

	snprintf(line, sizeof(line), "%s %llu\n", l->self, (unsigned long long)++l->number);
	return write_line(l->path, line, e);
}

/* A process that lost the database may write nothing more, so it ends as if it were killed, which
 * loses nothing that was acknowledged. */
static void
end_if_lost(const struct lease *l)
{
	char line[LINE_MAX_BYTES], host[LEASE_HOST_SIZE];

	(void)read_line(l->path, line, NULL);
	if (line[0] == '\0' || is_of(line, l->self))
		return;
	host_of(line, host);
	log_error("host %s has taken the database over: ending at once", host);
	_exit(1);
}

static void *
run(void *arg)
{
	struct lease *l = arg;
	struct log_limit limit = { 0 };
	unsigned suppressed;
	struct timespec at;
	struct err e;

	pthread_mutex_lock(&l->mutex);
	while (!l->ending) {
		int64_t next = clock_awake() + l->lease_ms / BEATS;

		at = (struct timespec){ .tv_sec = next / 1000, .tv_nsec = next % 1000 * 1000000 };
		pthread_cond_timedwait(&l->wake, &l->mutex, &at);
		if (l->ending)
			break;
		pthread_mutex_unlock(&l->mutex);
		end_if_lost(l);
		if (renew(l, &e) != 0 && log_limit_pass(&limit, clock_awake(), 60000, &suppressed))
			log_warn("%s: another host may take the database over", e.text);
		pthread_mutex_lock(&l->mutex);
	}
	pthread_mutex_unlock(&l->mutex);
	return NULL;
}

/* ---- setup and release ---------------------------------------------------------------------- */

/* Takes the lease. Two hosts may try at once: the one whose name stays in the file has it. */
static int
take(struct lease *l, struct err *e)
{
	char line[LINE_MAX_BYTES];

	if (watch(l->path, l->self, l->lease_ms, e) != 0 || renew(l, e) != 0
	    || read_line(l->path, line, e) != 0)
		return -1;
	if (line[0] != '\0' && !is_of(line, l->self))
		return refuse(line, e);
	return 0;
}

static int
start_thread(struct lease *l, struct err *e)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&l->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&l->thread, NULL, run, l) == 0)
		return 0;
	pthread_mutex_destroy(&l->mutex);
	pthread_cond_destroy(&l->wake);
	return err_set(e, ERR_SYSTEM, "cannot start the thread that renews the lease");
}

int
lease_take(const char *database, int64_t lease_ms, struct lease **ret_lease, struct err *e)
{
	struct lease *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_nomem(e);
	l->lease_ms = lease_ms;
	name_self(l->self);
	if (make_path(database, l->path, e) != 0 || take(l, e) != 0 || start_thread(l, e) != 0) {
		free(l);
		return -1;
	}
	*ret_lease = l;
	return 0;
}

/* A lease that another host has taken meanwhile is that host's: without it, a third one would not
 * wait. */
static void
give_up(const struct lease *l)
{
	char line[LINE_MAX_BYTES];
	struct err e;

	(void)read_line(l->path, line, NULL);
	if (is_of(line, l->self) && write_line(l->path, "", &e) != 0)
		log_warn("%s: another host will wait before it takes the database over", e.text);
}

void
lease_release(struct lease *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->mutex);
	l->ending = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->mutex);
	pthread_join(l->thread, NULL);
	give_up(l);
	pthread_mutex_destroy(&l->mutex);
	pthread_cond_destroy(&l->wake);
	free(l);
}
