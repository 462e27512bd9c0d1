#include "sync/kube/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/clock.h"

enum {
	REPLY_BYTES = 1 << 20,
	WAIT_STEP = 10,
	STOP_STEP = 100, /* milliseconds until a stop is noticed */
	NOT_FOUND = 127, /* what shells, and posix_spawn where it cannot tell, end with when there is no such program */
};

extern char **environ;

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++) {
		OPENSSL_cleanse(list[i], strlen(list[i]));
		free(list[i]);
	}
	free(list);
}

void kube_exec_free(struct kube_exec *exec)
{
	if (!exec) {
		return;
	}
	free(exec->api_version);
	free(exec->command);
	free_list(exec->args);
	free_list(exec->env);
	free(exec->install_hint);
	free(exec->cluster);
	free(exec);
}

void kube_exec_reply_release(struct kube_exec_reply *reply)
{
	secret_release(&reply->token);
	secret_release(&reply->cert);
	secret_release(&reply->key);
	*reply = (struct kube_exec_reply){ .expires = -1 };
}

static bool bad_reply(const struct kube_exec *exec, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, "credential plugin '%s': %s", exec->command, what);
}

static void set_text(struct secret *secret, const char *text)
{
	if (text && *text) {
		secret_set(secret, text, strlen(text));
	}
}

static bool read_reply(const struct kube_exec *exec, const cJSON *doc, struct kube_exec_reply *reply, struct err *err)
{
	const char *version = doc_text(doc, "apiVersion");
	const char *kind = doc_text(doc, "kind");
	const char *expires = doc_text(doc, "status/expirationTimestamp");
	if (!kind || strcmp(kind, "ExecCredential") != 0 || !version || strcmp(version, exec->api_version) != 0) {
		return err_set(err, ERR_INPUT, "credential plugin '%s' did not print an ExecCredential of %s", exec->command,
		               exec->api_version);
	}
	set_text(&reply->token, doc_text(doc, "status/token"));
	set_text(&reply->cert, doc_text(doc, "status/clientCertificateData"));
	set_text(&reply->key, doc_text(doc, "status/clientKeyData"));
	reply->expires = expires ? clock_parse(expires) : -1;
	if (expires && reply->expires < 0) {
		return bad_reply(exec, "status.expirationTimestamp is no time", err);
	}
	if (secret_is_set(&reply->cert) != secret_is_set(&reply->key)) {
		return bad_reply(exec, "status has only one of clientCertificateData and clientKeyData", err);
	}
	if (!secret_is_set(&reply->token) && !secret_is_set(&reply->cert)) {
		return bad_reply(exec, "status has neither token nor clientCertificateData", err);
	}
	for (size_t i = 0; i < reply->token.len; i++) {
		if ((unsigned char)reply->token.text[i] < ' ') {
			return bad_reply(exec, "status.token holds a control character", err);
		}
	}
	return true;
}

static void wipe_strings(cJSON *doc)
{
	for (cJSON *item = doc; item; item = item->next) {
		if (item->valuestring) {
			OPENSSL_cleanse(item->valuestring, strlen(item->valuestring));
		}
		wipe_strings(item->child);
	}
}

bool kube_exec_parse(const struct kube_exec *exec, const char *text, size_t len, struct kube_exec_reply *out, struct err *err)
{
	struct err ignored = ERR_INIT;
	cJSON *doc = doc_parse(text, len, &ignored);
	struct kube_exec_reply reply = { .expires = -1 };
	bool read = doc ? read_reply(exec, doc, &reply, err) : bad_reply(exec, "did not print JSON", err);
	wipe_strings(doc);
	cJSON_Delete(doc);
	if (!read) {
		kube_exec_reply_release(&reply);
		return false;
	}
	kube_exec_reply_release(out);
	*out = reply;
	return true;
}

/* KUBERNETES_EXEC_INFO. */
static char *exec_info(const struct kube_exec *exec, bool interactive)
{
	return text_printf(
		"KUBERNETES_EXEC_INFO={\"kind\":\"ExecCredential\",\"apiVersion\":\"%s\",\"spec\":{%s%s%s\"interactive\":%s}}",
		exec->api_version, exec->cluster ? "\"cluster\":" : "", exec->cluster ? exec->cluster : "", exec->cluster ? "," : "",
		interactive ? "true" : "false");
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");
	return strncmp(a, b, len) == 0 && b[len] == '=';
}

static bool is_replaced(const char *variable, char *const *by)
{
	for (size_t i = 0; by[i]; i++) {
		if (same_name(variable, by[i])) {
			return true;
		}
	}
	return false;
}

/* Our environment without what the plugin's own replaces. The list is ours, the strings are borrowed. */
static char **make_environment(const struct kube_exec *exec, char *info)
{
	size_t ours = 0;
	size_t own = 0;
	while (environ[ours]) {
		ours++;
	}
	while (exec->env[own]) {
		own++;
	}
	char *infos[] = { info, NULL };
	char **env = alloc_new(ours + own + 2, sizeof *env);
	size_t count = 0;
	for (size_t i = 0; i < ours; i++) {
		if (!is_replaced(environ[i], exec->env) && !is_replaced(environ[i], infos)) {
			env[count++] = environ[i];
		}
	}
	for (size_t i = 0; i < own; i++) {
		env[count++] = exec->env[i];
	}
	env[count] = info;
	return env;
}

