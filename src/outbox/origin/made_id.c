/* Makes messageIds: random UUIDs of version 4. Cannot fail. */
#include "outbox/origin/made_id.h"

#include <stdio.h>

struct slice
made_id(struct rand *rand, char text[MADE_ID_SIZE])
{
	uint64_t a = rand_u64(rand), b = rand_u64(rand);

	snprintf(text, MADE_ID_SIZE, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
	    (unsigned)(0x8000 | (b >> 48 & 0x3fff)), (unsigned long long)(b & 0xffffffffffff));
	return (struct slice){ text, MADE_ID_SIZE - 1 };
}
