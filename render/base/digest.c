#include "render/base/digest.h"

#include <assert.h>
#include <openssl/evp.h>

void digest_of(const void *bytes, size_t len, char out[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned int raw_len = 0;
	int ok = EVP_Digest(bytes, len, raw, &raw_len, EVP_sha256(), NULL);
	assert(ok == 1 && raw_len == 32);
	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[64] = '\0';
}
