/* The dashboard's page, style and script: files of src/admin/page, embedded when the program is
 * built. Admin's thread. */
#ifndef ADMIN_PAGE_H
#define ADMIN_PAGE_H

#include <stddef.h>

struct admin_request;
struct admin_reply;

/* A file; its path begins with a slash. */
struct page_file {
	const char *path;
	const char *bytes;
	size_t n;
};

/* Ends with a path of NULL; made by src/admin/page/embed.awk. */
extern const struct page_file page_files[];

/* Answers with the file of the route's path. */
void page_get(const struct admin_request *r, struct admin_reply *reply);

#endif
