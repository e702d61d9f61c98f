/* The version, from AC_INIT in configure.ac, which is its only place. */
#include "base/version.h"

const char version_number[] = PACKAGE_VERSION;
const char version_agent[] = PACKAGE_NAME "/" PACKAGE_VERSION;
