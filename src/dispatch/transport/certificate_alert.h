/* Whether a server refused the client's certificate, or its absence. Pure; any thread. */
#ifndef DISPATCH_TRANSPORT_CERTIFICATE_ALERT_H
#define DISPATCH_TRANSPORT_CERTIFICATE_ALERT_H

/*
 * Reads libcurl's error text, in which OpenSSL's code names the alert that the server sent. Returns
 * what the server said of the certificate, as the beginning of a sentence for people; NULL when it
 * said nothing about one.
 */
const char *certificate_alert(const char *error);

#endif
