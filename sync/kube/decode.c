#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/kube/exec.h"
#include "sync/kube/kubeconfig.h"

#define EXEC_V1 "client.authentication.k8s.io/v1"
#define EXEC_V1BETA1 "client.authentication.k8s.io/v1beta1"
#define EXEC_EXTENSION "client.authentication.k8s.io/exec"

void kubeconfig_paths_release(struct kubeconfig_paths *paths)
{
	free(paths->ca);
	free(paths->cert);
	free(paths->key);
	*paths = (struct kubeconfig_paths){ 0 };
}

static bool wrong(const struct kubeconfig_entry *entry, const char *field, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "kubeconfig '%s': %s '%s': %s %s", entry->file, entry->list, entry->name, field, what);
}

/* A header line is made of some of these: a line break in one would make two. */
static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

/* NULL where absent, null or "". */
static bool get_text(const struct kubeconfig_entry *entry, const char *field, const char **out, struct err *err)
{
	const cJSON *value = doc_get(entry->value, field);
	*out = NULL;
	if (!value || cJSON_IsNull(value)) {
		return true;
	}
	if (!cJSON_IsString(value)) {
		return wrong(entry, field, "must be a string", err);
	}
	*out = *value->valuestring ? value->valuestring : NULL;
	return true;
}

static bool copy_text(const struct kubeconfig_entry *entry, const char *field, char **out, struct err *err)
{
	const char *text = NULL;
	if (!get_text(entry, field, &text, err)) {
		return false;
	}
	if (text && has_control(text)) {
		return wrong(entry, field, "holds a control character", err);
	}
	*out = text ? text_dup(text) : NULL;
	return true;
}

static bool copy_secret(const struct kubeconfig_entry *entry, const char *field, struct secret *out, struct err *err)
{
	const char *text = NULL;
	if (!get_text(entry, field, &text, err)) {
		return false;
	}
	size_t len = text ? strlen(text) : 0;
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
		len--;
	}
	if (!len) {
		return true;
	}
	secret_set(out, text, len);
	return !has_control(out->text) || wrong(entry, field, "holds a control character", err);
}

static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	return *path == '/' || !slash ? text_dup(path) : text_printf("%.*s/%s", (int)(slash - file), file, path);
}

static bool copy_path(const struct kubeconfig_entry *entry, const char *field, char **out, struct err *err)
{
	const char *path = NULL;
	if (!get_text(entry, field, &path, err)) {
		return false;
	}
	*out = path ? beside(entry->file, path) : NULL;
	return true;
}

static bool decode_base64(const char *text, struct secret *out)
{
	size_t len = strlen(text);
	EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
	unsigned char *bytes = alloc_new(len + 4, 1);
	int first = 0;
	int last = 0;
	EVP_DecodeInit(context);
	bool good = len < LIMIT_KUBECONFIG_BYTES &&
	            EVP_DecodeUpdate(context, bytes, &first, (const unsigned char *)text, (int)len) >= 0 &&
	            EVP_DecodeFinal(context, bytes + first, &last) == 1 && first + last > 0;
	if (good) {
		secret_set(out, (const char *)bytes, (size_t)(first + last));
	}
	OPENSSL_cleanse(bytes, len + 4);
	free(bytes);
	EVP_ENCODE_CTX_free(context);
	return good;
}

/* FIELD-data holds the file itself and wins over FIELD, which names it. */
static bool copy_data(const struct kubeconfig_entry *entry, const char *field, struct secret *data, char **path, struct err *err)
{
	CLEANUP(text_freep) char *with_data = text_printf("%s-data", field);
	const char *text = NULL;
	if (!get_text(entry, with_data, &text, err)) {
		return false;
	}
	if (!text) {
		return copy_path(entry, field, path, err);
	}
	return decode_base64(text, data) || wrong(entry, with_data, "is not base64", err);
}

/* "127.0.0.1:8001/prefix": an address of this machine, and nothing that only looks like one. */
static bool is_loopback(const char *rest)
{
	size_t len = strcspn(rest, "/");
	const char *colon = memchr(rest, ':', len);
	size_t host = *rest == '[' ? strcspn(rest, "]") + 1 : colon ? (size_t)(colon - rest) : len;
	bool four = strncmp(rest, "127.", 4) == 0 && strspn(rest, "0123456789.") == host;
	return host <= len && !memchr(rest, '@', len) &&
	       (four || (host == 9 && strncmp(rest, "localhost", 9) == 0) || (host == 5 && strncmp(rest, "[::1]", 5) == 0));
}

static bool copy_server(const struct kubeconfig_entry *entry, struct kube_config *out, struct err *err)
{
	CLEANUP(text_freep) char *server = NULL;
	if (!copy_text(entry, "server", &server, err)) {
		return false;
	}
	if (!server) {
		return wrong(entry, "server", "is missing", err);
	}
	size_t len = strlen(server);
	while (len && server[len - 1] == '/') {
		server[--len] = '\0';
	}
	if (strncmp(server, "https://", 8) == 0 && server[8]) {
		out->server = TAKE(server);
		return true;
	}
	/* What `kubectl proxy` listens on. */
	if (strncmp(server, "http://", 7) == 0 && is_loopback(server + 7)) {
		out->server = TAKE(server);
		return true;
	}
	if (strstr(server, "://")) {
		return wrong(entry, "server", "must be an https:// address: plumb always verifies TLS", err);
	}
	out->server = text_printf("https://%s", server);
	return true;
}

