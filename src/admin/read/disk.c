/* All programs on the disk count, because each of them may fill it. */
#include "admin/read/disk.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS 3600000.0
#define NOTES (DISK_MINUTES + 1)

void
disk_note(struct disk_history *h, int64_t now, int64_t free_bytes)
{
	if (h->n > 0 && now - h->note[(h->next + NOTES - 1) % NOTES].at < MINUTE_MS)
		return;
	h->note[h->next].at = now;
	h->note[h->next].free_bytes = free_bytes;
	h->next = (h->next + 1) % NOTES;
	if (h->n < NOTES)
		h->n++;
}

bool
disk_growth(const struct disk_history *h, int64_t now, int64_t free_bytes, double *ret_per_hour)
{
	size_t oldest = (h->next + NOTES - h->n) % NOTES;
	int64_t ms = h->n == 0 ? 0 : now - h->note[oldest].at;

	if (ms < DISK_LEAST_MS)
		return false;
	*ret_per_hour = (double)(h->note[oldest].free_bytes - free_bytes) * HOUR_MS / (double)ms;
	return true;
}

double
disk_hours(int64_t free_bytes, int64_t min_free, double per_hour)
{
	if (free_bytes <= min_free)
		return 0;
	return per_hour > 0 ? (double)(free_bytes - min_free) / per_hour : -1;
}
