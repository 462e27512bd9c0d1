/*
 * Input: a path, header lines, an empty line, a body. Nobody is right without a token; with one, whoever is right has said
 * something; a path that is taken is made of what was taken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/webhook.h"
#include "render/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool call(const struct secret *token, char *text, size_t size)
{
	struct webhook *webhook = webhook_new(token);
	char *rest = text + strlen(text) + (strlen(text) < size);
	while (*rest && *rest != '\n') {
		char *line = rest;
		size_t len = strcspn(line, "\n");
		rest += len + (line[len] != '\0');
		line[len] = '\0';
		char *value = strchr(line, ':');
		if (value) {
			*value = '\0';
			webhook_header(webhook, line, value + 1);
		}
	}
	webhook_body(webhook, rest, (size_t)(text + size - rest));
	bool valid = webhook_valid(webhook);
	webhook_free(webhook);
	return valid;
}

static void check_path(const char *path)
{
	struct webhook_name name;
	if (webhook_path(path, &name)) {
		CLEANUP(text_freep) char *again = text_printf("/hook/%s/%s", name.ns, name.name);
		if (strcmp(again, path) != 0) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct secret token = SECRET_INIT;
	secret_set(&token, "k", 1);
	for (int i = 0; i < 2; i++) {
		CLEANUP(text_freep) char *text = text_dup_len((const char *)data, size);
		size_t len = strlen(text);
		text[strcspn(text, "\n")] = '\0';
		check_path(text);
		bool headers = strlen(text) + 1 < len;
		bool valid = call(i ? &token : NULL, text, len);
		if (valid && (!i || !headers)) {
			abort();
		}
	}
	secret_release(&token);
	return 0;
}
