#include "render/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

enum { TEXT_MAX = 2000 };

void problems_release(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		free(problems->items[i].text);
	}
	free(problems->items);
	*problems = PROBLEMS_INIT;
}

void problems_back(struct problems *problems, const struct problems *before)
{
	while (problems->count > before->count) {
		free(problems->items[--problems->count].text);
	}
	problems->errors = before->errors;
	problems->dropped = before->dropped;
}

static void keep(struct problems *problems, enum problem_severity severity, char *text)
{
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127) {
			*c = '?';
		}
	}
	problems->items = alloc_grow(problems->items, problems->count + 1, sizeof *problems->items);
	problems->items[problems->count++] = (struct problem){ .severity = severity, .text = text };
}

void problems_add(struct problems *problems, enum problem_severity severity, const char *path, size_t line, const char *field,
                  const char *fmt, ...)
{
	problems->errors += severity == PROBLEM_ERROR;
	if (problems->count >= LIMIT_PROBLEMS) {
		problems->dropped++;
		return;
	}
	struct buf text = BUF_INIT(LIMIT_KIB(8));
	if (path) {
		(void)buf_printf(&text, "%.1000s:", path);
		(void)(line ? buf_printf(&text, "%zu: ", line) : buf_putc(&text, ' '));
	}
	if (field && *field) {
		(void)buf_printf(&text, "%.500s: ", field);
	}
	char said[TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(said, sizeof said, fmt, args);
	va_end(args);
	(void)buf_puts(&text, said);
	keep(problems, severity, buf_detach(&text));
}