static bool decode_cluster(const struct kubeconfig_entry *entry, struct kube_config *out, struct kubeconfig_paths *paths,
                           struct err *err)
{
	const cJSON *insecure = doc_get(entry->value, "insecure-skip-tls-verify");
	if (insecure && !cJSON_IsBool(insecure) && !cJSON_IsNull(insecure)) {
		return wrong(entry, "insecure-skip-tls-verify", "must be true or false", err);
	}
	if (cJSON_IsTrue(insecure)) {
		return wrong(entry, "insecure-skip-tls-verify", "is refused: TLS is always verified, give certificate-authority instead",
		             err);
	}
	return copy_server(entry, out, err) && copy_text(entry, "tls-server-name", &out->tls_server_name, err) &&
	       copy_text(entry, "proxy-url", &out->proxy_url, err) &&
	       copy_data(entry, "certificate-authority", &out->ca, &paths->ca, err);
}

static bool decode_interactive(const struct kubeconfig_entry *entry, const cJSON *exec, struct kube_exec *out, struct err *err)
{
	static const char *const words[] = { "Never", "IfAvailable", "Always" };
	const char *word = doc_text(exec, "interactiveMode");
	if (!word && strcmp(out->api_version, EXEC_V1BETA1) == 0) {
		word = "IfAvailable";
	}
	for (size_t i = 0; word && i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) == 0) {
			out->interactive = (enum kube_exec_interactive)i;
			return true;
		}
	}
	return wrong(entry, "exec.interactiveMode", "must be Never, IfAvailable or Always", err);
}

static size_t list_length(const cJSON *list)
{
	return cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
}

static bool decode_args(const struct kubeconfig_entry *entry, const cJSON *exec, struct kube_exec *out, struct err *err)
{
	const cJSON *args = doc_get(exec, "args");
	out->args = alloc_new(list_length(args) + 2, sizeof *out->args);
	size_t count = 0;
	out->args[count++] = text_dup(out->command);
	if (args && !cJSON_IsArray(args) && !cJSON_IsNull(args)) {
		return wrong(entry, "exec.args", "must be a list of strings", err);
	}
	const cJSON *arg = NULL;
	cJSON_ArrayForEach (arg, args) {
		if (!cJSON_IsString(arg)) {
			return wrong(entry, "exec.args", "must be a list of strings", err);
		}
		out->args[count++] = text_dup(arg->valuestring);
	}
	return true;
}

static bool decode_env(const struct kubeconfig_entry *entry, const cJSON *exec, struct kube_exec *out, struct err *err)
{
	const cJSON *env = doc_get(exec, "env");
	out->env = alloc_new(list_length(env) + 1, sizeof *out->env);
	size_t count = 0;
	if (env && !cJSON_IsArray(env) && !cJSON_IsNull(env)) {
		return wrong(entry, "exec.env", "must be a list of name and value", err);
	}
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, env) {
		const char *name = doc_text(item, "name");
		const char *value = doc_text(item, "value");
		if (!name || !*name || strchr(name, '=') || !value) {
			return wrong(entry, "exec.env", "must be a list of name and value", err);
		}
		out->env[count++] = text_printf("%s=%s", name, value);
	}
	return true;
}

static bool decode_exec(const struct kubeconfig_entry *entry, const cJSON *exec, struct kube_exec *out, struct err *err)
{
	const char *version = doc_text(exec, "apiVersion");
	const char *command = doc_text(exec, "command");
	const char *hint = doc_text(exec, "installHint");
	if (!version || (strcmp(version, EXEC_V1) != 0 && strcmp(version, EXEC_V1BETA1) != 0)) {
		return wrong(entry, "exec.apiVersion", "must be " EXEC_V1 " or v1beta1", err);
	}
	if (!command || !*command) {
		return wrong(entry, "exec.command", "is missing", err);
	}
	out->api_version = text_dup(version);
	out->command = strchr(command, '/') ? beside(entry->file, command) : text_dup(command);
	out->install_hint = hint && *hint ? text_dup(hint) : NULL;
	return decode_interactive(entry, exec, out, err) && decode_args(entry, exec, out, err) && decode_env(entry, exec, out, err);
}

