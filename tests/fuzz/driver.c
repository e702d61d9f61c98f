/*
 * main() for fuzz targets under any compiler. It runs the target's seeds, prefixes of them, and
 * then FUZZ_RUNS (by default 20,000, or what the target's DEFAULT_RUNS says) mutations of them, the
 * same ones every time. Prints TAP. An input that crashes the target is left in crash-NAME;
 * `fuzz_NAME FILE...` runs single files.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/rand.h"

#ifndef DEFAULT_RUNS
#define DEFAULT_RUNS 20000
#endif
#define SEEDS_MAX 512
#define SEED_BYTES_MAX 65536
#define INPUT_MAX 8192 /* bytes of a mutation */

struct input {
	uint8_t *p;
	size_t n;
};

static struct input seeds[SEEDS_MAX];
static size_t n_seeds;

static const char *name;
static char crash_file[128];
static const uint8_t *volatile running;
static volatile size_t running_size;

/* Async-signal-safe: only open, write and close. */
static void
save_crash(void)
{
	int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t written;

	if (fd < 0)
		return;
	written = write(fd, running, running_size);
	(void)written;
	close(fd);
}

static void
on_signal(int signo)
{
	save_crash();
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Sanitizers end the process without a signal; when linked, they call this callback first. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void
watch_for_crashes(void)
{
	static const int signals[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };

	snprintf(crash_file, sizeof(crash_file), "crash-%.100s", name);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(save_crash);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		/* sanitizers, when present, handle SIGSEGV and similar signals */
		if (__sanitizer_set_death_callback == NULL || signals[i] == SIGABRT)
			signal(signals[i], on_signal);
	}
}

static void
run(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	running = copy;
	running_size = n;
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int
read_file(const char *path, struct input *ret)
{
	FILE *file = fopen(path, "rb");
	uint8_t *p = malloc(SEED_BYTES_MAX);

	if (file == NULL || p == NULL) {
		perror(path);
		free(p);
		if (file != NULL)
			fclose(file);
		return -1;
	}
	ret->p = p;
	ret->n = fread(p, 1, SEED_BYTES_MAX, file);
	fclose(file);
	return 0;
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names, so that every run is the same. */
static void
read_seeds(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries;
	char folder[3072], path[4096];
	int n;

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top == NULL ? "." : top, name);
	n = scandir(folder, &entries, is_seed, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		free(entries[i]);
		if (n_seeds < SEEDS_MAX && read_file(path, &seeds[n_seeds]) == 0)
			n_seeds++;
	}
	if (n >= 0)
		free(entries);
}

/* Returns a random position from 0 to n. */
static size_t
place(struct rand *r, size_t n)
{
	return (size_t)rand_below(r, n + 1);
}

static void
insert(struct input *in, size_t at, const uint8_t *p, size_t n)
{
	if (n > INPUT_MAX - in->n)
		n = INPUT_MAX - in->n;
	memmove(in->p + at + n, in->p + at, in->n - at);
	memmove(in->p + at, p, n);
	in->n += n;
}

static void delete (struct input *in, size_t at, size_t n)
{
	if (n > in->n - at)
		n = in->n - at;
	memmove(in->p + at, in->p + at + n, in->n - at - n);
	in->n -= n;
}

/* Returns a byte that has a meaning in JSON, HTTP, UTF-8 or C. */
static uint8_t
telling_byte(struct rand *r)
{
	static const char bytes[] = "\"\\{}[],:0123456789-+.eEu/bfnrtx \t\r\n\0\x01\x1f\x7f\x80\xbf"
				    "\xc0\xc2\xe0\xed\xf0\xf4\xff;=@%#&?<>()_'Zz";

	return (uint8_t)bytes[rand_below(r, sizeof(bytes) - 1)];
}

/* Inserts a part of a seed somewhere, so that words and whole values get new neighbors. */
static void
splice_in(struct rand *r, struct input *in)
{
	const struct input *other = &seeds[rand_below(r, n_seeds)];
	size_t from = place(r, other->n);
	size_t n = (size_t)rand_below(r, (other->n - from < 64 ? other->n - from : 64) + 1);

	insert(in, place(r, in->n), other->p + from, n);
}

/* Repeats a part of the input. */
static void
repeat(struct rand *r, struct input *in)
{
	uint8_t piece[64];
	size_t from = place(r, in->n);
	size_t n = (size_t)rand_below(r, (in->n - from < 64 ? in->n - from : 64) + 1);

	memcpy(piece, in->p + from, n);
	insert(in, place(r, in->n), piece, n);
}

static void
mutate(struct rand *r, struct input *in)
{
	uint8_t byte = telling_byte(r);
	size_t at = place(r, in->n);

	switch (rand_below(r, 8)) {
	case 0:
		if (at < in->n)
			in->p[at] ^= (uint8_t)(1u << rand_below(r, 8));
		break;
	case 1:
	case 2:
		if (at < in->n)
			in->p[at] = byte;
		break;
	case 3:
		insert(in, at, &byte, 1);
		break;
	case 4:
		delete (in, at, 1 + (size_t)rand_below(r, 16));
		break;
	case 5:
		repeat(r, in);
		break;
	case 6:
		splice_in(r, in);
		break;
	case 7:
		if (rand_below(r, 8) == 0)
			in->n = at;
		break;
	}
}

static void
run_mutations(uint64_t runs)
{
	uint8_t bytes[INPUT_MAX];
	struct rand r;

	rand_seed(&r, 1);
	for (uint64_t i = 0; i < runs; i++) {
		const struct input *seed = &seeds[rand_below(&r, n_seeds)];
		struct input in = { bytes, seed->n < INPUT_MAX ? seed->n : INPUT_MAX };

		memcpy(bytes, seed->p, in.n);
		for (uint64_t m = 1 + rand_below(&r, 6); m > 0; m--)
			mutate(&r, &in);
		run(in.p, in.n);
	}
}

/* Takes prefixes of long seeds in larger steps. */
static void
run_beginnings(void)
{
	for (size_t i = 0; i < n_seeds; i++) {
		for (size_t n = 0; n < seeds[i].n; n += 1 + seeds[i].n / 1024)
			run(seeds[i].p, n);
	}
}

static int
run_files(int n, char **paths)
{
	struct input in;

	for (int i = 0; i < n; i++) {
		if (read_file(paths[i], &in) != 0)
			return 1;
		run(in.p, in.n);
		free(in.p);
		printf("%s: passed\n", paths[i]);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const char *runs_text = getenv("FUZZ_RUNS");
	uint64_t runs = runs_text == NULL ? DEFAULT_RUNS : strtoull(runs_text, NULL, 10);

	name = strrchr(argv[0], '/') == NULL ? argv[0] : strrchr(argv[0], '/') + 1;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	watch_for_crashes();
	if (argc > 1)
		return run_files(argc - 1, argv + 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_seeds();
	printf("1..3\n%s 1 - %s: there are seeds\n", n_seeds > 0 ? "ok" : "not ok", name);
	if (n_seeds == 0)
		return 1;
	for (size_t i = 0; i < n_seeds; i++)
		run(seeds[i].p, seeds[i].n);
	run_beginnings();
	printf("ok 2 - %s: %zu seeds and their beginnings\n", name, n_seeds);
	run_mutations(runs);
	printf("ok 3 - %s: %llu mutations\n", name, (unsigned long long)runs);
	for (size_t i = 0; i < n_seeds; i++)
		free(seeds[i].p);
	return 0;
}
