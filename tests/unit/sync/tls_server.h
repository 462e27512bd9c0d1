/*
 * A small HTTPS server for tests, HTTP/1.1, one connection at a time, in a process of its own. Its certificate is for
 * 127.0.0.1 and localhost and signed by itself. What it answers is the test's: a function of path, request and how often
 * that path was asked before. Nothing that runs in that process may assert: Check's file of messages is shared with it, and
 * what both write at once is no message.
 */
#include <arpa/inet.h>
#include <check.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "sync/kube/patience.h"

const struct kube_patience kube_patience = { .connect = 600000, .call = 600000, .page = 600000 };

/* The whole answer, head and body; NULL: the connection is closed without one; "hang": nothing is said. free() is not called. */
typedef const char *tls_answer(const char *path, const char *request, unsigned before);

struct tls_server {
	pid_t pid;
	int port;
	char *cert; /* PEM */
};

static X509 *make_cert(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	(void)X509_set_version(cert, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	(void)X509_set_pubkey(cert, key);
	X509_NAME *name = X509_get_subject_name(cert);
	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	(void)X509_set_issuer_name(cert, name);
	X509V3_CTX context;
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name,
	                                            "IP:127.0.0.1,DNS:localhost,DNS:kubernetes");
	(void)X509_add_ext(cert, names, -1);
	X509_EXTENSION_free(names);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	return cert;
}

static char *pem_of(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	ck_assert_int_eq(PEM_write_bio_X509(bio, cert), 1);
	long len = BIO_get_mem_data(bio, &text);
	char *copy = text_dup_len(text, (size_t)len);
	BIO_free(bio);
	return copy;
}

/* One request with its body; false at the end of the connection. */
static bool read_request(SSL *ssl, struct buf *request)
{
	char chunk[4096];
	buf_reset(request);
	for (;;) {
		const char *end = request->len ? strstr(request->data, "\r\n\r\n") : NULL;
		if (end) {
			const char *length = strcasestr(request->data, "\r\ncontent-length: ");
			size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
			if (request->len >= (size_t)(end - request->data) + 4 + body) {
				return true;
			}
		}
		int n = SSL_read(ssl, chunk, sizeof chunk);
		if (n <= 0 || !buf_add(request, chunk, (size_t)n)) {
			return false;
		}
	}
}

static unsigned count_path(const char *path)
{
	static struct {
		char path[64];
		unsigned count;
	} seen[64];
	size_t i = 0;
	while (i < ARRAY_LEN(seen) - 1 && seen[i].path[0] && strcmp(seen[i].path, path) != 0) {
		i++;
	}
	(void)snprintf(seen[i].path, sizeof seen[i].path, "%s", path);
	return seen[i].count++;
}

static void serve_connection(SSL *ssl, tls_answer *answer)
{
	struct buf request = BUF_INIT(1 << 20);
	while (read_request(ssl, &request)) {
		char path[64] = "";
		(void)sscanf(request.data, "%*s %63s", path);
		const char *reply = answer(path, request.data, count_path(path));
		if (reply && strcmp(reply, "hang") == 0) {
			while (SSL_read(ssl, path, 1) > 0) {
			}
			break;
		}
		if (!reply || SSL_write(ssl, reply, (int)strlen(reply)) <= 0 || strcasestr(reply, "connection: close")) {
			break;
		}
	}
	buf_release(&request);
}

static void serve(int listener, SSL_CTX *context, tls_answer *answer)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(context);
		if (fd >= 0 && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
			serve_connection(ssl, answer);
		}
		(void)shutdown(fd, SHUT_RDWR);
		(void)close(fd);
		SSL_free(ssl);
	}
}

static struct tls_server tls_server_start(tls_answer *answer)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = make_cert(key);
	struct tls_server server = { .cert = pem_of(cert) };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	server.port = ntohs(address.sin_port);
	server.pid = fork();
	if (server.pid == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing of it outlives the test */
		SSL_CTX *context = SSL_CTX_new(TLS_server_method());
		(void)SSL_CTX_use_certificate(context, cert);
		(void)SSL_CTX_use_PrivateKey(context, key);
		serve(listener, context, answer);
	}
	ck_assert_int_gt(server.pid, 0);
	(void)close(listener);
	X509_free(cert);
	EVP_PKEY_free(key);
	return server;
}

static void tls_server_stop(struct tls_server *server)
{
	(void)kill(server->pid, SIGKILL);
	(void)waitpid(server->pid, NULL, 0);
	free(server->cert);
}
