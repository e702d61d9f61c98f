/* The rig of nth_outbox and nth_reading: an outbox with events in each state, copied for each run.
 */
#include "faults/nth_outbox_rig.h"

#include "lib/unit.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/identity/identity.h"
#include "outbox/operate/operate.h"
#include "outbox/origin/box.h"
#include "outbox/write/requests.h"
#include "unit/outbox/outbox_rig.h"

static char template[PATH_MAX + 32];
static struct tempdir template_dir;

static int64_t
fast_mono(void *arg)
{
	static _Atomic int64_t began;
	int64_t now = clock_mono(&clock_system), unset = 0;

	(void)arg;
	atomic_compare_exchange_strong(&began, &unset, now);
	return now + (now - atomic_load(&began)) * (NTH_FASTER - 1);
}

static int64_t
system_wall(void *arg)
{
	(void)arg;
	return clock_wall(&clock_system);
}

const struct clock nth_clock = { .wall_ms = system_wall, .mono_ms = fast_mono };

static void
settle(int64_t id, enum event_status status)
{
	struct outbox_settle s = {
		.event_ids = &id, .n_events = 1, .status = status, .reason = "too_old"
	};

	assert_int_equal(rig_send(&s.msg, OUTBOX_SETTLE), 0);
}

/* Events 1 to 8: delivered, failed, held, one whose address is unknown, and four pending. */
static void
fill(void)
{
	struct segment_event events[NTH_EVENTS];
	char names[NTH_EVENTS][16];
	struct outbox_put p;
	int64_t first = 1;
	struct outbox_attempt_end end;

	for (int i = 0; i < NTH_EVENTS; i++) {
		snprintf(names[i], sizeof(names[i]), "old-%d", i + 1);
		events[i] = rig_track(names[i]);
	}
	events[3].email = SLICE_NONE;
	events[3].user_id = SLICE("u-1");
	events[3].status = STATUS_INVALID;
	events[3].reason = segment_no_email;
	assert_int_equal(rig_put(events, NTH_EVENTS, &p), 0);
	end = rig_end_of(rig_begin(&first, 1), &first, 1);
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	settle(2, STATUS_FAILED);
	settle(3, STATUS_HELD);
}

static void
copy_file(const char *suffix)
{
	char from[PATH_MAX + 64], to[PATH_MAX + 64];
	struct stat st;
	int in, out;

	snprintf(from, sizeof(from), "%s%s", template, suffix);
	snprintf(to, sizeof(to), "%s%s", rig_dir.file, suffix);
	unlink(to);
	in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return;
	out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(sendfile(out, in, NULL, (size_t)st.st_size), st.st_size);
	close(in);
	close(out);
}

int
nth_open_outbox(void)
{
	struct outbox_options o = {
		.path = rig_dir.file,
		.max_waiting = 100,
		.max_waiting_bytes = 1 << 20,
		.clock = &nth_clock,
	};
	struct identity_site site = { .max_ids = 1000, .waits = true };
	struct err e = { 0 };
	int rc = outbox_open(&o, &rig_outbox, NULL, &e);

	if (rc == 0) {
		rc = outbox_site(rig_outbox, "main", &rig_site, &e);
		site.site_id = rig_site;
		if (rc == 0)
			rc = outbox_identities(rig_outbox, &site, 1, &e);
		if (rc == 0)
			rc = outbox_start(rig_outbox, &e);
		if (rc != 0)
			outbox_close(rig_outbox);
	}
	if (rc != 0) {
		rig_outbox = NULL;
		assert_int_not_equal(e.code, ERR_NONE);
		assert_true(e.text[0] != '\0');
	}
	return rc;
}

int
nth_make_template(void **state)
{
	(void)state;
	nth_make_template_with(NULL);
	return 0;
}

void
nth_make_template_with(void (*more)(void))
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	tempdir_make(&template_dir);
	rig_dir = template_dir;
	assert_int_equal(nth_open_outbox(), 0);
	fill();
	if (more != NULL)
		more();
	rig_close();
	snprintf(template, sizeof(template), "%s", template_dir.file);
	tempdir_make(&rig_dir);
}

/* ---- something of each kind that can be read ---- */

static void
operate(enum operate_verb verb, enum event_status status)
{
	struct outbox_operation op = { .verb = verb, .actor = "ann", .note = "why" };
	struct outbox_filter f;

	outbox_filter_init(&f);
	f.statuses = 1u << status;
	op.filter = &f;
	do
		assert_int_equal(rig_send(&op.msg, OUTBOX_OPERATE), 0);
	while (op.more);
}

static void
add_box(void)
{
	const struct segment_origin origin = { .received_at = 1500, .context = SLICE("{}") };
	const struct box_report box = {
		.name = SLICE("till"), .version = SLICE("1"), .backlog = 3, .oldest_at = 900
	};
	struct segment_event event = rig_track("box-1");
	struct outbox_put p = { .site_id = rig_site,
		.received_at = 2500,
		.events = &event,
		.n_events = 1,
		.origins = &origin,
		.box = &box };

	assert_int_equal(rig_send(&p.msg, OUTBOX_PUT), 0);
}

static void
fill_more(void)
{
	static const int64_t ids[] = { 5, 6 };
	struct outbox_requests r = { .at = 1000,
		.counts = { { "accepted", 7 }, { "not_found", 2 }, { "reused", 1 } },
		.n = 3 };
	struct segment_event who = rig_track("who");
	struct outbox_attempt_end end;
	struct outbox_put p;

	end = rig_end_of(rig_begin(ids, 2), ids, 2);
	end.outcome = OUTCOME_UNKNOWN;
	end.http_status = 500;
	end.error = SLICE("Bento says no");
	end.status = STATUS_PENDING;
	end.next_attempt_at = 1 << 20;
	end.charge = end.maybe_sent = true;
	assert_int_equal(rig_send(&end.msg, OUTBOX_ATTEMPT_END), 0);
	who.kind = KIND_IDENTIFY;
	who.name = SLICE_NONE;
	who.user_id = SLICE("u-2");
	assert_int_equal(rig_put(&who, 1, &p), 0);
	add_box();
	assert_int_equal(rig_send(&r.msg, OUTBOX_REQUESTS), 0);
	operate(OPERATE_DISCARD, STATUS_FAILED);
	operate(OPERATE_REQUEUE, STATUS_DISCARDED);
}

int
nth_make_full_template(void **state)
{
	(void)state;
	nth_make_template_with(fill_more);
	return 0;
}

int
nth_remove_template(void **state)
{
	(void)state;
	tempdir_remove(&rig_dir);
	tempdir_remove(&template_dir);
	return 0;
}

void
nth_copy_template(void)
{
	copy_file("");
	copy_file("-wal");
	copy_file("-shm");
}

void
nth_begin_with_template(void)
{
	nth_copy_template();
	assert_int_equal(nth_open_outbox(), 0);
}
