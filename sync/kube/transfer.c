#include "sync/kube/transfer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "render/base/limits.h"
#include "sync/clock.h"
#include "sync/kube/headers.h"
#include "sync/kube/patience.h"

enum {
	SILENCE = 15000, /* unacknowledged for so long, a connection is dead */
	KEEPALIVE_IDLE = 10,
	KEEPALIVE_EVERY = 5,
	RECEIVE_BYTES = 128 * 1024,
	WARNING_BYTES = 64 * 1024,
	URL_BYTES = 64 * 1024,
};

#if defined(__aarch64__)
#define ARCH "arm64"
#else
#define ARCH "amd64"
#endif

static char *url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text : NULL;
}

/*
 * kubectl sends the server's name to be checked against in the handshake only. curl checks the URL's host, so that is put
 * into the URL, the connection is led to the real host and the Host header names that too.
 */
static bool use_server_name(struct target *target, CURLU *url, struct err *err)
{
	const char *name = target->config->tls_server_name;
	char *host = url_part(url, CURLUPART_HOST, 0);
	char *port = url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	char *base = NULL;
	bool good = host && port && curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK;
	base = good ? url_part(url, CURLUPART_URL, CURLU_NO_DEFAULT_PORT) : NULL;
	if (base) {
		CLEANUP(text_freep) char *to = text_printf("::%s:%s", host, port);
		target->connect = curl_slist_append(NULL, to);
		target->host_header = strcmp(port, "443") == 0 ? text_printf("Host: %s", host) : text_printf("Host: %s:%s", host, port);
		free(target->base);
		target->base = text_dup(base);
	}
	curl_free(host);
	curl_free(port);
	curl_free(base);
	return base || err_set(err, ERR_INPUT, "tls-server-name '%s' is no host name", name);
}

static void trim_slash(char *text)
{
	size_t len = strlen(text);
	while (len && text[len - 1] == '/') {
		text[--len] = '\0';
	}
}

/* Go's SOCKS client lets the proxy resolve names, so this does too. */
static char *proxy_of(const char *url)
{
	static const char socks[] = "socks5://";
	size_t len = sizeof socks - 1;
	return strncmp(url, socks, len) == 0 ? text_printf("socks5h://%s", url + len) : text_dup(url);
}

bool target_init(struct target *target, const struct kube_config *config, const char *user_agent, struct err *err)
{
	*target = (struct target){ .config = config, .base = text_dup(config->server) };
	target->user_agent = text_dup(user_agent ? user_agent : "plumb/" PLUMB_VERSION " (linux/" ARCH ")");
	target->proxy = config->proxy_url ? proxy_of(config->proxy_url) : NULL;
	CURLU *url = curl_url();
	bool good = curl_url_set(url, CURLUPART_URL, config->server, 0) == CURLUE_OK ||
	            err_set(err, ERR_INPUT, "the server '%s' is no URL", config->server);
	char *user = good ? url_part(url, CURLUPART_USER, 0) : NULL;
	if (user) {
		good = err_set(err, ERR_INPUT, "the server's URL must not hold a user or password");
	}
	curl_free(user);
	good = good && (!config->tls_server_name || use_server_name(target, url, err));
	curl_url_cleanup(url);
	if (!good) {
		target_release(target);
		return false;
	}
	trim_slash(target->base);
	return true;
}

void target_release(struct target *target)
{
	free(target->base);
	free(target->host_header);
	free(target->user_agent);
	free(target->proxy);
	curl_slist_free_all(target->connect);
	*target = (struct target){ 0 };
}

static void add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (!longer) {
		abort();
	}
	*list = longer;
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
	CLEANUP(text_freep) char *line = text_printf("%s: %s", name, value);
	add_line(list, line);
}

struct headers *headers_new(const struct target *target, const struct auth *auth, const char *accept, const char *content_type)
{
	struct headers *headers = alloc_new(1, sizeof *headers);
	headers->accept = text_dup(accept);
	headers->content_type = content_type ? text_dup(content_type) : NULL;
	headers->generation = auth->generation;
	add_header(&headers->list, "Accept", accept);
	if (content_type) {
		add_header(&headers->list, "Content-Type", content_type);
		add_line(&headers->list, "Expect:");
	}
	if (target->host_header) {
		add_line(&headers->list, target->host_header);
	}
	if (target->config->as_user) {
		add_header(&headers->list, "Impersonate-User", target->config->as_user);
	}
	if (secret_is_set(&auth->header)) {
		add_line(&headers->list, auth->header.text);
	}
	return headers;
}

