#include "tests/unit/case_file.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"

static int is_case(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');
	return dot && strcmp(dot, ".json") == 0;
}

static size_t scan(const char *folder, size_t index, char *name, size_t size)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_case, alphasort);
	for (int i = 0; i < count; i++) {
		if (name && (size_t)i == index) {
			(void)snprintf(name, size, "%s", entries[i]->d_name);
		}
		free(entries[i]);
	}
	free(entries);
	return count > 0 ? (size_t)count : 0;
}

size_t case_count(const char *folder)
{
	size_t count = scan(folder, 0, NULL, 0);
	if (!count) {
		(void)fprintf(stderr, "%s: no cases\n", folder);
		exit(EXIT_FAILURE);
	}
	return count;
}

const char *case_name(const char *folder, size_t index)
{
	static char name[256];
	(void)scan(folder, index, name, sizeof name);
	return name;
}

cJSON *case_read(const char *folder, const char *name)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", folder, name);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MANIFEST_BYTES);
	FILE *file = fopen(path, "rbe");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) {
		ck_assert(buf_add(&text, chunk, n));
	}
	(void)fclose(file);
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(buf_text(&text), text.len, &err);
	ck_assert_msg(doc != NULL, "%s: %s", path, err.msg);
	return doc;
}
