/*
 * Finds the readers of the database in /proc/locks. A reader holds a lock on one of five bytes of
 * the -shm file (sqlite.org, "The WAL-Index File Format": bytes 123 to 127). The file itself is not
 * opened: closing it would drop this process's own locks on it.
 *
 * A reader whose name cannot be read is left out; no function fails.
 */
#include "outbox/file/readers.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"

#define FIRST_READ_BYTE 123
#define LAST_READ_BYTE 127
/* Everybody who has the file open holds this byte; /proc/locks shows neighbors as one lock. */
#define OPEN_BYTE 128
#define COMM_SIZE 64

static bool
inode_of_shm(const char *path, unsigned long *ret_inode)
{
	char shm[PATH_MAX];
	struct stat st;

	if (snprintf(shm, sizeof(shm), "%s-shm", path) >= (int)sizeof(shm) || stat(shm, &st) != 0)
		return false;
	*ret_inode = (unsigned long)st.st_ino;
	return true;
}

/* The words of "1: POSIX  ADVISORY  READ 4711 fe:00:131074 124 124". A lock that is waited for has
 * "->" in front of POSIX. */
enum word { WORD_TYPE = 1, WORD_MODE = 3, WORD_PID, WORD_INODE, WORD_FIRST, WORD_LAST, WORDS };

/* Cuts the line at its blanks; a word that is not there is "". */
static void
cut_words(char *line, const char *ret_words[WORDS])
{
	char *rest = line;

	for (int i = 0; i < WORDS; i++) {
		rest += strspn(rest, " ");
		ret_words[i] = rest;
		rest += strcspn(rest, " \n");
		if (*rest != '\0')
			*rest++ = '\0';
	}
}

static bool
is_reader(char *line, unsigned long inode, int *ret_pid)
{
	const char *words[WORDS], *colon;
	int64_t pid, its_inode, byte;

	cut_words(line, words);
	colon = strrchr(words[WORD_INODE], ':');
	if (strcmp(words[WORD_TYPE], "POSIX") != 0 || strcmp(words[WORD_MODE], "READ") != 0
	    || colon == NULL || number_parse(colon + 1, 0, INT64_MAX, &its_inode) != 0
	    || number_parse(words[WORD_FIRST], FIRST_READ_BYTE, LAST_READ_BYTE, &byte) != 0
	    || number_parse(words[WORD_LAST], FIRST_READ_BYTE, OPEN_BYTE, &byte) != 0
	    || number_parse(words[WORD_PID], 1, INT_MAX, &pid) != 0)
		return false;
	*ret_pid = (int)pid;
	return (unsigned long)its_inode == inode && pid != getpid();
}

static void
name_process(int pid, char ret_name[COMM_SIZE])
{
	char path[64];
	FILE *file;

	snprintf(ret_name, COMM_SIZE, "a program");
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(ret_name, COMM_SIZE, file) == NULL)
		snprintf(ret_name, COMM_SIZE, "a program");
	ret_name[strcspn(ret_name, "\n")] = '\0';
	fclose(file);
}

void
readers_find(const char *path, void (*found)(void *arg, int pid, const char *name), void *arg)
{
	char line[256], name[COMM_SIZE];
	unsigned long inode;
	FILE *locks;
	int pid;

	locks = inode_of_shm(path, &inode) ? fopen("/proc/locks", "re") : NULL;
	while (locks != NULL && fgets(line, sizeof(line), locks) != NULL)
		if (is_reader(line, inode, &pid)) {
			name_process(pid, name);
			found(arg, pid, name);
		}
	if (locks != NULL)
		fclose(locks);
}

struct text {
	char *to;
	size_t size;
};

static void
add_reader(void *arg, int pid, const char *name)
{
	const struct text *text = arg;
	char entry[COMM_SIZE + 32];
	size_t n = strlen(text->to);

	snprintf(entry, sizeof(entry), "%s (process %d)", name, pid);
	if (strstr(text->to, entry) == NULL)
		snprintf(text->to + n, text->size - n, "%s%s", n == 0 ? "" : ", ", entry);
}

void
readers_name(const char *path, char *ret_text, size_t size)
{
	struct text text = { ret_text, size };

	ret_text[0] = '\0';
	readers_find(path, add_reader, &text);
	if (ret_text[0] == '\0')
		snprintf(ret_text, size, "a program");
}
