/*
 * Syntax of URLs and listening addresses, checked by hand because the messages say what is allowed.
 * A check fails with "must ..." for the first fault; no name is looked up.
 */
#include "config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/loopback.h"

#define HOST_MAX 253

struct authority {
	char host[HOST_MAX + 1];
	bool bracketed; /* [IPv6] */
	const char *rest;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_host_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'
	       || c == '.';
}

static bool
host_is_valid(const struct authority *a)
{
	unsigned char ip[sizeof(struct in6_addr)];

	if (a->bracketed)
		return inet_pton(AF_INET6, a->host, ip) == 1;
	for (const char *p = a->host; *p != '\0'; p++)
		if (!is_host_byte(*p))
			return false;
	return a->host[0] != '\0' && a->host[0] != '-' && a->host[0] != '.';
}

/* Reads the host and keeps what follows. Returns -1 when the host is empty, too long or has wrong
 * bytes. */
static int
read_host(const char *text, struct authority *ret)
{
	size_t n;

	ret->bracketed = text[0] == '[';
	text += ret->bracketed;
	n = strcspn(text, ret->bracketed ? "]" : ":/");
	if (n > HOST_MAX || (ret->bracketed && text[n] != ']'))
		return -1;
	memcpy(ret->host, text, n);
	ret->host[n] = '\0';
	ret->rest = text + n + ret->bracketed;
	return host_is_valid(ret) ? 0 : -1;
}

/* Reads a decimal port from 0 to 65535. Returns the text behind it, or NULL. */
static const char *
skip_port(const char *p, long min)
{
	long port = 0;
	int digits = 0;

	for (; is_digit(*p) && digits < 6; p++, digits++)
		port = port * 10 + (*p - '0');
	return digits > 0 && digits < 6 && port >= min && port <= 65535 ? p : NULL;
}

static bool
path_is_plain(const char *p)
{
	if (*p != '\0' && *p != '/')
		return false;
	for (; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("?#\"<>\\^`{|}", *p) != NULL)
			return false;
	return true;
}

int
address_check_url(const char *text, struct err *e)
{
	static const char https[] = "https://", http[] = "http://";
	bool safe = strncmp(text, https, sizeof(https) - 1) == 0;
	struct authority a;

	if (!safe && strncmp(text, http, sizeof(http) - 1) != 0)
		return err_set(e, ERR_INPUT, "must begin with https://");
	text += safe ? sizeof(https) - 1 : sizeof(http) - 1;
	if (memchr(text, '@', strcspn(text, "/")) != NULL)
		return err_set(e, ERR_INPUT,
		    "must not hold a user or password: secrets have settings of their own");
	if (read_host(text, &a) != 0)
		return err_set(e, ERR_INPUT, "must name a host after the two slashes");
	if (*a.rest == ':' && (a.rest = skip_port(a.rest + 1, 1)) == NULL)
		return err_set(e, ERR_INPUT, "must have a port from 1 to 65535 after the colon");
	if (!path_is_plain(a.rest))
		return err_set(e, ERR_INPUT,
		    "must be https://HOST[:PORT][/PATH], without query, fragment or spaces");
	if (!safe && !loopback_host(a.host))
		return err_set(e, ERR_INPUT,
		    "must begin with https://: http:// is for loopback addresses only, because "
		    "keys and events would travel in the clear");
	return 0;
}

int
address_check_api_url(const char *text, struct err *e)
{
	const char *path;

	if (address_check_url(text, e) != 0)
		return -1;
	path = strchr(strstr(text, "://") + 3, '/');
	if (path == NULL || path[1] == '\0')
		return err_set(e, ERR_INPUT, "has no path: Bento's API is at /api/v1 of its host");
	/* bentospool adds the path of each request */
	if (strstr(path, "/batch") != NULL || strstr(path, "/fetch") != NULL)
		return err_set(e, ERR_INPUT, "must end before /batch and /fetch");
	return 0;
}

