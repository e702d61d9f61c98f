/*
 * Prepares the process before threads start. Fails when the kernel refuses a limit.
 */
#include "daemon/process.h"

#include <libgen.h>
#include <limits.h>
#include <malloc.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/signals.h"

int
process_prepare(struct err *e)
{
	const struct rlimit none = { 0, 0 };

	umask(0027);
	/* Threads pass memory to each other all the time: with an arena for each thread, memory
	 * freed by another would stay unused (measured: 3 MB of 24). Large bodies are returned to
	 * the system when they are freed. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_sys(e, "cannot disable core dumps");
	return signals_block(e);
}

int
process_check_user(const char *database, struct err *e)
{
	char folder[PATH_MAX], name[64];
	const struct passwd *owner;
	struct stat st;

	snprintf(folder, sizeof(folder), "%s", database);
	if (geteuid() != 0 || stat(dirname(folder), &st) != 0 || st.st_uid == 0)
		return 0;
	owner = getpwuid(st.st_uid);
	if (owner != NULL)
		snprintf(name, sizeof(name), "%s", owner->pw_name);
	else
		snprintf(name, sizeof(name), "#%lu", (unsigned long)st.st_uid);
	return err_set(e, ERR_INPUT,
	    "will not serve as root: the directory of the database %s belongs to the user %s, who "
	    "could not use the files that root creates: run `sudo -u %s bentospool serve`, or "
	    "start "
	    "the service",
	    database, name, name);
}

int
process_allow_files(uint64_t n, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return err_sys(e, "cannot read the limit of open files");
	if (files.rlim_cur >= n)
		return 0;
	if (files.rlim_max < n)
		return err_set(e, ERR_LIMIT,
		    "max_connections needs %llu open files, and the hard limit is %llu: raise "
		    "LimitNOFILE of the unit (or ulimit -Hn), or lower max_connections",
		    (unsigned long long)n, (unsigned long long)files.rlim_max);
	files.rlim_cur = n;
	return setrlimit(RLIMIT_NOFILE, &files) == 0
		   ? 0
		   : err_sys(e, "cannot raise the limit of open files");
}
