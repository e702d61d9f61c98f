/* The program's version, as AC_INIT in configure.ac states it. */
#include "base/version.h"

const char version_number[] = PACKAGE_VERSION;
const char version_agent[] = PACKAGE_NAME "/" PACKAGE_VERSION;
