/*
 * Bytes to trees, in the two dialects that Kustomize has.
 */
#ifndef RENDER_KUSTOMIZE_READ_H
#define RENDER_KUSTOMIZE_READ_H

#include "render/kustomize/build.h"
#include "render/kustomize/tree.h"

struct trees {
	struct tree **items;
	size_t count;
	size_t cap;
};

/*
 * Resources and strategic merge patches: all documents of the text as kyaml's ByteReader gives them (goyaml v3; split at
 * "---" lines, one document each; a lone List opened; anchors expanded, merge keys merged). Empty documents are left out.
 * Errors name path and line.
 */
bool tree_read(struct arena *arena, const char *path, const char *text, size_t len, struct trees *out, struct err *err)
	MUST_CHECK;

/* The first document of a text that upstream made and reads (yaml.Parse), whole where the build wants it so (whole.h). */
bool tree_read_made(const struct build *build, const char *path, const char *text, struct tree **out, struct err *err) MUST_CHECK;

/*
 * What goyaml v2 reads as configuration (kustomization files, JSON patches, replacement files): the first document only, with
 * YAML 1.1's words. Scalars are what they mean already: a bool's text is true or false, a number's its JSON form, keys are
 * strings. Of a key that is there twice the last one counts (CONFIG_UNIQUE: it is an error). Infinity and not-a-number have no
 * JSON form and are errors (CONFIG_LOOSE: not yet, as a loose decoder makes texts of them). *out is a null where there is no
 * document.
 */
enum { CONFIG_UNIQUE = 1, CONFIG_LOOSE = 2 };
bool tree_read_config(struct arena *arena, const char *path, const char *text, size_t len, unsigned flags, struct tree **out,
                      struct err *err) MUST_CHECK;

/*
 * Factory.SliceFromBytes: tree_read, then each must have a kind and a name, lists (kinds that end in List and have items) are
 * opened. No look at ids: append them.
 */
bool resources_read(struct arena *arena, const char *path, const char *text, size_t len, struct resmap *out, struct err *err)
	MUST_CHECK;
/* The same, whole where the build wants it so (whole.h): for the objects of a build and what is merged into them. */
bool resources_read_for(const struct build *build, const char *path, const struct text *text, struct resmap *out, struct err *err)
	MUST_CHECK;

#endif
