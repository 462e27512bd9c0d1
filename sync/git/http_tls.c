#include "sync/git/http_tls.h"

#include <stdio.h>
#include <string.h>

static bool read_file(const struct repo_source *source, struct buf *ca, struct err *err)
{
	FILE *file = fopen(source->ca_file, "re");
	if (!file) {
		return err_sys(err, "cannot open '%s'", source->ca_file);
	}
	char part[4096];
	bool fits = true;
	for (size_t len = fread(part, 1, sizeof part, file); len && fits; len = fread(part, 1, sizeof part, file)) {
		fits = buf_add(ca, part, len);
	}
	bool failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed) {
		return err_sys(err, "cannot read '%s'", source->ca_file);
	}
	if (!fits || !strstr(buf_text(ca), "-----BEGIN ")) {
		return err_set(err, ERR_INPUT, "'%s' holds no certificate in PEM form", source->ca_file);
	}
	return true;
}

bool http_tls_read(const struct repo_source *source, struct buf *ca, struct err *err)
{
	if (secret_is_set(&source->ca)) {
		bool good = buf_add(ca, source->ca.text, source->ca.len) && strstr(source->ca.text, "-----BEGIN ");
		return good || err_set(err, ERR_INPUT, "ca.crt holds no certificate in PEM form");
	}
	return !source->ca_file || read_file(source, ca, err);
}

static void set_blob(CURL *easy, CURLoption option, void *bytes, size_t len)
{
	struct curl_blob blob = { .data = bytes, .len = len, .flags = CURL_BLOB_NOCOPY };
	(void)curl_easy_setopt(easy, option, &blob);
}

void http_tls_set(CURL *easy, const struct repo_source *source, const struct buf *ca)
{
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca->len) {
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		set_blob(easy, CURLOPT_CAINFO_BLOB, ca->data, ca->len);
	}
	if (secret_is_set(&source->cert) && secret_is_set(&source->key)) {
		set_blob(easy, CURLOPT_SSLCERT_BLOB, source->cert.text, source->cert.len);
		set_blob(easy, CURLOPT_SSLKEY_BLOB, source->key.text, source->key.len);
	}
}
