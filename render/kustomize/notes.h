/*
 * The annotations in which a build keeps what it knows about an object (api/internal/utils/annotations.go). For resource.h and
 * origin.h only.
 */
#ifndef RENDER_KUSTOMIZE_NOTES_H
#define RENDER_KUSTOMIZE_NOTES_H

#include <stdbool.h>

#define NOTE_DOMAIN "internal.config.kubernetes.io/"
#define NOTE_PREVIOUS_KINDS NOTE_DOMAIN "previousKinds"
#define NOTE_PREVIOUS_NAMES NOTE_DOMAIN "previousNames"
#define NOTE_PREVIOUS_NAMESPACES NOTE_DOMAIN "previousNamespaces"
#define NOTE_PREFIXES NOTE_DOMAIN "prefixes"
#define NOTE_SUFFIXES NOTE_DOMAIN "suffixes"
#define NOTE_REFERRED_BY NOTE_DOMAIN "refBy"
#define NOTE_BEHAVIOR NOTE_DOMAIN "generatorBehavior"
#define NOTE_NEEDS_HASH NOTE_DOMAIN "needsHashSuffix"
#define NOTE_ALLOW_NAME_CHANGE NOTE_DOMAIN "allowNameChange"
#define NOTE_ALLOW_KIND_CHANGE NOTE_DOMAIN "allowKindChange"
#define NOTE_HELM_GENERATED NOTE_DOMAIN "helm-generated"

/* What RemoveBuildAnnotations takes away. */
bool note_is(const char *key);

/* What buildMetadata shows. */
#define NOTE_ORIGIN "config.kubernetes.io/origin"
#define NOTE_TRANSFORMATIONS "alpha.config.kubernetes.io/transformations"

#endif
