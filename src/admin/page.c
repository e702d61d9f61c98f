/* Finds an embedded file, and its type by the end of its name. Nothing fails. */
#include "admin/page.h"

#include <string.h>

#include "admin/routes.h"
#include "admin/state.h"

static const char *
type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot != NULL && strcmp(dot, ".css") == 0)
		return "text/css; charset=utf-8";
	if (dot != NULL && strcmp(dot, ".js") == 0)
		return "text/javascript; charset=utf-8";
	if (dot != NULL && strcmp(dot, ".svg") == 0)
		return "image/svg+xml";
	return "text/html; charset=utf-8";
}

void
page_get(const struct admin_request *r, struct admin_reply *reply)
{
	for (const struct page_file *f = page_files; f->path != NULL; f++)
		if (strcmp(f->path, r->route->path) == 0) {
			reply->type = type_of(f->path);
			buf_append(&reply->body, f->bytes, f->n);
		}
}
