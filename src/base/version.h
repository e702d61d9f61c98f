/* The program's version. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char version_number[]; /* "1.0.0" */
extern const char version_agent[];  /* "bentospool/1.0.0" */

#endif
