/*
 * Included before each file that check-tidy checks. clang-tidy sees one file at a time, so this
 * file declares what holds everywhere: functions that set an error return -1.
 */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_file(...) (err_file(__VA_ARGS__), -1)
#define err_wrap(...) (err_wrap(__VA_ARGS__), -1)
#define err_nomem(e) (err_nomem(e), -1)
