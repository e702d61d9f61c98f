/* The allocator of cJSON: malloc, and a note for each thread that it failed. */
#include "event/json/json_memory.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static __thread bool lacked;

static void *
allocate(size_t n)
{
	void *p = malloc(n);

	if (p == NULL)
		lacked = true;
	return p;
}

void
json_memory_watch(void)
{
	cJSON_Hooks hooks = { .malloc_fn = allocate, .free_fn = free };

	cJSON_InitHooks(&hooks);
}

bool
json_memory_lacked(void)
{
	bool was = lacked;

	lacked = false;
	return was;
}
