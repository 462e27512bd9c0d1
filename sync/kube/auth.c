#include "sync/kube/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "sync/clock.h"

enum { LOOK_EVERY = 1000, READ_EVERY = 60000, PLUGIN_TIME = 60000 };

#define BEARER "Authorization: Bearer "
#define BASIC "Authorization: Basic "

static void set_header(struct auth *auth, const char *prefix, const char *value, size_t len)
{
	size_t start = strlen(prefix);
	struct secret line = { .text = alloc_new(start + len + 1, 1), .len = start + len };
	memcpy(line.text, prefix, start);
	memcpy(line.text + start, value, len);
	if (auth->header.len != line.len || memcmp(auth->header.text, line.text, line.len) != 0) {
		secret_set(&auth->header, line.text, line.len);
		auth->generation++;
	}
	secret_release(&line);
}

static void set_bearer(struct auth *auth, const struct secret *token)
{
	set_header(auth, BEARER, token->text, token->len);
}

/* RFC 7617: base64 of "user:password". */
static void set_basic(struct auth *auth)
{
	const struct kube_config *config = auth->config;
	size_t user = strlen(config->username);
	struct secret plain = { .text = alloc_new(user + config->password.len + 2, 1), .len = user + config->password.len + 1 };
	memcpy(plain.text, config->username, user);
	plain.text[user] = ':';
	if (secret_is_set(&config->password)) {
		memcpy(plain.text + user + 1, config->password.text, config->password.len);
	}
	struct secret coded = { .text = alloc_new(plain.len * 2 + 8, 1) };
	int len = EVP_EncodeBlock((unsigned char *)coded.text, (const unsigned char *)plain.text, (int)plain.len);
	coded.len = (size_t)len;
	set_header(auth, BASIC, coded.text, coded.len);
	secret_release(&coded);
	secret_release(&plain);
}

void auth_init(struct auth *auth, struct kube_config *config)
{
	*auth = (struct auth){ .config = config, .generation = 1, .plugin = { .expires = -1 } };
	if (secret_is_set(&config->token)) {
		set_bearer(auth, &config->token);
	} else if (config->username) {
		set_basic(auth);
	}
}

void auth_release(struct auth *auth)
{
	secret_release(&auth->header);
	kube_exec_reply_release(&auth->plugin);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool has_control(const struct secret *token)
{
	for (size_t i = 0; i < token->len; i++) {
		if ((unsigned char)token->text[i] < ' ' || token->text[i] == 0x7f) {
			return true;
		}
	}
	return false;
}

/* A token that was good stays in use while its file cannot be read: it is being replaced. */
static bool read_token_file(struct auth *auth, struct err *err)
{
	CLEANUP(secret_release) struct secret token = SECRET_INIT;
	struct err why = ERR_INIT;
	const char *path = auth->config->token_file;
	if (!secret_read_file(&token, path, &why)) {
		if (secret_is_set(&auth->header)) {
			return true;
		}
		*err = why;
		return false;
	}
	if (has_control(&token)) {
		return err_set(err, ERR_INPUT, "'%s' holds a control character", path);
	}
	set_bearer(auth, &token);
	return true;
}

static bool refresh_file(struct auth *auth, struct err *err)
{
	int64_t now = clock_now();
	if (auth->looked && now - auth->looked < LOOK_EVERY) {
		return true;
	}
	struct stat file;
	memset(&file, 0, sizeof file);
	(void)stat(auth->config->token_file, &file);
	bool due = !auth->looked || now - auth->read >= READ_EVERY || !same_file(&file, &auth->file);
	auth->looked = now;
	if (!due) {
		return true;
	}
	auth->read = now;
	auth->file = file;
	return read_token_file(auth, err);
}

static bool run_plugin(struct auth *auth, struct err *err)
{
	if (!kube_exec_run(auth->config->exec, PLUGIN_TIME, auth->stop, &auth->plugin, err)) {
		return false;
	}
	auth->generation++;
	if (secret_is_set(&auth->plugin.token)) {
		set_bearer(auth, &auth->plugin.token);
	} else {
		secret_release(&auth->header);
	}
	return true;
}

static bool has_plugin_reply(const struct auth *auth)
{
	return secret_is_set(&auth->plugin.token) || secret_is_set(&auth->plugin.cert);
}

/* As client-go: a token or password beside the plugin is used instead of it. */
static bool uses_plugin(const struct auth *auth)
{
	const struct kube_config *config = auth->config;
	return config->exec && !secret_is_set(&config->token) && !config->token_file && !config->username;
}

bool auth_refresh(struct auth *auth, struct err *err)
{
	if (auth->config->token_file) {
		return refresh_file(auth, err);
	}
	if (!uses_plugin(auth)) {
		return true;
	}
	bool expired = auth->plugin.expires >= 0 && clock_wall() >= auth->plugin.expires;
	return (has_plugin_reply(auth) && !expired) || run_plugin(auth, err);
}

bool auth_renew(struct auth *auth, unsigned generation, struct err *err)
{
	if (generation != auth->generation) {
		return true; /* another request's 401 has renewed them meanwhile */
	}
	if (auth->config->token_file) {
		auth->looked = 0;
		return auth_refresh(auth, err) && auth->generation != generation;
	}
	return uses_plugin(auth) && run_plugin(auth, err);
}

const struct secret *auth_cert(const struct auth *auth)
{
	return secret_is_set(&auth->plugin.cert) ? &auth->plugin.cert : &auth->config->cert;
}

const struct secret *auth_key(const struct auth *auth)
{
	return secret_is_set(&auth->plugin.cert) ? &auth->plugin.key : &auth->config->key;
}

const char *auth_kind(const struct auth *auth)
{
	if (uses_plugin(auth)) {
		return "credential plugin";
	}
	if (auth->config->token_file) {
		return "token file";
	}
	if (secret_is_set(&auth->header)) {
		return auth->config->username && !secret_is_set(&auth->config->token) ? "password" : "token";
	}
	return secret_is_set(&auth->config->cert) ? "client certificate" : "no credentials";
}
