#include "sync/notes.h"

#include <string.h>
#include <strings.h>

#include "render/base/macros.h"
#include "render/doc.h"
#include "sync/names.h"

#define SPACE " \t\r\n"

struct note {
	const char *name;
	const char *value;
	const char *text;
};

#define NOTE(name, value) \
	{ \
		name, value, name ": " value \
	}

static const struct note reconcile_notes[] = {
	NOTE(NOTE_RECONCILE, "disabled"),
	NOTE(NOTE_FLUX_RECONCILE, "disabled"),
};

/* Argo CD's Prune=confirm wants somebody's word first, which we do not ask for. */
static const struct note prune_notes[] = {
	NOTE(NOTE_PRUNE, "disabled"),           NOTE(NOTE_FLUX_PRUNE, "disabled"),        NOTE(NOTE_HELM_POLICY, "keep"),
	NOTE(NOTE_ARGO_OPTIONS, "Prune=false"), NOTE(NOTE_ARGO_OPTIONS, "Prune=confirm"),
};

const char *note_value(const cJSON *metadata, const char *name)
{
	return cJSON_GetStringValue(doc_get(doc_get(metadata, "annotations"), name));
}

static bool same_word(const char *text, size_t len, const char *word)
{
	size_t lead = strspn(text, SPACE);
	lead = lead > len ? len : lead;
	text += lead;
	len -= lead;
	while (len && strchr(SPACE, text[len - 1])) {
		len--;
	}
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* Whether the annotation's value, a comma list, has the word. */
static bool has_word(const cJSON *metadata, const char *name, const char *word)
{
	const char *text = note_value(metadata, name);
	while (text && *text) {
		size_t len = strcspn(text, ",");
		if (same_word(text, len, word)) {
			return true;
		}
		text += len + (text[len] == ',');
	}
	return false;
}

static const char *first_note(const cJSON *metadata, const struct note *notes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (has_word(metadata, notes[i].name, notes[i].value)) {
			return notes[i].text;
		}
	}
	return NULL;
}

bool note_hook(const cJSON *metadata)
{
	return note_value(metadata, NOTE_ARGO_HOOK) != NULL || note_value(metadata, NOTE_HELM_HOOK) != NULL;
}

const char *note_reconcile_disabled(const cJSON *metadata)
{
	return first_note(metadata, reconcile_notes, ARRAY_LEN(reconcile_notes));
}

const char *note_prune_disabled(const cJSON *metadata)
{
	return first_note(metadata, prune_notes, ARRAY_LEN(prune_notes));
}

bool note_prune_enabled(const cJSON *metadata)
{
	return has_word(metadata, NOTE_PRUNE, "enabled");
}

bool note_force(const cJSON *metadata)
{
	return has_word(metadata, NOTE_CONFLICTS, "force");
}

bool note_heal_once(const cJSON *metadata)
{
	return has_word(metadata, NOTE_HEAL, "once");
}
