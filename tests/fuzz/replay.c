/*
 * Runs a fuzz target over the files of its corpus, so that what fuzzing found stays tested in every build.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (!file) {
		perror(path);
		return 1;
	}
	struct buf text = BUF_INIT((size_t)1 << 24);
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;) {
		(void)buf_add(&text, chunk, n);
	}
	(void)fclose(file);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&text), text.len);
	buf_release(&text);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	struct dirent **entries = NULL;
	int count = scandir(argv[1], &entries, NULL, alphasort);
	if (count < 0) {
		perror(argv[1]);
		return 1;
	}
	int failed = 0;
	int ran = 0;
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			char *path = text_printf("%s/%s", argv[1], entries[i]->d_name);
			failed |= replay(path);
			ran++;
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
	(void)printf("%d inputs\n", ran);
	return failed || ran == 0;
}
