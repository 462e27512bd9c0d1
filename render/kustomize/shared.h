/*
 * What a build comes to more than once is read once: kustomizations by their directory, and the files of those that several
 * others name. Who gets a file's objects again gets a copy, since transformers change them.
 */
#ifndef RENDER_KUSTOMIZE_SHARED_H
#define RENDER_KUSTOMIZE_SHARED_H

#include "render/kustomize/target.h"

/* Fills name, file, kustomization and `shared` of a directory that was read before; false: it was not. */
bool shared_recall(struct target *target);
void shared_remember(const struct target *target);

/*
 * Looks ahead from the root at the directories that kustomizations name and marks those that more than one way leads to. What
 * cannot be read is left for whoever comes there.
 */
void shared_find(struct target *root);

/* The objects of a file of a shared directory, copied into out; false where it was not read before. */
bool shared_resources(const struct target *target, const char *path, struct resmap *out);
/* Keeps a copy of them. */
void shared_keep(const struct target *target, const char *path, const struct resmap *read);

void shared_release(struct build *build);

#endif
