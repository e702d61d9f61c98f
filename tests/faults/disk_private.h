/* The trace, for disk.c, which records it, and disk_replay.c, which replays it. */
#ifndef FAULTS_DISK_PRIVATE_H
#define FAULTS_DISK_PRIVATE_H

#include "faults/disk.h"

#define DISK_FILES 64
#define DISK_NAMES 32
#define DISK_NAME_SIZE 64

enum { NO_FILE = -1, DIRECTORY = -2 };

struct disk_call {
	enum disk_op op;
	int file;
	bool lost;      /* its sync failed */
	bool is_commit; /* completes a commit in the write-ahead log */
	int64_t at;     /* of a write; the size of a truncation */
	size_t n;
	unsigned char *p;
	char from[DISK_NAME_SIZE], to[DISK_NAME_SIZE];
};

struct disk_directory {
	struct {
		char name[DISK_NAME_SIZE];
		int file;
	} of[DISK_NAMES];
	size_t n;
};

extern struct disk_call *disk_calls;
extern size_t disk_n_calls;

/* Returns NO_FILE when there is no such name. */
int disk_file_named(const struct disk_directory *directory, const char *name);
/* Changes the names as the call did. */
void disk_apply_names(struct disk_directory *directory, const struct disk_call *call);
/* Ends the program when something outside of the experiment fails. */
void disk_must(bool good, const char *what);

#endif
