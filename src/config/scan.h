/*
 * A first look at the file, for what libConfuse takes without a word or refuses without saying what
 * is allowed: keys and sections given twice, unknown ones, a list where one value belongs. Pure.
 */
#ifndef CONFIG_SCAN_H
#define CONFIG_SCAN_H

#include "base/err.h"

/* 0, or -1 with "FILE:LINE: ..." for the first such key. Broken syntax is left to libConfuse. */
int config_scan(const char *file, const char *text, struct err *e);

#endif
