/*
 * What identity.c, which learns from events, and identity_merge.c, which takes over what another
 * outbox knew, do to the rows. Private to outbox/.
 */
#ifndef OUTBOX_WRITE_IDENTITY_PRIVATE_H
#define OUTBOX_WRITE_IDENTITY_PRIVATE_H

#include "outbox/file/db.h"
#include "outbox/write/identity.h"

/* Compared by their addresses, too. */
extern const char identity_user[];
extern const char identity_anonymous[];

struct lesson {
	struct db *db;
	int64_t site_id;
	int64_t event_id; /* 0: none of ours told it */
	int64_t when;     /* it happened */
	struct slice email;
	char found[IDENTITY_EMAIL_SIZE]; /* where it is, when the call did not carry it */
	struct slice user_id;
	int64_t person[IDENTITY_PERSONS]; /* of the ids noted */
	size_t n;
	int64_t added;
	struct err *e;
};

/* The row of an id. */
struct known {
	int64_t identity_id;
	int64_t person;
	bool newest;                        /* no address that was told later is known of it */
	bool newest_named;                  /* nor was it named with a userId later */
	bool with_other;                    /* it came with another userId */
	char with_user[SEGMENT_ID_MAX + 1]; /* "": with none */
};

/* 1: there is one. 0: none. -1. */
int lesson_look(struct lesson *l, const char *kind, struct slice id, struct known *ret);
int lesson_add(struct lesson *l, const char *kind, struct slice id, int64_t person);
/* Renews its row; of an anonymous id also with which userId it came. */
int lesson_touch(struct lesson *l, const char *kind, const struct known *known);
/* How many users this person is, and whether user_id is one of them. */
int lesson_read_users(
    struct lesson *l, int64_t person, int64_t *ret_n, bool *ret_has, struct slice user_id);
/* The lesson's address, unless the person knows a later one. */
int lesson_teach(struct lesson *l, int64_t person);
/* 1: `from` is `to` from now on. 0: they are too many, and stay apart. */
int lesson_join(struct lesson *l, int64_t to, int64_t from);

#endif