static int spawn_with(const struct kube_exec *exec, char *const *env, bool interactive, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;
	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	/* A group of its own, so that all of it can be ended; on a terminal it must stay in the foreground's. */
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	if (!interactive) {
		(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		(void)posix_spawnattr_setpgroup(&attributes, 0);
		flags |= POSIX_SPAWN_SETPGROUP;
	}
	(void)posix_spawnattr_setflags(&attributes, flags);
	int failed = posix_spawnp(pid, exec->command, &actions, &attributes, exec->args, env);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* How long a plugin may take. */
struct patience {
	int64_t deadline;
	const atomic_int *stop;
};

static bool is_stopped(const struct patience *patience)
{
	return patience->stop && *patience->stop;
}

/* true at the end of the output; false when time or room ran out. */
static bool read_all(int fd, const struct patience *patience, struct buf *out)
{
	char chunk[4096];
	for (;;) {
		int64_t left = patience->deadline - clock_now();
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		if (left <= 0 || is_stopped(patience)) {
			return false;
		}
		if (poll(&wait, 1, (int)(left < STOP_STEP ? left : STOP_STEP)) <= 0) {
			continue;
		}
		ssize_t n = read(fd, chunk, sizeof chunk);
		bool fits = n <= 0 || buf_add(out, chunk, (size_t)n);
		OPENSSL_cleanse(chunk, sizeof chunk);
		if (n == 0 || (n < 0 && errno != EINTR)) {
			return n == 0;
		}
		if (!fits) {
			return false;
		}
	}
}

/* The wait status, or -1 when it had to be killed. */
static int wait_for(pid_t pid, const struct patience *patience, bool group)
{
	int status = 0;
	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid) {
			return status;
		}
		if (ended < 0 && errno != EINTR) {
			return -1;
		}
		if (clock_now() >= patience->deadline || is_stopped(patience)) {
			break;
		}
		clock_sleep_until(clock_now() + WAIT_STEP);
	}
	(void)kill(group ? -pid : pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return -1;
}

/* Adds what the kubeconfig says about getting the plugin, in one line. */
static bool with_hint(const struct kube_exec *exec, struct err *err)
{
	if (!exec->install_hint) {
		return false;
	}
	CLEANUP(text_freep) char *text = text_printf("%s: %s", err->msg, exec->install_hint);
	for (char *at = text; *at; at++) {
		*at = (unsigned char)*at < ' ' ? ' ' : *at;
	}
	return err_set(err, err->kind, "%s", text);
}

static bool start_failed(const struct kube_exec *exec, int number, struct err *err)
{
	errno = number;
	(void)err_sys(err, "cannot run credential plugin '%s'", exec->command);
	err->kind = ERR_INPUT;
	return with_hint(exec, err);
}

static bool judge(const struct kube_exec *exec, int status, bool complete, bool in_time, struct err *err)
{
	if (!in_time) {
		return err_set(err, ERR_TRANSIENT, "credential plugin '%s' did not end in time", exec->command);
	}
	if (!complete) {
		return err_set(err, ERR_LIMIT, "credential plugin '%s' printed more than %d bytes", exec->command, REPLY_BYTES);
	}
	if (status == -1 || !WIFEXITED(status)) {
		return err_set(err, ERR_DENIED, "credential plugin '%s' was killed", exec->command);
	}
	int code = WEXITSTATUS(status);
	if (code == 0) {
		return true;
	}
	(void)err_set(err, ERR_DENIED, "credential plugin '%s' failed with exit code %d", exec->command, code);
	return code == NOT_FOUND ? with_hint(exec, err) : false;
}

static bool collect(const struct kube_exec *exec, int fd, pid_t pid, bool group, const struct patience *patience,
                    struct kube_exec_reply *out, struct err *err)
{
	static const struct patience none = { 0 };
	struct buf text = BUF_INIT(REPLY_BYTES);
	bool complete = read_all(fd, patience, &text);
	bool in_time = complete || clock_now() < patience->deadline;
	int status = wait_for(pid, complete ? patience : &none, group);
	in_time = in_time && (status != -1 || clock_now() < patience->deadline);
	bool good = is_stopped(patience)
	                ? err_set(err, ERR_TRANSIENT, "stopped")
	                : judge(exec, status, complete, in_time, err) && kube_exec_parse(exec, buf_text(&text), text.len, out, err);
	if (text.data) {
		OPENSSL_cleanse(text.data, text.cap);
	}
	buf_release(&text);
	return good;
}

bool kube_exec_run(const struct kube_exec *exec, int64_t timeout, const atomic_int *stop, struct kube_exec_reply *out,
                   struct err *err)
{
	bool interactive = exec->interactive != EXEC_NEVER && isatty(STDIN_FILENO) == 1;
	if (exec->interactive == EXEC_ALWAYS && !interactive) {
		return err_set(err, ERR_INPUT, "credential plugin '%s' needs a terminal", exec->command);
	}
	int pipes[2];
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		return err_sys(err, "cannot make a pipe");
	}
	char *info = exec_info(exec, interactive);
	char **env = make_environment(exec, info);
	pid_t pid = 0;
	int failed = spawn_with(exec, env, interactive, pipes[1], &pid);
	free(env);
	free(info);
	(void)close(pipes[1]);
	struct patience patience = { .deadline = clock_now() + timeout, .stop = stop };
	bool good = failed ? start_failed(exec, failed, err) : collect(exec, pipes[0], pid, !interactive, &patience, out, err);
	(void)close(pipes[0]);
	return good;
}
