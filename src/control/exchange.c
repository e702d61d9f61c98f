/*
 * The common part of all exchanges: adding to a request, and copying results between a message and
 * JSON by a table of fields. Adding fails only without memory. The request must not be sent then:
 * without its dry_run, for example, it would make a change instead of counting.
 */
#include "control/exchange.h"

#include <cjson/cJSON.h>
#include <string.h>

void
results_write(
    const struct result_field *fields, const struct outbox_msg *msg, bool without_ids, cJSON *to)
{
	for (; fields->name != NULL; fields++) {
		int64_t value;

		memcpy(&value, (const char *)msg + fields->offset, sizeof(value));
		if (value != 0 || !fields->is_id || !without_ids)
			cJSON_AddNumberToObject(to, fields->name, (double)value);
	}
}

void
results_read(const struct result_field *fields, const cJSON *from, struct outbox_msg *msg)
{
	for (; fields->name != NULL; fields++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, fields->name);
		int64_t value = cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;

		memcpy((char *)msg + fields->offset, &value, sizeof(value));
	}
}

int
exchange_add_text(cJSON *request, const char *name, const char *text)
{
	return text == NULL || cJSON_AddStringToObject(request, name, text) != NULL ? 0 : -1;
}

int
exchange_add_number(cJSON *request, const char *name, int64_t number)
{
	return cJSON_AddNumberToObject(request, name, (double)number) != NULL ? 0 : -1;
}

int
exchange_add_flag(cJSON *request, const char *name, bool value)
{
	return cJSON_AddBoolToObject(request, name, value) != NULL ? 0 : -1;
}
