/*
 * What a rendering need not read again: files of plain manifests whose content is the one that was read before. Of each the
 * identities of its objects are kept, not their documents: who renders often holds these elsewhere, by object_origin.
 *
 * A file is kept by its path and the id of its content, which the tree has to tell (files_entry). One that gave a problem, even a
 * warning, or an object that may not go without its document, is read each time.
 */
#ifndef RENDER_MANIFESTS_KEPT_H
#define RENDER_MANIFESTS_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "render/object.h"

struct manifests_kept;

/* `may` says whether an object can go without its document; NULL: each can. */
struct manifests_kept *manifests_kept_new(bool (*may)(const struct object *object));
void manifests_kept_free(struct manifests_kept *kept); /* NULL is fine */

/* How many files are kept. */
size_t manifests_kept_count(const struct manifests_kept *kept);

/* --- for render/manifests.c --- */

/* One file. */
struct kept_file {
	const char *path;
	const unsigned char *content; /* OBJECT_CONTENT bytes */
	size_t bytes;
};

/*
 * Where that content is kept: sets file->bytes, and gives away its objects, which are without documents, in their order.
 * false: it is to be read.
 */
bool manifests_kept_tell(struct manifests_kept *kept, struct kept_file *file, void (*take)(void *context, struct object *object),
                         void *context) MUST_CHECK;

/* The file was read, without a problem, and has these objects. */
void manifests_kept_note(struct manifests_kept *kept, const struct kept_file *file, struct object *const *objects, size_t count);

/* Around a rendering: what was neither told nor noted between them is dropped. One that does not come to its end changes
 * nothing. */
void manifests_kept_begin(struct manifests_kept *kept);
void manifests_kept_end(struct manifests_kept *kept);

#endif
