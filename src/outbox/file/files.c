/*
 * Remembers device and inode of the database, its WAL and its shared memory, and later compares
 * them with the files at those paths. It uses only stat(): opening and closing one of the files
 * would drop SQLite's locks.
 */
#include "outbox/file/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"

static const char *const suffixes[FILES_COUNT] = {
	[FILES_DATABASE] = "",
	[FILES_WAL] = "-wal",
	[FILES_SHM] = "-shm",
};

static int
note_one(struct files *f, size_t i, const char *path, struct err *e)
{
	size_t size = strlen(path) + strlen(suffixes[i]) + 1;
	struct stat st;

	f->file[i].path = malloc(size);
	if (f->file[i].path == NULL)
		return err_nomem(e);
	snprintf(f->file[i].path, size, "%s%s", path, suffixes[i]);
	if (stat(f->file[i].path, &st) != 0)
		return err_sys(e, "cannot read the state of %s", f->file[i].path);
	f->file[i].device = st.st_dev;
	f->file[i].inode = st.st_ino;
	return 0;
}

int
files_note(struct files *f, const char *path, struct err *e)
{
	for (size_t i = 0; i < FILES_COUNT; i++)
		if (note_one(f, i, path, e) != 0)
			return -1;
	return 0;
}

void
files_free(struct files *f)
{
	for (size_t i = 0; i < FILES_COUNT; i++)
		free(f->file[i].path);
	*f = (struct files){ 0 };
}

int
files_check(const struct files *f, struct err *e)
{
	for (size_t i = 0; i < FILES_COUNT; i++) {
		struct stat st;
		bool moved;

		if (stat(f->file[i].path, &st) == 0)
			moved = st.st_ino != f->file[i].inode || st.st_dev != f->file[i].device;
		else
			moved = errno == ENOENT || errno == ENOTDIR;
		if (moved)
			return err_set(e, ERR_IO,
			    "%s was moved, removed or replaced while it was open", f->file[i].path);
	}
	return 0;
}

int
files_check_access(const char *path, struct err *e)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < FILES_COUNT; i++) {
		snprintf(name, sizeof(name), "%.*s%s", PATH_MAX - 16, path, suffixes[i]);
		if (access(name, R_OK | W_OK) == 0 || errno == ENOENT)
			continue;
		err_file(e, name, "cannot open %s", name);
		e->code = ERR_IO;
		return -1;
	}
	return 0;
}

/* Returns the descriptor of this name in /proc/self/fd, or 0. */
static int
find_descriptor(const char *name, const struct stat *file)
{
	struct stat st;
	int64_t fd;

	if (number_parse(name, 1, INT_MAX, &fd) != 0 || fstat((int)fd, &st) != 0
	    || st.st_dev != file->st_dev || st.st_ino != file->st_ino
	    || (fcntl((int)fd, F_GETFL) & O_ACCMODE) != O_RDWR)
		return 0;
	return (int)fd;
}

int
files_find_open(const char *path)
{
	DIR *all = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat file;
	int found = 0;

	if (all == NULL)
		return 0;
	if (stat(path, &file) == 0)
		while (found == 0 && (entry = readdir(all)) != NULL)
			found = find_descriptor(entry->d_name, &file);
	closedir(all);
	return found;
}

int
files_sync_directory(const char *directory, struct err *e)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_sys(e, "cannot open the directory %s", directory);
	rc = fsync(fd) == 0 ? 0 : err_sys(e, "cannot sync the directory %s", directory);
	close(fd);
	return rc;
}

int
files_sync_directory_of(const char *file, struct err *e)
{
	char copy[PATH_MAX];

	if (snprintf(copy, sizeof(copy), "%s", file) >= (int)sizeof(copy))
		return err_set(e, ERR_INPUT, "the path %s is too long", file);
	return files_sync_directory(dirname(copy), e);
}

int
files_give_to_owner(const char *path, struct err *e)
{
	static const char *const given[] = { "", "-wal", "-shm", ".lock", ".ballast" };
	char name[PATH_MAX];
	struct stat owner, st;

	if (geteuid() != 0)
		return 0;
	snprintf(name, sizeof(name), "%s", path);
	if (stat(dirname(name), &owner) != 0)
		return err_sys(e, "cannot read the state of the directory of %s", path);
	for (size_t i = 0; owner.st_uid != 0 && i < sizeof(given) / sizeof(*given); i++) {
		snprintf(name, sizeof(name), "%.*s%s", PATH_MAX - 16, path, given[i]);
		if (lstat(name, &st) == 0 && st.st_uid == 0
		    && lchown(name, owner.st_uid, owner.st_gid) != 0)
			return err_sys(e, "cannot give %s to the owner of its directory", name);
	}
	return 0;
}
