/*
 * SHA-256 as lower-case hexadecimal text (FIPS 180-4, by OpenSSL).
 */
#ifndef RENDER_BASE_DIGEST_H
#define RENDER_BASE_DIGEST_H

#include <stddef.h>

enum { DIGEST_TEXT = 65 }; /* 64 digits and a NUL */

void digest_of(const void *bytes, size_t len, char out[DIGEST_TEXT]);

#endif
