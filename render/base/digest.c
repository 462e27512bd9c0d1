/*
 * SHA-256 by itself and not by way of EVP: that looks for a provider in OpenSSL's configuration, which costs a program that only
 * renders two MiB and some milliseconds, and every digest a search. OpenSSL calls it deprecated for that reason, and keeps it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "render/base/digest.h"

#include <openssl/sha.h>

void digest_of(const void *bytes, size_t len, char out[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[SHA256_DIGEST_LENGTH];
	SHA256_CTX sha;
	(void)SHA256_Init(&sha);
	(void)SHA256_Update(&sha, bytes, len);
	(void)SHA256_Final(raw, &sha);
	for (size_t i = 0; i < sizeof raw; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[64] = '\0';
}
