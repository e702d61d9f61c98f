/* OpenSSL's headers. They call a type ERR_STATE, which is a code in base/err.h. */
#ifndef TLS_OPENSSL_PRIVATE_H
#define TLS_OPENSSL_PRIVATE_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
