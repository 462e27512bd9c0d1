/*
 * The transformers that change fields of every object: each a file of its own (labels.c, images.c and so on) and one
 * function, with what configures it. Where it looks is told by field specs, see fieldspec.h.
 */
#ifndef RENDER_KUSTOMIZE_TRANSFORMERS_H
#define RENDER_KUSTOMIZE_TRANSFORMERS_H

#include "render/kustomize/build.h"

/*
 * metadata.namespace of every object that is not certainly cluster-scoped, subjects of bindings as the mode says, and the
 * fields of the specs. Two objects of one id after that are an error.
 */
bool namespace_transform(const struct build *build, struct resmap *map, const struct namespace_config *config, struct err *err)
	MUST_CHECK;

/* The same to one object, without the memory of what it was. */
bool namespace_set(const struct build *build, struct resource *resource, const struct namespace_config *config, struct err *err)
	MUST_CHECK;

/* Not of CustomResourceDefinitions, APIServices and Namespaces. What they do to metadata/name is noted for name references. */
bool prefix_transform(const struct build *build, struct resmap *map, const struct affix_config *config, struct err *err)
	MUST_CHECK;
bool suffix_transform(const struct build *build, struct resmap *map, const struct affix_config *config, struct err *err)
	MUST_CHECK;

/* Values are texts, whatever they look like. */
bool labels_transform(const struct build *build, struct resmap *map, const struct labels_config *config, struct err *err)
	MUST_CHECK;
bool annotations_transform(const struct build *build, struct resmap *map, const struct labels_config *config, struct err *err)
	MUST_CHECK;

/* An object that has or had the name must be there. */
bool replicas_transform(const struct build *build, struct resmap *map, const struct replicas_config *config, struct err *err)
	MUST_CHECK;

/*
 * `image` of every item of any list named containers or initContainers, then the fields of the specs: one of both is changed
 * twice, which shows with tagSuffix. The name is a regular expression.
 */
bool images_transform(const struct build *build, struct resmap *map, const struct images_config *config, struct err *err)
	MUST_CHECK;

/* Puts "Kind.version.group/name.namespace (file)" in front; returns false. For errors about one object. */
bool transform_fail(const struct build *build, struct resource *resource, struct err *err);

#endif
