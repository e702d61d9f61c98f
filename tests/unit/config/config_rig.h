/* What the tests of the configuration share: a temporary directory for each test. */
#ifndef CONFIG_RIG_H
#define CONFIG_RIG_H

#include <sys/stat.h>

#include "config/config.h"

/* What every site needs. */
#define CONFIG_RIG_KEYS "site_uuid=u\n publishable_key=p\n secret_key=s\n"

#define CONFIG_TEST(test) cmocka_unit_test_setup_teardown(test, config_rig_make, config_rig_remove)

extern char config_rig_folder[64];
extern char config_rig_conf[96]; /* the file that config_rig_load and config_rig_refuses write */

int config_rig_make(void **state);
int config_rig_remove(void **state);
/* Writes conf, secret or keys; returns its path until the next call. */
const char *config_rig_write(const char *name, const char *text, mode_t mode);
/* The caller frees it with config_free. */
struct config *config_rig_load(const char *text);
void config_rig_accepts(const char *text);
/* The message must contain the words; "%" at their beginning stands for the file's name. */
void config_rig_refuses(const char *text, const char *words);

#endif
