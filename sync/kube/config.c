#include "sync/kube/config.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/kube/exec.h"
#include "sync/kube/kubeconfig.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

void kube_config_release(struct kube_config *config)
{
	free(config->server);
	free(config->tls_server_name);
	free(config->proxy_url);
	free(config->ns);
	free(config->context);
	free(config->user);
	free(config->token_file);
	free(config->username);
	free(config->as_user);
	secret_release(&config->ca);
	secret_release(&config->cert);
	secret_release(&config->key);
	secret_release(&config->token);
	secret_release(&config->password);
	kube_exec_free(config->exec);
	*config = (struct kube_config){ 0 };
}

static void copy_secret(const struct secret *from, struct secret *to)
{
	if (secret_is_set(from)) {
		secret_set(to, from->text, from->len);
	}
}

void kube_config_copy(const struct kube_config *config, struct kube_config *out)
{
	assert(!config->exec);
	*out = (struct kube_config){ 0 };
	text_set(&out->server, config->server);
	text_set(&out->tls_server_name, config->tls_server_name);
	text_set(&out->proxy_url, config->proxy_url);
	text_set(&out->ns, config->ns);
	text_set(&out->context, config->context);
	text_set(&out->user, config->user);
	text_set(&out->token_file, config->token_file);
	text_set(&out->username, config->username);
	text_set(&out->as_user, config->as_user);
	copy_secret(&config->ca, &out->ca);
	copy_secret(&config->cert, &out->cert);
	copy_secret(&config->key, &out->key);
	copy_secret(&config->token, &out->token);
	copy_secret(&config->password, &out->password);
}

bool kube_config_in_cluster(const char *dir, const char *host, const char *port, struct kube_config *out, struct err *err)
{
	CLEANUP(kube_config_release) struct kube_config config = { 0 };
	CLEANUP(text_freep) char *ca = text_printf("%s/ca.crt", dir);
	CLEANUP(text_freep) char *ns = text_printf("%s/namespace", dir);
	CLEANUP(secret_release) struct secret ns_text = SECRET_INIT;
	struct err ignored = ERR_INIT;
	config.token_file = text_printf("%s/token", dir);
	if (!secret_read_file(&config.token, config.token_file, err) || !kube_config_read(ca, &config.ca, err)) {
		return err_wrap(err, "service account of the pod");
	}
	bool v6 = strchr(host, ':') != NULL;
	config.server = text_printf("https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	config.ns = text_dup(secret_read_file(&ns_text, ns, &ignored) ? ns_text.text : "default");
	*out = config;
	config = (struct kube_config){ 0 };
	return true;
}

static bool read_tokens(struct kube_config *config, struct err *err)
{
	struct err ignored = ERR_INIT;
	if (!config->token_file) {
		return true;
	}
	bool had = secret_is_set(&config->token);
	return secret_read_file(&config->token, config->token_file, had ? &ignored : err) || had;
}

static bool read_paths(struct kube_config *config, const struct kubeconfig_paths *paths, struct err *err)
{
	return (!paths->ca || kube_config_read(paths->ca, &config->ca, err)) &&
	       (!paths->cert || kube_config_read(paths->cert, &config->cert, err)) &&
	       (!paths->key || kube_config_read(paths->key, &config->key, err)) && read_tokens(config, err);
}

/* provideClusterInfo: the plugin gets the CA that was read meanwhile. */
static void complete_info(struct kube_config *config)
{
	struct err ignored = ERR_INIT;
	const char *info = config->exec && config->exec->cluster ? config->exec->cluster : "";
	CLEANUP(doc_freep) cJSON *doc = *info ? doc_parse(info, strlen(info), &ignored) : NULL;
	if (!doc || !secret_is_set(&config->ca)) {
		return;
	}
	CLEANUP(text_freep) char *coded = alloc_new(config->ca.len / 3 * 4 + 8, 1);
	(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)config->ca.text, (int)config->ca.len);
	doc_set_text(doc, "certificate-authority-data", coded);
	CLEANUP(buf_release) struct buf text = BUF_INIT(2 * LIMIT_KUBECONFIG_BYTES);
	if (doc_print(doc, &text)) {
		free(config->exec->cluster);
		config->exec->cluster = buf_detach(&text);
	}
}

static bool take_context(const struct kubeconfig *files, const struct kube_config_options *options, struct kube_config *out,
                         struct err *err)
{
	CLEANUP(kube_config_release) struct kube_config config = { 0 };
	CLEANUP(kubeconfig_paths_release) struct kubeconfig_paths paths = { 0 };
	if (!kubeconfig_decode(files, options, &config, &paths, err)) {
		return false;
	}
	if (!read_paths(&config, &paths, err)) {
		return err_wrap(err, "context '%s'", config.context);
	}
	complete_info(&config);
	*out = config;
	config = (struct kube_config){ 0 };
	return true;
}

/* Files of the list that are not there are passed over, as kubectl does; that none is there is an error. */
static bool add_listed(struct kubeconfig *files, const char *list, struct err *err)
{
	size_t found = 0;
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ":");
		CLEANUP(text_freep) char *path = text_dup_len(at, len);
		struct err why = ERR_INIT;
		if (len && kubeconfig_add_file(files, path, &why)) {
			found++;
		} else if (len && why.kind != ERR_NOT_FOUND) {
			*err = why;
			return false;
		}
		at += len + (at[len] == ':');
	}
	return found || err_set(err, ERR_NOT_FOUND, "no file of KUBECONFIG '%s' is there", list);
}

static bool load_default(const struct kube_config_options *options, struct kube_config *out, struct err *err)
{
	CLEANUP(kubeconfig_release) struct kubeconfig files = KUBECONFIG_INIT;
	const char *home = getenv("HOME");
	CLEANUP(text_freep) char *path = text_printf("%s/.kube/config", home ? home : "");
	if (home && kubeconfig_add_file(&files, path, err)) {
		return take_context(&files, options, out, err);
	}
	if (home && err->kind != ERR_NOT_FOUND) {
		return false;
	}
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	if (!host || !*host || !port || !*port) {
		return err_set(err, ERR_INPUT, "no cluster: no --kubeconfig, no KUBECONFIG, no '%s', and not in a pod", path);
	}
	return kube_config_in_cluster(SERVICE_ACCOUNT, host, port, out, err);
}

bool kube_config_load(const struct kube_config_options *options, struct kube_config *out, struct err *err)
{
	const char *list = getenv("KUBECONFIG");
	struct err why = ERR_INIT;
	bool loaded = options->loaded != NULL;
	if (loaded) {
		kube_config_copy(options->loaded, out);
	} else if (!options->kubeconfig && (!list || !*list)) {
		loaded = load_default(options, out, &why);
	} else {
		CLEANUP(kubeconfig_release) struct kubeconfig files = KUBECONFIG_INIT;
		loaded = (options->kubeconfig ? kubeconfig_add_file(&files, options->kubeconfig, &why)
		                              : add_listed(&files, list, &why)) &&
		         take_context(&files, options, out, &why);
	}
	if (!loaded) {
		*err = why;
	} else if (options->as_user) {
		text_set(&out->as_user, options->as_user);
	}
	return loaded;
}