void headers_free(struct headers *headers)
{
	for (struct curl_slist *line = headers->list; line; line = line->next) {
		OPENSSL_cleanse(line->data, strlen(line->data));
	}
	curl_slist_free_all(headers->list);
	free(headers->accept);
	free(headers->content_type);
	free(headers);
}

/* Room for all of the reply at once, where the server says how much it is. */
static void reserve(struct buf *buf, size_t len)
{
	if (len < buf->max && len + 1 > buf->cap) {
		buf->data = alloc_grow(buf->data, len + 1, 1);
		buf->cap = len + 1;
		buf->data[buf->len] = '\0';
	}
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;
	const char *value = NULL;
	size_t value_len = 0;
	if (header_is(line, len, "content-length", &value, &value_len)) {
		reserve(&transfer->call->reply, strtoul(value, NULL, 10));
	} else if (header_is(line, len, "etag", &value, &value_len)) {
		free(transfer->call->etag);
		transfer->call->etag = text_dup_len(value, value_len);
	} else if (header_is(line, len, "retry-after", &value, &value_len)) {
		transfer->retry_after = header_retry_after(value, value_len, clock_wall());
	} else if (header_is(line, len, "warning", &value, &value_len)) {
		header_warnings(value, value_len, &transfer->warnings);
	}
	return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	if (!buf_add(&transfer->call->reply, bytes, size * count)) {
		transfer->too_long = true;
		return 0;
	}
	return size * count;
}

/*
 * The body of a POST is fetched by curl and cannot be rewound. On its own, curl sends a request again when a connection that
 * was used before ends without an answer, whatever the method; this way it fails instead.
 */
static size_t on_fetch(char *out, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct buf *body = &transfer->call->body;
	size_t left = body->len - transfer->sent;
	size_t len = left < size * count ? left : size * count;
	memcpy(out, body->data + transfer->sent, len);
	transfer->sent += len;
	return len;
}

/* A peer that vanished without a word is noticed by the kernel; all requests on the connection then fail and are sent again. */
static int on_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
	(void)context;
	unsigned silence = SILENCE;
	if (purpose == CURLSOCKTYPE_IPCXN) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
	}
	return CURL_SOCKOPT_OK;
}

static struct curl_blob blob_of(const struct secret *secret)
{
	/* curl only reads it, its type is not const */
	return (struct curl_blob){ .data = secret->text, .len = secret->len, .flags = CURL_BLOB_NOCOPY };
}

static CURLcode set_tls(CURL *easy, const struct target *target)
{
	CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (secret_is_set(&target->config->ca)) {
		struct curl_blob ca = blob_of(&target->config->ca);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
		/* else the system's roots would be trusted besides */
		code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	return code;
}

CURLcode target_set(const struct target *target, CURL *easy)
{
	CURLcode code = set_tls(easy, target);
	code = code ? code
	            : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
	                               strncmp(target->config->server, "https:", 6) == 0 ? "https" : "http");
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)kube_patience.connect);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_EVERY);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_USERAGENT, target->user_agent);
	if (target->proxy) {
		code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, target->proxy);
		code = code ? code : curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	}
	if (target->connect) {
		code = code ? code : curl_easy_setopt(easy, CURLOPT_CONNECT_TO, target->connect);
	}
	return code;
}

static CURLcode set_fixed(struct transfer *transfer, const struct target *target)
{
	CURL *easy = transfer->easy;
	CURLcode code = target_set(target, easy);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_fetch);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	code = code ? code : curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	return code;
}

bool transfer_init(struct transfer *transfer, const struct target *target, struct err *err)
{
	transfer->url = BUF_INIT(URL_BYTES);
	transfer->warnings = BUF_INIT(WARNING_BYTES);
	transfer->easy = curl_easy_init();
	if (!transfer->easy) {
		abort();
	}
	CURLcode code = set_fixed(transfer, target);
	return code == CURLE_OK ||
	       err_set(err, ERR_INPUT, "cannot set up the client for '%s': %s", target->config->server, curl_easy_strerror(code));
}

void transfer_release(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	buf_release(&transfer->url);
	buf_release(&transfer->warnings);
	*transfer = (struct transfer){ 0 };
}

