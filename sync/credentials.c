#include "sync/credentials.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/pack.h"

/* The keys of a Secret that fill a secret each. */
static const struct row {
	const char *key;
	size_t at;
} rows[] = {
	{ "password", offsetof(struct credentials, password) }, { "bearerToken", offsetof(struct credentials, token) },
	{ "ca.crt", offsetof(struct credentials, ca) },         { "tls.crt", offsetof(struct credentials, cert) },
	{ "tls.key", offsetof(struct credentials, key) },
};

static struct secret *member(struct credentials *credentials, const struct row *row)
{
	return (struct secret *)(void *)((char *)credentials + row->at);
}

static const struct secret *value(const struct credentials *credentials, const struct row *row)
{
	return (const struct secret *)(const void *)((const char *)credentials + row->at);
}

void credentials_release(struct credentials *credentials)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		secret_release(member(credentials, &rows[i]));
	}
	free(credentials->username);
	*credentials = CREDENTIALS_INIT;
}

void credentials_copy(const struct credentials *credentials, struct credentials *out)
{
	*out = CREDENTIALS_INIT;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct secret *from = value(credentials, &rows[i]);
		if (secret_is_set(from)) {
			secret_set(member(out, &rows[i]), from->text, from->len);
		}
	}
	text_set(&out->username, credentials->username);
	memcpy(out->digest, credentials->digest, sizeof out->digest);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static char *secret_path(const char *ns, const char *name)
{
	struct buf path = BUF_INIT(LIMIT_KIB(8));
	bool fits = buf_puts(&path, "/api/v1/namespaces/") && kube_escape(&path, ns) && buf_puts(&path, "/secrets/") &&
	            kube_escape(&path, name);
	if (!fits) {
		abort();
	}
	return buf_detach(&path);
}

static void wipe(struct buf *buf)
{
	if (buf->data) {
		OPENSSL_cleanse(buf->data, buf->cap);
	}
	buf_release(buf);
}

/* The data of the Secret, coded; cJSON_Delete it. */
static cJSON *read_data(struct kube *kube, const char *ns, const char *name, struct err *err)
{
	struct kube_call call = kube_call_make("GET", secret_path(ns, name));
	struct err why = ERR_INIT;
	CLEANUP(doc_freep) cJSON *doc = NULL;
	if (kube_do(kube, &call, &why)) {
		doc = doc_parse(buf_text(&call.reply), call.reply.len, &why);
	}
	wipe(&call.reply);
	kube_call_release(&call);
	if (!doc) {
		*err = why;
		(void)err_wrap(err, "secret '%s' in '%s'", name, ns);
		return NULL;
	}
	cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(doc, "data");
	return data ? data : cJSON_CreateObject();
}

static bool decode(const cJSON *data, const char *key, struct secret *out, struct err *err)
{
	const char *text = cJSON_GetStringValue(doc_get(data, key));
	struct buf bytes = BUF_INIT(LIMIT_TOKEN_BYTES);
	if (!text) {
		return true;
	}
	bool good = pack_unbase64(text, &bytes) && !memchr(buf_text(&bytes), 0, bytes.len);
	if (good) {
		size_t len = bytes.len;
		while (len && (bytes.data[len - 1] == '\n' || bytes.data[len - 1] == '\r')) {
			len--;
		}
		secret_set(out, buf_text(&bytes), len);
	}
	wipe(&bytes);
	return good || err_set(err, ERR_INPUT, "'%s' is no text of at most %zu bytes", key, LIMIT_TOKEN_BYTES);
}

static void set_digest(struct credentials *credentials)
{
	struct buf text = BUF_INIT(LIMIT_MIB(1));
	(void)buf_printf(&text, "%s\n", credentials->username ? credentials->username : "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct secret *secret = value(credentials, &rows[i]);
		(void)(buf_printf(&text, "%s %zu ", rows[i].key, secret->len) &&
		       buf_add(&text, secret->text ? secret->text : "", secret->len));
	}
	digest_of(buf_text(&text), text.len, credentials->digest);
	wipe(&text);
}

static bool check(const struct credentials *credentials, struct err *err)
{
	bool password = secret_is_set(&credentials->password);
	bool cert = secret_is_set(&credentials->cert);
	if (password != (credentials->username != NULL) && !(password && !credentials->username)) {
		return err_set(err, ERR_INPUT, "'username' wants 'password'");
	}
	if (cert != secret_is_set(&credentials->key)) {
		return err_set(err, ERR_INPUT, "'tls.crt' and 'tls.key' want each other");
	}
	bool any = password || cert || secret_is_set(&credentials->token) || secret_is_set(&credentials->ca);
	return any || err_set(err, ERR_INPUT, "has none of username and password, bearerToken, ca.crt, tls.crt and tls.key");
}

bool credentials_read(struct kube *kube, const char *ns, const char *name, struct credentials *out, struct err *err)
{
	CLEANUP(doc_freep) cJSON *data = read_data(kube, ns, name, err);
	if (!data) {
		return false;
	}
	CLEANUP(credentials_release) struct credentials read = CREDENTIALS_INIT;
	CLEANUP(secret_release) struct secret username = SECRET_INIT;
	bool good = decode(data, "username", &username, err);
	for (size_t i = 0; good && i < ARRAY_LEN(rows); i++) {
		good = decode(data, rows[i].key, member(&read, &rows[i]), err);
	}
	if (good && secret_is_set(&username) && username.len) {
		read.username = text_dup(username.text);
	}
	if (!good || !check(&read, err)) {
		return err_wrap(err, "secret '%s' in '%s'", name, ns);
	}
	set_digest(&read);
	*out = read;
	read = CREDENTIALS_INIT;
	return true;
}

bool credentials_read_key(struct kube *kube, const char *ns, const char *name, const char *key, struct secret *out,
                          struct err *err)
{
	CLEANUP(doc_freep) cJSON *data = read_data(kube, ns, name, err);
	if (!data) {
		return false;
	}
	if (!decode(data, key, out, err)) {
		return err_wrap(err, "secret '%s' in '%s'", name, ns);
	}
	return (secret_is_set(out) && out->len) || err_set(err, ERR_INPUT, "secret '%s' in '%s' has no key '%s'", name, ns, key);
}

void credentials_lend(const struct credentials *credentials, struct repo_source *source)
{
	source->username = credentials->username;
	source->password = credentials->password;
	source->token = credentials->token;
	source->bearer = secret_is_set(&credentials->token);
	source->ca = credentials->ca;
	source->cert = credentials->cert;
	source->key = credentials->key;
}
