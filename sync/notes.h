/*
 * What users ask for by annotations, on manifests and on live objects: plumb's own, and what Flux, Argo CD and Helm users
 * already have in their manifests. All functions take a `metadata` mapping, which may be NULL.
 */
#ifndef SYNC_NOTES_H
#define SYNC_NOTES_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Borrowed value; NULL where absent. */
const char *note_value(const cJSON *metadata, const char *name);

/* Of Argo CD or Helm: not an ordinary object (safety rule 3). */
bool note_hook(const cJSON *metadata);

/* The annotation that keeps plumb's hands off, as "plumb.dev/reconcile: disabled"; NULL if none. */
const char *note_reconcile_disabled(const cJSON *metadata);

/* The annotation that forbids to delete it, as "helm.sh/resource-policy: keep"; NULL if none. */
const char *note_prune_disabled(const cJSON *metadata);

/* plumb.dev/prune: enabled, the opt-in for kinds that are protected otherwise. */
bool note_prune_enabled(const cJSON *metadata);

/* plumb.dev/conflicts: force */
bool note_force(const cJSON *metadata);

/* plumb.dev/heal: once */
bool note_heal_once(const cJSON *metadata);

#endif