/* Whether an IPv6 address is written as browsers write it; capital letters make no difference. */
static bool
is_shortest(const struct authority *a)
{
	unsigned char ip[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	return inet_pton(AF_INET6, a->host, ip) == 1
	       && inet_ntop(AF_INET6, ip, text, sizeof(text)) != NULL
	       && strcasecmp(text, a->host) == 0;
}

/* Browsers send an origin in one form, so another one would never match. */
int
address_check_origin(const char *text, struct err *e)
{
	struct authority a;
	const char *host;
	bool safe;

	if (address_check_url(text, e) != 0)
		return -1;
	host = strstr(text, "://") + 3;
	safe = strncmp(text, "https", 5) == 0;
	if (read_host(host, &a) != 0 || strchr(host, '/') != NULL)
		return err_set(e, ERR_INPUT,
		    "must be https://HOST[:PORT], without a path: not even a slash follows");
	if (strcmp(a.rest, safe ? ":443" : ":80") == 0)
		return err_set(
		    e, ERR_INPUT, "must not have the port %s: browsers leave it out", a.rest + 1);
	if (a.rest[0] == ':' && a.rest[1] == '0')
		return err_set(e, ERR_INPUT,
		    "must have a port without leading zeros: browsers leave them out");
	if (a.bracketed && !is_shortest(&a))
		return err_set(e, ERR_INPUT,
		    "must have the shortest form of the IPv6 address, as browsers show it");
	return 0;
}

static const char unix_prefix[] = "unix:", tls_prefix[] = "tls:";

static int
check_unix(const char *path, struct err *e)
{
	struct sockaddr_un un;

	if (path[0] != '/')
		return err_set(e, ERR_INPUT, "must have an absolute path after unix:");
	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_INPUT,
		    "must have a path of at most %zu bytes after unix:", sizeof(un.sun_path) - 1);
	return 0;
}

static const char *
skip_tls(const char *listen)
{
	return address_is_tls(listen) ? listen + sizeof(tls_prefix) - 1 : listen;
}

bool
address_is_tls(const char *listen)
{
	return strncmp(listen, tls_prefix, sizeof(tls_prefix) - 1) == 0;
}

int
address_check_listen(const char *text, struct err *e)
{
	unsigned char ip[sizeof(struct in_addr)];
	struct authority a;
	const char *end;

	if (strncmp(text, unix_prefix, sizeof(unix_prefix) - 1) == 0)
		return check_unix(text + sizeof(unix_prefix) - 1, e);
	text = skip_tls(text);
	if (read_host(text, &a) != 0 || (!a.bracketed && inet_pton(AF_INET, a.host, ip) != 1)
	    || *a.rest != ':' || (end = skip_port(a.rest + 1, 0)) == NULL || *end != '\0')
		return err_set(e, ERR_INPUT,
		    "must be ADDRESS:PORT with a numeric address (\"127.0.0.1:7300\", "
		    "\"[::1]:7300\", \"tls:0.0.0.0:7443\") or \"unix:/path\"");
	return 0;
}

bool
address_is_local(const char *listen)
{
	struct authority a;

	if (strncmp(listen, unix_prefix, sizeof(unix_prefix) - 1) == 0)
		return true;
	return read_host(skip_tls(listen), &a) == 0 && loopback_host(a.host);
}

struct endpoint {
	int family;
	unsigned char ip[sizeof(struct in6_addr)];
	long port;
};

static bool
read_endpoint(const char *listen, struct endpoint *ret)
{
	struct authority a;

	*ret = (struct endpoint){ 0 };
	if (read_host(skip_tls(listen), &a) != 0 || *a.rest != ':')
		return false;
	ret->family = a.bracketed ? AF_INET6 : AF_INET;
	ret->port = strtol(a.rest + 1, NULL, 10);
	return inet_pton(ret->family, a.host, ret->ip) == 1;
}

/* Whether the endpoint takes its port at all addresses of its family. */
static bool
is_everywhere(const struct endpoint *p)
{
	static const unsigned char any[sizeof(p->ip)];

	return memcmp(p->ip, any, sizeof(any)) == 0;
}

bool
address_collides(const char *listen, const char *other)
{
	struct endpoint a, b;

	if (strcmp(listen, other) == 0
	    && strncmp(listen, unix_prefix, sizeof(unix_prefix) - 1) == 0)
		return true;
	if (!read_endpoint(listen, &a) || !read_endpoint(other, &b))
		return false;
	return a.port != 0 && a.port == b.port && a.family == b.family
	       && (is_everywhere(&a) || is_everywhere(&b) || memcmp(a.ip, b.ip, sizeof(a.ip)) == 0);
}
