/*
 * POST /api/act: a person changes events or sites, through the control socket as the command line
 * does. A dry run counts, and shows the first events, but changes nothing. Admin's thread.
 */
#ifndef ADMIN_ACT_ACT_H
#define ADMIN_ACT_ACT_H

struct admin;
struct admin_request;
struct admin_reply;

#define ACT_MAX 4 /* acts under way at once; further ones are refused */

void act_post(struct admin_request *r, struct admin_reply *reply);
/* Answers the changes under way, because the thread ends. Outside of the server's hooks. */
void act_stop_all(struct admin *a);

#endif
