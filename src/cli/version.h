/* Who we are. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

extern const char version_number[]; /* "1.0.0" */
extern const char version_agent[];  /* "bentospool/1.0.0" */

#endif
