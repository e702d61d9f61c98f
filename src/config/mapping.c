/*
 * Translates the settings of a site into the options of the mapping. All that map events (the
 * dispatcher, ingest, and reports that say what was or would be sent) get the same options.
 */
#include "config/mapping.h"

#include <stdio.h>
#include <string.h>

void
config_mapping(const struct config_site *s, struct mapping_options *ret)
{
	*ret = (struct mapping_options){
		.unique_key = s->unique_key,
		.send_date = s->send_date,
		.omit_arrays = strcmp(s->arrays, "omit") == 0,
		.change_email = strcmp(s->alias, "change_email") == 0,
		.forward = s->upstream[0] != '\0',
	};
	/* Nothing below can fail. */
	(void)mapping_identify_parse(s->identify, &ret->identify);
	(void)mapping_reserved_parse(s->reserved_types, &ret->reserved);
	snprintf(ret->page, sizeof(ret->page), "%s", s->page);
	snprintf(ret->screen, sizeof(ret->screen), "%s", s->screen);
	snprintf(ret->group, sizeof(ret->group), "%s", s->group);
	for (size_t i = 0; i < s->fields.n; i++)
		(void)trait_names_add(&ret->fields, s->fields.item[i], NULL);
	for (size_t i = 0; i < s->rules.n; i++)
		(void)rules_add(&ret->rules, s->rules.item[i], NULL);
	snprintf(ret->integration, sizeof(ret->integration), "%s", s->integration_name);
}
