/* The faulty VFS: passes every call on to SQLite's own VFS, and fails the chosen one. */
#include "faults/faulty_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

struct faulty_file {
	sqlite3_file base;
	sqlite3_file *real; /* follows this struct in memory */
};

static sqlite3_vfs faulty;
static sqlite3_vfs *real_vfs;
static atomic_int fail_at, fail_code, calls;
static atomic_bool fail_stays, fired;

void
faulty_vfs_fail_at(int nth, int code, bool stays)
{
	atomic_store(&calls, 0);
	atomic_store(&fired, false);
	atomic_store(&fail_code, code);
	atomic_store(&fail_stays, stays);
	atomic_store(&fail_at, nth);
}

int
faulty_vfs_calls(void)
{
	return atomic_load(&calls);
}

bool
faulty_vfs_fired(void)
{
	return atomic_load(&fired);
}

/* Returns the code to fail with now, or SQLITE_OK. */
static int
next_fault(void)
{
	int n = atomic_fetch_add(&calls, 1) + 1, at = atomic_load(&fail_at);

	if (at == 0 || n < at || (n > at && !atomic_load(&fail_stays)))
		return SQLITE_OK;
	if (atomic_load(&fail_code) == FAULTY_VFS_DIE)
		_exit(FAULTY_VFS_DIED);
	atomic_store(&fired, true);
	return atomic_load(&fail_code);
}

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return ((struct faulty_file *)f)->real;
}

static int
faulty_close(sqlite3_file *f)
{
	return real_of(f)->pMethods->xClose(real_of(f));
}

static int
faulty_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int
faulty_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	int code = next_fault();

	return code != SQLITE_OK ? code : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}

static int
faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int code = next_fault();

	return code != SQLITE_OK ? code : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

/* Does not wait for the machine's disk, which tens of thousands of syncs would do: a process that
 * fails or is killed loses nothing that it wrote. Losing power is power_cut's matter. */
static int
faulty_sync(sqlite3_file *f, int flags)
{
	int code = next_fault();

	(void)f;
	(void)flags;
	return code;
}

static int
faulty_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int
faulty_lock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int
faulty_unlock(sqlite3_file *f, int level)
{
	return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int
faulty_check_lock(sqlite3_file *f, int *held)
{
	return real_of(f)->pMethods->xCheckReservedLock(real_of(f), held);
}

static int
faulty_control(sqlite3_file *f, int op, void *arg)
{
	return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int
faulty_sector(sqlite3_file *f)
{
	return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int
faulty_traits(sqlite3_file *f)
{
	return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int
faulty_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
	return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, p);
}

static int
faulty_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void
faulty_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
faulty_shm_unmap(sqlite3_file *f, int remove)
{
	return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = faulty_close,
	.xRead = faulty_read,
	.xWrite = faulty_write,
	.xTruncate = faulty_truncate,
	.xSync = faulty_sync,
	.xFileSize = faulty_size,
	.xLock = faulty_lock,
	.xUnlock = faulty_unlock,
	.xCheckReservedLock = faulty_check_lock,
	.xFileControl = faulty_control,
	.xSectorSize = faulty_sector,
	.xDeviceCharacteristics = faulty_traits,
	.xShmMap = faulty_shm_map,
	.xShmLock = faulty_shm_lock,
	.xShmBarrier = faulty_shm_barrier,
	.xShmUnmap = faulty_shm_unmap,
};

static int
faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct faulty_file *file = (struct faulty_file *)f;
	int rc;

	(void)vfs;
	file->real = (sqlite3_file *)(file + 1);
	rc = real_vfs->xOpen(real_vfs, name, file->real, flags, out_flags);
	file->base.pMethods = file->real->pMethods != NULL ? &methods : NULL;
	return rc;
}

void
faulty_vfs_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	faulty = *real_vfs;
	faulty.zName = "faulty";
	faulty.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
	faulty.xOpen = faulty_open;
	sqlite3_vfs_register(&faulty, 1);
}
