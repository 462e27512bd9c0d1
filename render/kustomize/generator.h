/*
 * configMapGenerator and secretGenerator (upstream's api/internal/generators). What a generator made notes how it is merged into
 * what is there (resmap_absorb_all) and that its name gets a hash (hash.h).
 */
#ifndef RENDER_KUSTOMIZE_GENERATOR_H
#define RENDER_KUSTOMIZE_GENERATOR_H

#include "render/kustomize/build.h"

/* Adds one ConfigMap to `out`. `args->options` are those that count: generator_options_merge was there. */
bool configmap_generate(const struct build *build, const struct generator_args *args, struct resmap *out, struct err *err)
	MUST_CHECK;
bool secret_generate(const struct build *build, const struct generator_args *args, struct resmap *out, struct err *err)
	MUST_CHECK;

/* An entry's own options with generatorOptions: of labels and annotations its own win, a bool is true where one is. */
const struct generator_options *generator_options_merge(struct arena *arena, const struct generator_options *own,
                                                        const struct generator_options *global);

#endif