static bool decode_user(const struct kubeconfig_entry *entry, struct kube_config *out, struct kubeconfig_paths *paths,
                        struct err *err)
{
	if (!copy_secret(entry, "token", &out->token, err) || !copy_path(entry, "tokenFile", &out->token_file, err) ||
	    !copy_text(entry, "username", &out->username, err) || !copy_secret(entry, "password", &out->password, err) ||
	    !copy_text(entry, "as", &out->as_user, err) || !copy_data(entry, "client-certificate", &out->cert, &paths->cert, err) ||
	    !copy_data(entry, "client-key", &out->key, &paths->key, err)) {
		return false;
	}
	bool cert = paths->cert || secret_is_set(&out->cert);
	bool key = paths->key || secret_is_set(&out->key);
	if (cert != key) {
		return cert ? wrong(entry, "client-key", "is missing beside client-certificate", err)
		            : wrong(entry, "client-certificate", "is missing beside client-key", err);
	}
	if (doc_get(entry->value, "auth-provider") && !cJSON_IsNull(doc_get(entry->value, "auth-provider"))) {
		return wrong(entry, "auth-provider", "is no longer supported (nor by kubectl): use exec", err);
	}
	const cJSON *exec = doc_get(entry->value, "exec");
	if (!exec || cJSON_IsNull(exec)) {
		return true;
	}
	if (!cJSON_IsObject(exec)) {
		return wrong(entry, "exec", "must be a mapping", err);
	}
	out->exec = alloc_new(1, sizeof *out->exec);
	return decode_exec(entry, exec, out->exec, err);
}

static cJSON *exec_extension(const cJSON *cluster)
{
	const cJSON *item = NULL;
	cJSON_ArrayForEach (item, doc_get(cluster, "extensions")) {
		const char *name = doc_text(item, "name");
		if (name && strcmp(name, EXEC_EXTENSION) == 0) {
			return cJSON_Duplicate(doc_get(item, "extension"), true);
		}
	}
	return NULL;
}

/* spec.cluster of ExecCredential. The CA is added when the file is read, by the caller of the plugin. */
static char *cluster_info(const cJSON *cluster, const struct kube_config *config)
{
	CLEANUP(doc_freep) cJSON *info = cJSON_CreateObject();
	doc_set_text(info, "server", config->server);
	if (config->tls_server_name) {
		doc_set_text(info, "tls-server-name", config->tls_server_name);
	}
	if (config->proxy_url) {
		doc_set_text(info, "proxy-url", config->proxy_url);
	}
	cJSON *extension = exec_extension(cluster);
	if (extension) {
		doc_set(info, "config", extension);
	}
	struct buf text = BUF_INIT(LIMIT_KUBECONFIG_BYTES);
	bool printed = doc_print(info, &text);
	if (!printed) {
		buf_release(&text);
	}
	return printed ? buf_detach(&text) : NULL;
}

static const struct kubeconfig_entry *find(const struct map *map, const struct kubeconfig_entry *context, const char *field,
                                           struct err *err)
{
	const char *name = NULL;
	if (!get_text(context, field, &name, err)) {
		return NULL;
	}
	const struct kubeconfig_entry *entry = name ? map_get(map, name) : NULL;
	if (!name) {
		(void)wrong(context, field, "is missing", err);
	} else if (!entry) {
		(void)err_set(err, ERR_INPUT, "kubeconfig '%s': contexts '%s': there is no %s '%s'", context->file, context->name, field,
		              name);
	}
	return entry;
}

static const struct kubeconfig_entry *pick_context(const struct kubeconfig *config, const char *wanted, struct err *err)
{
	const char *name = wanted ? wanted : config->current;
	const struct kubeconfig_entry *context = name ? map_get(&config->contexts, name) : NULL;
	if (!name) {
		(void)err_set(err, ERR_INPUT, "the kubeconfig has no current-context: name one with --context");
	} else if (!context) {
		(void)err_set(err, ERR_INPUT, "the kubeconfig has no context '%s'", name);
	}
	return context;
}

bool kubeconfig_decode(const struct kubeconfig *config, const struct kube_config_options *options, struct kube_config *out,
                       struct kubeconfig_paths *paths, struct err *err)
{
	CLEANUP(kube_config_release) struct kube_config made = { 0 };
	CLEANUP(kubeconfig_paths_release) struct kubeconfig_paths made_paths = { 0 };
	const struct kubeconfig_entry *context = pick_context(config, options->context, err);
	const struct kubeconfig_entry *cluster = context ? find(&config->clusters, context, "cluster", err) : NULL;
	const struct kubeconfig_entry *user = cluster ? find(&config->users, context, "user", err) : NULL;
	if (!user || !copy_text(context, "namespace", &made.ns, err) || !decode_cluster(cluster, &made, &made_paths, err) ||
	    !decode_user(user, &made, &made_paths, err)) {
		return false;
	}
	if (made.exec && !options->allow_exec) {
		return wrong(user, "exec", "is a credential plugin, which runs only from the command line", err);
	}
	if (made.exec && doc_true(doc_get(user->value, "exec"), "provideClusterInfo")) {
		made.exec->cluster = cluster_info(cluster->value, &made);
	}
	made.ns = made.ns ? made.ns : text_dup("default");
	made.context = text_dup(context->name);
	made.user = text_dup(user->name);
	*out = made;
	*paths = made_paths;
	made = (struct kube_config){ 0 };
	made_paths = (struct kubeconfig_paths){ 0 };
	return true;
}
