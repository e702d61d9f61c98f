/* Whether a URL leads to this machine. Pure; any thread. */
#ifndef DISPATCH_LOOPBACK_H
#define DISPATCH_LOOPBACK_H

/* 1 or 0: whether the host of the URL is a loopback address; -1 when it is no URL. */
int loopback_is_url(const char *url);

#endif
