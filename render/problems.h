/*
 * The errors and warnings of one pass, collected so that the user sees all of them at once. Each names its place:
 * "prod/web.yaml:12: spec.replicas: duplicate key, first in line 9".
 */
#ifndef RENDER_PROBLEMS_H
#define RENDER_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/macros.h"

enum problem_severity { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
	enum problem_severity severity;
	char *text; /* one line, the place in front */
};

struct problems {
	struct problem *items;
	size_t count;
	size_t errors;  /* how many are errors, also those over LIMIT_PROBLEMS that are not kept */
	size_t dropped; /* not kept */
};

#define PROBLEMS_INIT ((struct problems){ 0 })

void problems_release(struct problems *problems);
/* Forgets what was added since `before` was a copy. */
void problems_back(struct problems *problems, const struct problems *before);

/* path may be NULL; line 0 and field NULL are left out of the text. Control characters become '?'. */
void problems_add(struct problems *problems, enum problem_severity severity, const char *path, size_t line, const char *field,
                  const char *fmt, ...) PRINTF_LIKE(6, 7);

#endif
