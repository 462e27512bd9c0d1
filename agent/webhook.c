#include "agent/webhook.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "render/base/buf.h"

enum { MAC = SHA256_DIGEST_LENGTH };

/* How a header proves that the token is known. */
enum proof { PROOF_TOKEN, PROOF_HEX, PROOF_PREFIX, PROOF_EITHER };

static const struct header {
	const char *name;
	enum proof proof;
} headers[] = {
	{ "X-Hub-Signature-256", PROOF_PREFIX },
	{ "X-Gitea-Signature", PROOF_HEX },
	{ "X-Signature", PROOF_EITHER },
	{ "X-Gitlab-Token", PROOF_TOKEN },
};

struct webhook {
	EVP_MD_CTX *mac; /* NULL once it is over */
	EVP_PKEY *key;
	unsigned char token[MAC]; /* HMAC of the token with a key of this call */
	unsigned char once[MAC];  /* that key */
	bool known;               /* there is a token */
	bool wrong;               /* a header was */
	unsigned char given[ARRAY_LEN(headers)][MAC];
	bool seen[ARRAY_LEN(headers)];
};

static const char *const sha256_prefix = "sha256=";

/* A DNS label or, for names, several with dots between; what Kubernetes takes and nothing else. */
static bool take_name(const char **path, bool dots, char out[WEBHOOK_NAME])
{
	size_t len = strspn(*path, dots ? "abcdefghijklmnopqrstuvwxyz0123456789-." : "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (len == 0 || len >= WEBHOOK_NAME || strchr("-.", (*path)[0]) || strchr("-.", (*path)[len - 1])) {
		return false;
	}
	memcpy(out, *path, len);
	out[len] = '\0';
	*path += len;
	return true;
}

bool webhook_path(const char *path, struct webhook_name *out)
{
	static const char *const front = "/hook/";
	struct webhook_name name;
	if (strncmp(path, front, strlen(front)) != 0) {
		return false;
	}
	path += strlen(front);
	if (!take_name(&path, false, name.ns) || *path++ != '/' || !take_name(&path, true, name.name) || *path) {
		return false;
	}
	*out = name;
	return true;
}

/* A key that nobody knows stands in for a token that is not there. */
static void begin(struct webhook *webhook, const unsigned char *token, size_t len)
{
	webhook->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, token, len);
	webhook->mac = EVP_MD_CTX_new();
	if (!webhook->key || !webhook->mac || EVP_DigestSignInit(webhook->mac, NULL, EVP_sha256(), NULL, webhook->key) != 1) {
		abort();
	}
}

/* Tokens are compared by their HMAC with a fresh key, so that neither bytes nor length show in the time it takes. */
static void blind(const struct webhook *webhook, const void *token, size_t len, unsigned char out[MAC])
{
	size_t size = MAC;
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, webhook->once, MAC, token, len, out, MAC, &size)) {
		abort();
	}
}

struct webhook *webhook_new(const struct secret *token)
{
	struct webhook *webhook = alloc_new(1, sizeof *webhook);
	unsigned char nobody[MAC];
	if (RAND_bytes(webhook->once, MAC) != 1 || RAND_bytes(nobody, MAC) != 1) {
		abort();
	}
	webhook->known = token && token->text && token->len;
	const void *key = webhook->known ? (const void *)token->text : nobody;
	size_t len = webhook->known ? token->len : MAC;
	blind(webhook, key, len, webhook->token);
	begin(webhook, key, len);
	return webhook;
}

static void end(struct webhook *webhook)
{
	EVP_MD_CTX_free(webhook->mac);
	EVP_PKEY_free(webhook->key);
	webhook->mac = NULL;
	webhook->key = NULL;
}

void webhook_free(struct webhook *webhook)
{
	if (webhook) {
		end(webhook);
		OPENSSL_cleanse(webhook, sizeof *webhook);
		free(webhook);
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Exactly 64 digits. */
static bool read_hex(const char *text, unsigned char out[MAC])
{
	for (size_t i = 0; i < MAC; i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
		if (low < 0) {
			return false;
		}
		out[i] = (unsigned char)(high << 4 | low);
	}
	return !text[2 * (size_t)MAC];
}

static bool read_signature(enum proof proof, const char *value, unsigned char out[MAC])
{
	bool prefixed = strncmp(value, sha256_prefix, strlen(sha256_prefix)) == 0;
	if (prefixed ? proof == PROOF_HEX : proof == PROOF_PREFIX) {
		return false;
	}
	return read_hex(value + (prefixed ? strlen(sha256_prefix) : 0), out);
}

void webhook_header(struct webhook *webhook, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		if (strcasecmp(headers[i].name, name) != 0) {
			continue;
		}
		bool twice = webhook->seen[i];
		webhook->seen[i] = true;
		if (headers[i].proof == PROOF_TOKEN) {
			blind(webhook, value, strlen(value), webhook->given[i]);
		} else if (!read_signature(headers[i].proof, value, webhook->given[i])) {
			webhook->wrong = true;
		}
		webhook->wrong = webhook->wrong || twice;
		return;
	}
}

void webhook_body(struct webhook *webhook, const void *bytes, size_t len)
{
	if (webhook->mac && EVP_DigestSignUpdate(webhook->mac, bytes, len) != 1) {
		abort();
	}
}

bool webhook_valid(struct webhook *webhook)
{
	unsigned char sum[MAC];
	size_t size = sizeof sum;
	if (!webhook->mac || EVP_DigestSignFinal(webhook->mac, sum, &size) != 1) {
		return false;
	}
	end(webhook);
	bool any = false;
	bool all = true;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const unsigned char *want = headers[i].proof == PROOF_TOKEN ? webhook->token : sum;
		bool same = CRYPTO_memcmp(webhook->given[i], want, MAC) == 0;
		any = any || webhook->seen[i];
		all = all && (same || !webhook->seen[i]);
	}
	return webhook->known && any && all && !webhook->wrong;
}

int64_t bucket_take(struct bucket *bucket, const struct bucket_rate *rate, int64_t now)
{
	int64_t full = bucket->filled > now ? bucket->filled : now;
	/* With the burst taken it is full again after burst * every. */
	int64_t wait = full + rate->every - (now + rate->burst * rate->every);
	if (wait > 0) {
		return wait;
	}
	bucket->filled = full + rate->every;
	return 0;
}
