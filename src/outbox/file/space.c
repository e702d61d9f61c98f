/*
 * Reads the type of the database's file system (statfs) and its free bytes (statvfs). A size that
 * cannot be read is reported as unlimited, so that an unknown number never stops the outbox.
 */
#include "outbox/file/space.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Not in linux/magic.h of Debian 12. */
#define MAGIC_CIFS 0xff534d42U
#define MAGIC_SMB2 0xfe534d42U

static int
folder_of(const char *path, char ret_folder[PATH_MAX], struct err *e)
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return err_set(
		    e, ERR_INPUT, "the path of the database is too long: use a shorter one");
	snprintf(ret_folder, PATH_MAX, "%s", dirname(copy));
	return 0;
}

static const char *
network_file_system(unsigned long magic)
{
	switch (magic) {
	case NFS_SUPER_MAGIC:
		return "NFS";
	case SMB_SUPER_MAGIC:
	case MAGIC_CIFS:
	case MAGIC_SMB2:
		return "SMB";
	case AFS_SUPER_MAGIC:
		return "AFS";
	case CEPH_SUPER_MAGIC:
		return "Ceph";
	case V9FS_MAGIC:
		return "9p";
	default:
		return NULL;
	}
}

int
space_check_folder(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	const char *network;
	struct statfs fs;

	if (folder_of(path, folder, e) != 0)
		return -1;
	if (statfs(folder, &fs) != 0) {
		if (errno == ENOENT)
			return err_set(e, ERR_INPUT,
			    "the directory %s of the database does not exist: create it, owned by "
			    "the "
			    "user that runs bentospool",
			    folder);
		return err_sys(e, "cannot read the directory %s of the database", folder);
	}
	network = network_file_system((unsigned long)fs.f_type & 0xffffffffU);
	if (network != NULL)
		return err_set(e, ERR_INPUT,
		    "the directory %s is on %s: network file systems cannot keep the promise of "
		    "the "
		    "outbox; put the database on a local disk",
		    folder, network);
	if (access(folder, W_OK | X_OK) != 0)
		return err_file(
		    e, folder, "cannot write to the directory %s of the database", folder);
	return 0;
}

uint64_t
space_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

uint64_t
space_free(const char *path)
{
	char folder[PATH_MAX];
	struct statvfs fs;

	if (folder_of(path, folder, NULL) != 0 || statvfs(folder, &fs) != 0)
		return UINT64_MAX;
	return (uint64_t)fs.f_bavail * fs.f_frsize;
}

bool
space_try(const char *path, uint64_t bytes)
{
	char folder[PATH_MAX];
	bool enough;
	int fd;

	if (folder_of(path, folder, NULL) != 0)
		return true;
	fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno != ENOSPC && errno != EDQUOT;
	enough = fallocate(fd, 0, 0, (off_t)bytes) == 0
		 || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
	close(fd);
	return enough;
}
