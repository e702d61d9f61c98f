/* The program's version, as AC_INIT in configure.ac states it. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define VERSION_NUMBER PACKAGE_VERSION                 /* "1.0.0" */
#define VERSION_AGENT PACKAGE_NAME "/" PACKAGE_VERSION /* "bentospool/1.0.0" */

#endif
