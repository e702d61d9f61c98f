/*
 * Included before each file that check-tidy looks at. clang-tidy sees one file at a time; these
 * tell it what errors promise everywhere: the functions that set one return -1.
 */
#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_wrap(...) (err_wrap(__VA_ARGS__), -1)
#define err_nomem(e) (err_nomem(e), -1)
