/*
 * Power cuts of a simulated disk, at every write and sync of a life of the outbox (life.h),
 * directory entries included: what was not synced is lost, kept, torn, left out, reordered
 * (disk.h). After each cut the real code opens what is left. Its tables must be exactly as they
 * were at a commit no older than the last acknowledgment, so nothing that was acknowledged is lost,
 * nothing is half done, and the audit says what it said then. Also: one sync fails and later ones
 * succeed, at every sync.
 *
 * refutes: after a power cut at any write or sync, something acknowledged is missing or half there
 * takes: 5 min
 * runs: all
 */
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults/disk.h"
#include "faults/faults.h"
#include "faults/image.h"
#include "faults/life.h"
#include "lib/tempdir.h"

#define STATES 4096
#define SMALL_CUTS 300
#define SMALL_SYNCS 8
#define TOLD 10
#define MANY_WRITES 64
#define ONE_OF 16

static struct tempdir lived, cut_dir;
static struct life life;

/* The states that the tables went through: after the call `moment` they had this hash. */
static struct {
	size_t moment;
	uint64_t hash;
} states[STATES];
static size_t n_states;

static long n_cuts, n_wrong;

/* ---- one cut --------------------------------------------------------------------------------- */

static void
report(const struct disk_state *state, const struct disk_cut *cut, const char *why)
{
	if (++n_wrong <= TOLD)
		print_message(
		    "# call %zu (kind %d, %zu writes and %zu names not synced), left: data %d "
		    "%zu, names %d %zu, seed %llu: %s\n",
		    state->now, (int)state->op, state->writes, state->names, (int)cut->data, cut->n,
		    (int)cut->names, cut->name, (unsigned long long)cut->seed, why);
}

static void
make_image(const struct disk_cut *cut)
{
	tempdir_make(&cut_dir);
	disk_make(cut, cut_dir.path);
}

/* Returns the moment of the last acknowledgment up to this one; 0: none. */
static size_t
acknowledged(size_t moment)
{
	size_t at = life.opened <= moment ? life.opened : 0;

	for (size_t i = 0; i < life.n_acks && life.acks[i] <= moment; i++)
		at = life.acks[i] > at ? life.acks[i] : at;
	return at;
}

static bool
was_a_state(uint64_t hash, size_t since, size_t moment)
{
	bool found = false;

	for (size_t i = 0; i < n_states && states[i].moment <= moment; i++) {
		if (states[i].moment <= since)
			found = false; /* a newer state was acknowledged */
		found |= states[i].hash == hash;
	}
	return found;
}

static void
try_cut(const struct disk_state *state, const struct disk_cut *cut)
{
	size_t since = acknowledged(state->now);
	char why[IMAGE_WHY];
	uint64_t hash;

	n_cuts++;
	make_image(cut);
	if (image_check_files(cut_dir.path, &life, state->now, why) != 0
	    || image_check(cut_dir.path, cut_dir.file, NULL, 0, &hash, why) != 0)
		report(state, cut, why);
	else if (since != 0 && !was_a_state(hash, since, state->now))
		report(
		    state, cut, "LOST: the tables are not as at any commit since the last answer");
	tempdir_remove(&cut_dir);
}

/* ---- all cuts at one moment ------------------------------------------------------------------ */

struct walk {
	struct disk_state state;
	size_t n;     /* cuts so far */
	size_t total; /* of all cuts */
	long wanted;  /* how many of them to try */
	bool only_counts;
	uint64_t seed;
};

