/*
 * Trees to the structs of types.h, by tables, as encoding/json decodes: names without regard to case, and a field that comes
 * twice, in letters of another case, goes on from what the earlier one left. Strict: a field that nobody knows is an error that
 * names the nearest known one. Loose (files that configure a transformer): other fields are passed over, and a number or a bool
 * where a text is asked for is its text.
 */
#ifndef RENDER_KUSTOMIZE_DECODE_H
#define RENDER_KUSTOMIZE_DECODE_H

#include "render/base/arena.h"
#include "render/base/err.h"
#include "render/kustomize/tree.h"
#include "render/kustomize/types.h"

enum field_kind {
	FIELD_TEXT,     /* const char * */
	FIELD_STRICT,   /* a text that is never loose: of a struct that is embedded upstream, where sigs.k8s.io/yaml does not look */
	FIELD_LOOSE,    /* a text that is always loose: the one beside such a struct */
	FIELD_TEXT_PTR, /* const char *, NULL where it was not given */
	FIELD_BOOL,     /* bool */
	FIELD_INT,      /* int64_t */
	FIELD_TEXTS,    /* struct texts */
	FIELD_PAIRS,    /* struct pairs */
	FIELD_STRUCT,   /* of `shape`, embedded */
	FIELD_POINTER,  /* to one of `shape`, or NULL */
	FIELD_LIST,     /* struct list of `shape` */
	FIELD_POINTERS, /* struct list of pointers to `shape` */
	FIELD_GIVEN,    /* bool: it is there; what it holds does not matter */
	FIELD_COUNT,    /* struct list, of which only count and set are filled */
	FIELD_TREE,     /* struct tree * as it is, or NULL */
};

struct shape;

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	const struct shape *shape;
};

struct shape {
	const char *name; /* "patch", for messages */
	size_t size;
	const struct field *fields;
	size_t count;
};

struct decoder {
	struct arena *arena;
	const char *file; /* for messages */
	bool strict;      /* unknown fields are errors */
	bool loose;       /* numbers and bools are texts where a text is wanted */
	bool goyaml;      /* as goyaml v3 decodes: loose everywhere, letters have their case, nulls in lists are left out */
};

/* `out` has the shape's size and is filled whole. */
bool decode(const struct decoder *decoder, const struct shape *shape, const struct tree *tree, void *out, struct err *err)
	MUST_CHECK;

extern const struct shape shape_kustomization, shape_object_meta, shape_selector, shape_fieldspec, shape_patch,
	shape_patch_options, shape_image, shape_replica, shape_label, shape_replacement, shape_plugin_replacement, shape_source,
	shape_target, shape_field_options, shape_config_map_args, shape_secret_args, shape_generator_options, shape_var,
	shape_name_reference, shape_field_config;

#endif
