#include "render/kustomize/notes.h"

#include <stddef.h>
#include <string.h>

#include "render/base/arena.h"

/* What RemoveBuildAnnotations takes away. */
static const char *const NOTES[] = {
	NOTE_PREVIOUS_KINDS,
	NOTE_PREVIOUS_NAMES,
	NOTE_PREFIXES,
	NOTE_SUFFIXES,
	NOTE_PREVIOUS_NAMESPACES,
	NOTE_ALLOW_NAME_CHANGE,
	NOTE_ALLOW_KIND_CHANGE,
	NOTE_REFERRED_BY,
	NOTE_BEHAVIOR,
	NOTE_NEEDS_HASH,
	NOTE_DOMAIN "path",
	NOTE_DOMAIN "index",
	NOTE_DOMAIN "seqindent",
	NOTE_DOMAIN "id",
	NOTE_DOMAIN "annotations-migration-resource-id",
	"config.kubernetes.io/path",
	"config.kubernetes.io/index",
	"config.k8s.io/id",
	NOTE_HELM_GENERATED,
};

bool note_is(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(NOTES); i++) {
		if (strcmp(NOTES[i], key) == 0) {
			return true;
		}
	}
	return false;
}