static void set_body(CURL *easy, const struct kube_call *call)
{
	bool post = strcmp(call->method, "POST") == 0;
	if (call->body.len || post) {
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post && call->body.len ? NULL : buf_text(&call->body));
		(void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, strcmp(call->method, "GET") == 0 ? NULL : call->method);
}

void target_set_cert(CURL *easy, const struct auth *auth)
{
	const struct secret *cert = auth_cert(auth);
	if (!secret_is_set(cert)) {
		return;
	}
	struct curl_blob cert_blob = blob_of(cert);
	struct curl_blob key_blob = blob_of(auth_key(auth));
	cert_blob.flags = CURL_BLOB_COPY; /* a plugin's next answer frees these while connections still use them */
	key_blob.flags = CURL_BLOB_COPY;
	(void)curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert_blob);
	(void)curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key_blob);
}

static void set_cert(struct transfer *transfer, const struct auth *auth)
{
	if (transfer->cert_generation != auth->generation && secret_is_set(auth_cert(auth))) {
		target_set_cert(transfer->easy, auth);
		transfer->cert_generation = auth->generation;
	}
}

static void clear_answer(struct transfer *transfer)
{
	struct kube_call *call = transfer->call;
	buf_reset(&call->reply);
	free(call->etag);
	call->etag = NULL;
	call->status = 0;
	call->err = ERR_INIT;
	buf_reset(&transfer->warnings);
	transfer->retry_after = -1;
	transfer->too_long = false;
	transfer->sent = 0;
	transfer->error[0] = '\0';
}

bool transfer_prepare(struct transfer *transfer, const struct target *target, const struct auth *auth, struct err *err)
{
	clear_answer(transfer);
	buf_reset(&transfer->url);
	if (!buf_puts(&transfer->url, target->base) || !buf_puts(&transfer->url, transfer->call->path)) {
		return err_set(err, ERR_LIMIT, "a request's path is longer than %d bytes", URL_BYTES);
	}
	(void)curl_easy_setopt(transfer->easy, CURLOPT_URL, buf_text(&transfer->url));
	set_body(transfer->easy, transfer->call);
	set_cert(transfer, auth);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers->list);
	int64_t left = transfer->deadline - clock_now();
	(void)curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)(left > 1 ? left : 1));
	transfer->generation = auth->generation;
	return true;
}

static const char *reason(const struct transfer *transfer, CURLcode code)
{
	return transfer->error[0] ? transfer->error : curl_easy_strerror(code);
}

static void explain_connect(const struct transfer *transfer, const struct target *target, CURLcode code, struct err *err)
{
	const char *server = target->config->server;
	long number = 0;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	char text[128];
	(void)err_set(err, ERR_TRANSIENT, "cannot connect to '%s'%s: %s", server, target->proxy ? " through its proxy-url" : "",
	              number ? strerror_r((int)number, text, sizeof text) : reason(transfer, code));
}

void transfer_explain(const struct transfer *transfer, const struct target *target, CURLcode code, struct err *err)
{
	const char *server = target->config->server;
	if (transfer->too_long) {
		(void)err_set(err, ERR_LIMIT, "the answer of '%s' is longer than %zu bytes", server, transfer->call->reply.max);
	} else if (code == CURLE_COULDNT_CONNECT) {
		explain_connect(transfer, target, code, err);
	} else if (code == CURLE_PEER_FAILED_VERIFICATION) {
		(void)err_set(err, ERR_DENIED, "cannot trust the certificate of '%s': %s", server, reason(transfer, code));
	} else if (code == CURLE_SSL_CACERT_BADFILE) {
		(void)err_set(err, ERR_INPUT, "the certificate authority for '%s' is no PEM certificate", server);
	} else if (code == CURLE_SSL_CERTPROBLEM) {
		(void)err_set(err, ERR_INPUT, "the client certificate for '%s' cannot be used: %s", server, reason(transfer, code));
	} else if (code == CURLE_SEND_FAIL_REWIND) {
		(void)err_set(err, ERR_TRANSIENT, "'%s' closed the connection without an answer", server);
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		(void)err_set(err, ERR_TRANSIENT, "no answer from '%s' in time: %s", server, reason(transfer, code));
	} else {
		(void)err_set(err, ERR_TRANSIENT, "request to '%s' failed: %s", server, reason(transfer, code));
	}
}