static uint64_t
scramble(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static void
visit(struct walk *w, struct disk_cut cut)
{
	uint64_t chance = scramble(w->seed + ++w->n);

	cut.seed = chance;
	if (w->only_counts
	    || (w->wanted != LONG_MAX && (int64_t)(chance % w->total) >= (int64_t)w->wanted))
		return;
	try_cut(&w->state, &cut);
	if (faults_whole() && n_cuts % 500 == 0)
		fprintf(stderr, "\r%ld cuts, %ld wrong ", n_cuts, n_wrong);
}

static void
visit_torn(struct walk *w, enum disk_data data)
{
	size_t all = w->state.sectors, some[] = { 1, all / 2, all - 1 };

	for (size_t i = 0; i < 3; i++)
		if (some[i] > 0 && some[i] < all && (i == 0 || some[i] != some[i - 1]))
			visit(w, (struct disk_cut){ .data = data, .n = some[i] });
}

static void
visit_writes(struct walk *w)
{
	size_t writes = w->state.writes;

	/* The pages of a large transaction or checkpoint are alike. */
	if (writes > MANY_WRITES && writes % ONE_OF != 0) {
		visit(w, (struct disk_cut){ .data = DISK_SOME_SECTORS });
		return;
	}
	visit(w, (struct disk_cut){ .data = DISK_KEPT });
	visit(w, (struct disk_cut){ .data = DISK_SIZES });
	visit_torn(w, DISK_TORN);
	visit_torn(w, DISK_TORN_TAIL);
	visit(w, (struct disk_cut){ .data = DISK_SOME_SECTORS });
	visit(w, (struct disk_cut){ .data = DISK_SOME_SECTORS });
	if (writes < 2)
		return;
	visit(w, (struct disk_cut){ .data = DISK_LAST_ONLY });
	visit(w, (struct disk_cut){ .data = DISK_SOME_WRITES });
	visit(w, (struct disk_cut){ .data = DISK_SOME_WRITES });
	/* The write before, the oldest, and two between. */
	visit(w, (struct disk_cut){ .data = DISK_WITHOUT, .n = writes - 2 });
	for (size_t i = 0; writes > 2 && i < 3; i++)
		visit(w, (struct disk_cut){ .data = DISK_WITHOUT, .n = i * (writes - 2) / 3 });
}

static void
visit_names(struct walk *w)
{
	static const enum disk_data data[] = { DISK_KEPT, DISK_LOST, DISK_SOME_SECTORS };

	for (size_t d = 0; d < sizeof(data) / sizeof(*data); d++) {
		visit(w, (struct disk_cut){ .data = data[d], .names = DISK_NAMES_LOST });
		for (size_t i = 0; w->state.names > 1 && i < w->state.names; i++) {
			visit(w, (struct disk_cut){
				     .data = data[d], .names = DISK_NAMES_WITHOUT, .name = i });
			visit(w, (struct disk_cut){
				     .data = data[d], .names = DISK_NAMES_ONLY, .name = i });
		}
	}
}

static bool
is_ack(size_t moment)
{
	for (size_t i = 0; i < life.n_acks; i++)
		if (life.acks[i] == moment)
			return true;
	return false;
}

static void
walk(struct walk *w)
{
	w->n = 0;
	disk_replay_begin();
	while (disk_replay_next(&w->state)) {
		enum disk_op op = w->state.op;

		if (op == DISK_WRITE || op == DISK_TRUNCATE)
			visit_writes(w);
		else
			visit(w, (struct disk_cut){ .data = DISK_KEPT });
		if (op == DISK_SYNC || op == DISK_SYNC_NAMES || is_ack(w->state.now))
			visit(w, (struct disk_cut){ .data = DISK_LOST, .names = DISK_NAMES_LOST });
		if (w->state.names > 0)
			visit_names(w);
	}
	disk_replay_end();
}

/* ---- the life, and its states ---------------------------------------------------------------- */

static void
record_life(void)
{
	tempdir_make(&lived);
	disk_watch(lived.path);
	life_live(&life, lived.path, lived.file);
	disk_stop();
}

static void
forget_life(void)
{
	life_free(&life);
	tempdir_remove(&lived);
}

/* Keeps every promise at each commit and each acknowledgment, with nothing lost. */
static void
find_states(void)
{
	const struct disk_cut kept = { .data = DISK_KEPT };
	struct disk_state state;
	char why[IMAGE_WHY];

	n_states = 0;
	disk_replay_begin();
	while (disk_replay_next(&state)) {
		if (state.now < life.opened
		    || (!state.is_commit && !is_ack(state.now) && state.now != life.opened))
			continue;
		assert_true(n_states < STATES);
		make_image(&kept);
		if (image_check(
			cut_dir.path, cut_dir.file, &life, state.now, &states[n_states].hash, why)
		    != 0)
			report(&state, &kept, why);
		states[n_states++].moment = state.now;
		tempdir_remove(&cut_dir);
	}
	disk_replay_end();
}

static void
every_cut_leaves_what_was_acknowledged(void **state)
{
	struct walk w = { .only_counts = true, .seed = faults_seed() };

	(void)state;
	record_life();
	assert_int_equal(life.n_failed, 0);
	find_states();
	if (n_wrong > 0)
		fail_msg("an acknowledgment came too early, or the audit is not truthful");
	walk(&w);
	w.total = w.n;
	w.only_counts = false;
	w.wanted = faults_runs(SMALL_CUTS);
	walk(&w);
	print_message("# %zu calls, %zu syncs and answers, %zu states, %ld of %zu cuts\n",
	    disk_now(), life.n_acks, n_states, n_cuts, w.total);
	faults_result(n_cuts, n_wrong);
	assert_int_equal(n_wrong, 0);
	forget_life();
}

/* ---- one sync fails -------------------------------------------------------------------------- */

/*
 * The power fails at later answers and syncs, one of so many; what the failed sync should have
 * written is lost in any case.
 */
static void
cut_after_failed_sync(int nth, unsigned one_of)
{
	const struct disk_cut lost = { .data = DISK_LOST, .names = DISK_NAMES_LOST };
	struct disk_state state;
	char why[IMAGE_WHY];
	uint64_t hash;

	disk_replay_begin();
	while (disk_replay_next(&state)) {
		if (!is_ack(state.now)
		    || (state.now != disk_now()
			&& scramble(faults_seed() + state.now) % one_of != 0))
			continue;
		n_cuts++;
		make_image(&lost);
		if (image_check(cut_dir.path, cut_dir.file, &life, state.now, &hash, why) != 0) {
			print_message("# sync %d fails:\n", nth);
			report(&state, &lost, why);
		}
		tempdir_remove(&cut_dir);
	}
	disk_replay_end();
}

static void
a_failed_sync_ends_the_acknowledgments(void **state)
{
	int syncs, tries, step;

	(void)state;
	n_cuts = n_wrong = 0;
	record_life();
	syncs = disk_syncs();
	forget_life();
	step = faults_whole() ? 1 : syncs / SMALL_SYNCS;
	for (int nth = 1 + (int)(faults_seed() % (unsigned)step); nth <= syncs; nth += step) {
		tempdir_make(&lived);
		disk_watch(lived.path);
		disk_fail_sync(nth);
		life_live(&life, lived.path, lived.file);
		disk_stop();
		if (life.acked_when_dead)
			fail_msg("sync %d: something was acknowledged after it failed", nth);
		cut_after_failed_sync(nth, faults_whole() ? 1 : 4);
		forget_life();
	}
	tries = (syncs + step - 1) / step;
	print_message("# %d of %d syncs failed, %ld cuts after them\n", tries, syncs, n_cuts);
	faults_result(n_cuts, n_wrong);
	assert_int_equal(n_wrong, 0);
}

static int
in_memory(void **state)
{
	(void)state;
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_leaves_what_was_acknowledged),
		cmocka_unit_test(a_failed_sync_ends_the_acknowledgments),
	};

	return cmocka_run_group_tests_name("power_cut", tests, in_memory, NULL);
}
