/*
 * The rows of identities: what identity.c, which learns from events, and identity_merge.c, which
 * takes over persons of another outbox, do to them. Writer's thread, inside its transaction.
 */
#ifndef OUTBOX_WRITE_IDENTITY_PRIVATE_H
#define OUTBOX_WRITE_IDENTITY_PRIVATE_H

#include "outbox/file/db.h"
#include "outbox/write/identity.h"

/* The kinds of ids; also compared by their addresses. */
extern const char identity_user[];
extern const char identity_anonymous[];

/* What one call, or one merge, changes. */
struct identity_update {
	struct db *db;
	int64_t site_id;
	int64_t event_id; /* 0: it does not come from an event of ours */
	int64_t when;     /* when it happened; wall ms */
	struct slice email;
	char found[IDENTITY_EMAIL_SIZE]; /* the email, when the call itself has none */
	struct slice user_id;
	int64_t person[IDENTITY_PERSONS]; /* of the ids of the call */
	size_t n;
	int64_t added; /* rows */
	struct err *e;
};

/* The row of an id. */
struct identity_row {
	int64_t identity_id;
	int64_t person;
	bool newest;                        /* its address is older than this update */
	bool newest_named;                  /* so is the userId that it came with */
	bool with_other;                    /* it came with another userId than this update's */
	char with_user[SEGMENT_ID_MAX + 1]; /* "": it came without one */
};

/* 1, 0 there is no row, -1. */
int identity_row_find(
    struct identity_update *u, const char *kind, struct slice id, struct identity_row *ret);
int identity_row_add(struct identity_update *u, const char *kind, struct slice id, int64_t person);
/* Marks the row as taught now; of an anonymous id also the userId that it came with. */
int identity_row_touch(
    struct identity_update *u, const char *kind, const struct identity_row *known);
/* How many userIds the person has, and whether user_id is among them. */
int identity_count_users(
    struct identity_update *u, int64_t person, int64_t *ret_n, bool *ret_has, struct slice user_id);
/* Gives the person the update's address, unless a later one is known. */
int identity_set_email(struct identity_update *u, int64_t person);
/* 1: the ids of `from` now belong to `to`. 0: there would be too many ids; nothing changed. -1. */
int identity_join_persons(struct identity_update *u, int64_t to, int64_t from);

#endif
