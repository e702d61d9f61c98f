/*
 * Applies each site's choice of events to forward (event/mapping/admit) once the sender is known.
 * Keeps a copy of the sites' mapping options, which a reload replaces. Fails only without memory.
 */
#include "ingest/admission.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "event/mapping/admit.h"
#include "event/segment/person.h"
#include "ingest/ingest.h"

struct admission_site {
	int64_t site_id;
	struct mapping_options mapping;
	bool erase; /* the site erases persons for delete calls */
	char **ignore_ids;
	size_t n_ignore_ids;
};

struct admission {
	size_t n;
	struct admission_site sites[];
};

static int
add_site(struct admission *a, const struct ingest_site_options *o, struct err *e)
{
	struct admission_site *site = &a->sites[a->n++];

	*site = (struct admission_site){ o->site_id, o->mapping, o->erase, NULL, 0 };
	site->ignore_ids = calloc(o->n_ignore_ids + 1, sizeof(*site->ignore_ids));
	if (site->ignore_ids == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < o->n_ignore_ids; i++) {
		site->ignore_ids[i] = strdup(o->ignore_ids[i]);
		if (site->ignore_ids[i] == NULL)
			return err_nomem(e);
		site->n_ignore_ids++;
	}
	return 0;
}

int
admission_new(const struct ingest_site_options *sites, size_t n, struct admission **ret_admission,
    struct err *e)
{
	struct admission *a = calloc(1, sizeof(*a) + n * sizeof(a->sites[0]));

	if (a == NULL)
		return err_nomem(e);
	for (size_t i = 0; i < n; i++) {
		if (add_site(a, &sites[i], e) != 0) {
			admission_free(a);
			return -1;
		}
	}
	*ret_admission = a;
	return 0;
}

void
admission_free(struct admission *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < a->sites[i].n_ignore_ids; k++)
			free(a->sites[i].ignore_ids[k]);
		free(a->sites[i].ignore_ids);
	}
	free(a);
}

static const struct admission_site *
find_site(const struct admission *a, int64_t site_id)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->sites[i].site_id == site_id)
			return &a->sites[i];
	return NULL;
}

/* Anybody who can open a page can send the same requests as its browser, so a browser's request
 * never erases a person. */
static void
apply_to_delete(bool browser, struct segment_event *event)
{
	event->status = STATUS_DISCARDED;
	event->reason = browser ? mapping_reserved_type : "erasure";
	event->erases = !browser;
}

static void
apply_mapping(
    const struct mapping_options *o, const struct segment_origin *from, struct segment_event *event)
{
	const struct admit_facts facts = {
		.kind = event->kind,
		.name = event->name,
		.browser = from->browser,
		.integrations = {
			.own = event->integrations,
			.batch = from->integrations,
			.older_body = event->older_integrations ? event->body : SLICE_NONE,
			.older_context = from->older_integrations ? from->context : SLICE_NONE,
		},
	};
	const char *reason = admit_event(o, &facts);

	if (reason != NULL) {
		event->reason = reason;
		event->status = mapping_status(reason);
	} else if (event->email.p == NULL) {
		event->reason = segment_why_no_email(event);
		event->status = STATUS_INVALID;
	} else {
		event->reason = NULL;
		event->status = STATUS_PENDING;
	}
}

static bool
is_ignored(const struct admission_site *site, struct slice id)
{
	for (size_t i = 0; i < site->n_ignore_ids; i++)
		if (strlen(site->ignore_ids[i]) == id.n
		    && strncasecmp(site->ignore_ids[i], id.p, id.n) == 0)
			return true;
	return false;
}

/* Drops ids that the site's configuration ignores: they are not stored, not looked up, and never
 * used as an address. */
static void
drop_ignored_ids(const struct admission_site *site, struct segment_event *event)
{
	if (event->user_id.p != NULL && is_ignored(site, event->user_id)) {
		if (event->email_from == PERSON_USER_ID)
			event->email = SLICE_NONE;
		event->user_id = SLICE_NONE;
	}
	if (event->anonymous_id.p != NULL && is_ignored(site, event->anonymous_id))
		event->anonymous_id = SLICE_NONE;
	if (event->previous_id.p != NULL && is_ignored(site, event->previous_id))
		event->previous_id = SLICE_NONE;
}

/* Whether the event is invalid at every site. A Segment call that only lacks an address is not: a
 * site may still find an address by the ids, or discard the call because it excludes Bento. */
static bool
is_decided(const struct segment_event *event)
{
	bool is_bento = event->kind == KIND_BENTO || event->kind == KIND_SUBSCRIBER;

	return event->status == STATUS_INVALID && (is_bento || !segment_lacks_address(event));
}

/* A central spooler decides about the event, and about whom it is. */
static void
pass_on(struct segment_event *event)
{
	event->status = STATUS_PENDING;
	event->reason = NULL;
}

static void
apply_to_event(const struct admission_site *site, const struct segment_origin *from,
    struct segment_event *event)
{
	drop_ignored_ids(site, event);
	if (is_decided(event))
		return;
	if (site->mapping.forward)
		pass_on(event);
	else if (event->kind == KIND_DELETE && site->erase)
		apply_to_delete(from->browser, event);
	else
		apply_mapping(&site->mapping, from, event);
}

void
admission_apply(const struct admission *a, int64_t site_id, struct segment_request *r, bool browser)
{
	const struct admission_site *site = find_site(a, site_id);
	const struct segment_origin here = {
		.context = r->context,
		.integrations = r->integrations,
		.older_integrations = r->older_integrations,
		.browser = browser,
	};

	for (size_t i = 0; site != NULL && i < r->n_events; i++)
		apply_to_event(site, r->n_origins > 0 ? &r->origins[i] : &here, &r->events[i]);
}
