/*
 * Cases of a folder, each a file of parts: lines of "=== NAME" begin the next part. The last one is "expected", with what Kustomize
 * 5.8.1 prints for the same (kustomize build), or "refused" where it fails.
 */
#ifndef TESTS_UNIT_RENDER_GOLDEN_H
#define TESTS_UNIT_RENDER_GOLDEN_H

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

enum { GOLDEN_PARTS = 8 };

struct golden {
	char *text;
	const char *names[GOLDEN_PARTS]; /* "" of the first part */
	char *parts[GOLDEN_PARTS];
	size_t count;
};

static inline void golden_release(struct golden *golden)
{
	free(golden->text);
}

static inline struct golden golden_read(const char *path)
{
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	struct golden golden = { .text = alloc_new(1, 65536), .names = { "" }, .count = 1 };
	golden.text[fread(golden.text, 1, 65535, file)] = '\0';
	(void)fclose(file);
	golden.parts[0] = golden.text;
	for (char *line = strstr(golden.text, "=== "); line; line = strstr(line, "=== ")) {
		ck_assert(golden.count < GOLDEN_PARTS && (line == golden.text || line[-1] == '\n'));
		*line = '\0';
		golden.names[golden.count] = line + 4;
		line += strcspn(line + 4, "\n") + 4;
		*line++ = '\0';
		golden.parts[golden.count++] = line;
	}
	return golden;
}

/* The part of that name; NULL where there is none. */
static inline const char *golden_part(const struct golden *golden, const char *name)
{
	for (size_t i = 0; i < golden->count; i++) {
		if (strcmp(golden->names[i], name) == 0) {
			return golden->parts[i];
		}
	}
	return NULL;
}

/* Compares what came out, NULL where it was refused. */
static inline void golden_check(const struct golden *golden, const char *path, const char *out, const char *message)
{
	const char *expected = golden_part(golden, "expected");
	ck_assert_msg(expected != NULL || golden_part(golden, "refused") != NULL, "%s: neither expected nor refused", path);
	if (!expected) {
		ck_assert_msg(out == NULL, "%s: is taken, but Kustomize refuses it:\n%s", path, out);
		ck_assert_msg(message[0] && message[strlen(message) - 1] != '.', "%s: error without a text: %s", path, message);
		return;
	}
	ck_assert_msg(out != NULL, "%s: refused: %s", path, message);
	ck_assert_msg(strcmp(out, expected) == 0, "%s:\n%s", path, out);
}

/* The files of the folder; at least `least` of them. */
static inline void golden_find(const char *folder, size_t least, glob_t *cases)
{
	char pattern[200];
	(void)snprintf(pattern, sizeof pattern, "cases/%s/*.txt", folder);
	if (glob(pattern, 0, NULL, cases) != 0 || cases->gl_pathc < least) {
		(void)fprintf(stderr, "%s: fewer than %zu cases\n", pattern, least);
		exit(1);
	}
}

#endif
