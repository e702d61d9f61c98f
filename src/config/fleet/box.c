/* Names and keys of boxes, as a setting or a file has them. Fails on a text that is not NAME KEY.
 */
#include "config/fleet/box.h"

#include <ctype.h>
#include <string.h>

void
box_split(const char *text, struct slice *ret_name, struct slice *ret_key)
{
	size_t n = strcspn(text, " \t");

	*ret_name = (struct slice){ text, n };
	*ret_key = slice_from(text + n + strspn(text + n, " \t"));
}

static int
check_key(struct slice key, struct err *e)
{
	if (key.n < BOX_KEY_MIN || key.n > BOX_KEY_MAX)
		return err_set(e, ERR_INPUT,
		    "must have a key of %d to %d characters: make one with openssl rand -hex 24",
		    BOX_KEY_MIN, BOX_KEY_MAX);
	for (size_t i = 0; i < key.n; i++)
		if (!isgraph((unsigned char)key.p[i]) || strchr(":\"'", key.p[i]) != NULL)
			return err_set(e, ERR_INPUT,
			    "must have a key without blanks, colons, quotes and characters beyond "
			    "ASCII");
	return 0;
}

int
box_check(const char *text, struct err *e)
{
	struct slice name, key;

	box_split(text, &name, &key);
	if (!box_name_is_valid(name))
		return err_set(e, ERR_INPUT,
		    "must be NAME KEY, where the name has 1 to %d letters, digits, dots, hyphens "
		    "and underscores",
		    BOX_NAME_MAX);
	return check_key(key, e);
}

int
box_check_key(const char *text, struct err *e)
{
	return text[0] == '\0' ? 0 : check_key(slice_from(text), e);
}
