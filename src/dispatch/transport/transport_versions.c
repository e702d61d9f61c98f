/*
 * Returns the versions of libcurl and its TLS library. A file of its own, so that the verb
 * `version` links nothing else of the transport.
 */
#include "dispatch/transport/transport.h"

#include <curl/curl.h>

void
transport_curl_versions(const char **ret_curl, const char **ret_tls)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	*ret_curl = info->version;
	*ret_tls = info->ssl_version == NULL ? "no TLS" : info->ssl_version;
}
