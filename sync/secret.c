#include "sync/secret.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

void secret_release(struct secret *secret)
{
	if (secret->text) {
		OPENSSL_cleanse(secret->text, secret->len);
		free(secret->text);
	}
	*secret = SECRET_INIT;
}

void secret_set(struct secret *secret, const char *text, size_t len)
{
	char *copy = text_dup_len(text, len);
	secret_release(secret);
	*secret = (struct secret){ .text = copy, .len = len };
}

static void close_file(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

bool secret_read_file(struct secret *secret, const char *path, struct err *err)
{
	CLEANUP(close_file) FILE *file = fopen(path, "re");
	if (!file) {
		return err_sys(err, "cannot open '%s'", path);
	}
	(void)setvbuf(file, NULL, _IONBF, 0);
	char *text = alloc_new(LIMIT_TOKEN_BYTES + 1, 1);
	size_t len = fread(text, 1, LIMIT_TOKEN_BYTES + 1, file);
	bool failed = ferror(file) != 0;
	bool too_long = len > LIMIT_TOKEN_BYTES;
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
		len--;
	}
	if (!failed && !too_long && len) {
		secret_set(secret, text, len);
	}
	OPENSSL_cleanse(text, LIMIT_TOKEN_BYTES + 1);
	free(text);
	if (failed) {
		return err_sys(err, "cannot read '%s'", path);
	}
	if (too_long) {
		return err_set(err, ERR_LIMIT, "'%s' is longer than %zu bytes", path, LIMIT_TOKEN_BYTES);
	}
	return len ? true : err_set(err, ERR_INPUT, "'%s' is empty", path);
}
