/* Checks the name of a box. It is printed in tables and travels in queries, so it has letters,
 * digits and three marks only. Cannot fail. */
#include "event/box_name.h"

static bool
is_between(char c, char first, char last)
{
	return c >= first && c <= last;
}

bool
box_name_is_valid(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!is_between(c, 'a', 'z') && !is_between(c, 'A', 'Z') && !is_between(c, '0', '9')
		    && c != '-' && c != '_' && c != '.')
			return false;
	}
	return name.n > 0 && name.n <= BOX_NAME_MAX;
}
