/*
 * The three transformers that patch: PatchTransformer (`patches`), whose text is a strategic merge patch or a JSON patch,
 * whichever it can be read as, and the older PatchStrategicMergeTransformer and PatchJson6902Transformer.
 */
#ifndef RENDER_KUSTOMIZE_PATCH_H
#define RENDER_KUSTOMIZE_PATCH_H

#include "render/kustomize/build.h"

/*
 * An entry of `patches`. Strategic merge patches without a target change the one object that has or had their own id; with one,
 * every object that it selects, which keeps its name, kind and namespace unless the options say otherwise. A patch without
 * content does nothing. A target that selects nothing is a warning.
 */
bool patch_transform(struct build *build, struct resmap *map, const struct patch *patch, struct err *err) MUST_CHECK;

/* `patchesStrategicMerge`: paths of files, or patches themselves; and `patches`, the text of more ("" for none). */
bool patch_merge_transform(struct build *build, struct resmap *map, const struct texts *paths, const char *patches,
                           struct err *err) MUST_CHECK;

/* An entry of `patchesJson6902`. Its target needs a name. */
bool patch_json_transform(struct build *build, struct resmap *map, const struct patch *patch, struct err *err) MUST_CHECK;

#endif
