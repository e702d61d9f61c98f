/*
 * Which events each site forwards (event/mapping/admit), applied to the events of a request after
 * their sender is known. Keeps a copy of the sites' mapping options; a reload replaces it. Fails
 * only without memory.
 */
#include "ingest/admission.h"

#include <stdlib.h>

#include "event/mapping/admit.h"
#include "ingest/ingest.h"

struct admission_site {
	int64_t site_id;
	struct mapping_options mapping;
	bool erase; /* delete calls */
};

struct admission {
	size_t n;
	struct admission_site sites[];
};

int
admission_new(const struct ingest_site_options *sites, size_t n, struct admission **ret_admission,
    struct err *e)
{
	struct admission *a = calloc(1, sizeof(*a) + n * sizeof(a->sites[0]));

	if (a == NULL)
		return err_nomem(e);
	for (a->n = 0; a->n < n; a->n++)
		a->sites[a->n] = (struct admission_site){ sites[a->n].site_id, sites[a->n].mapping,
			sites[a->n].erase };
	*ret_admission = a;
	return 0;
}

void
admission_free(struct admission *a)
{
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

/* Anybody who sees a page could write what a browser sends, so a browser never erases a person. */
static void
apply_to_delete(bool browser, struct segment_event *event)
{
	event->status = STATUS_DISCARDED;
	event->reason = browser ? mapping_reserved_type : "erasure";
	event->erases = !browser;
}

static void
apply_mapping(const struct mapping_options *o, const struct segment_request *r, bool browser,
    struct segment_event *event)
{
	const struct admit_facts facts = {
		.kind = event->kind,
		.name = event->name,
		.browser = browser,
		.integrations = {
			.own = event->integrations,
			.batch = r->integrations,
			.older_body = event->older_integrations ? event->body : SLICE_NONE,
			.older_context = r->older_integrations ? r->context : SLICE_NONE,
		},
	};
	const char *reason = admit_event(o, &facts);

	if (reason != NULL) {
		event->reason = reason;
		event->status = mapping_status(reason);
	} else if (event->email.p == NULL) {
		event->reason = segment_no_email;
		event->status = STATUS_INVALID;
	} else {
		event->reason = NULL;
		event->status = STATUS_PENDING;
	}
}

void
admission_apply(const struct admission *a, int64_t site_id, struct segment_request *r, bool browser)
{
	const struct admission_site *site = find_site(a, site_id);

	for (size_t i = 0; site != NULL && i < r->n_events; i++) {
		struct segment_event *event = &r->events[i];

		if (event->status == STATUS_INVALID && event->reason != segment_no_email)
			continue;
		if (event->kind == KIND_DELETE && site->erase)
			apply_to_delete(browser, event);
		else
			apply_mapping(&site->mapping, r, browser, event);
	}
}
