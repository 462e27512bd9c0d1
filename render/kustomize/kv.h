/*
 * Where the data of a generated ConfigMap or Secret come from: literals, files and env files (upstream's api/kv/kv.go).
 */
#ifndef RENDER_KUSTOMIZE_KV_H
#define RENDER_KUSTOMIZE_KV_H

#include "render/kustomize/build.h"

struct kv {
	const char *key;
	struct text value; /* bytes; may hold NUL */
};

struct kvs {
	struct kv *items;
	size_t count;
	size_t cap;
};

/*
 * All of them sorted by key; a key that is there twice is an error. Keys are not checked, as upstream does not. Errors name the
 * entry ("literals[1]"), never what a value is.
 */
bool kv_load(const struct build *build, const struct generator_args *args, struct kvs *out, struct err *err) MUST_CHECK;

#endif
