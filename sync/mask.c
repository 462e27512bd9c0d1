#include "sync/mask.h"

#include <stdbool.h>
#include <string.h>

#include "render/doc.h"

typedef bool hides(const cJSON *item);

static bool is_secret(const cJSON *object)
{
	const char *kind = doc_text(object, "kind");
	return kind && strcmp(kind, "Secret") == 0;
}

static bool every(const cJSON *item)
{
	(void)item;
	return true;
}

static bool copies(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);
	char first = text ? text[strspn(text, " \t\r\n")] : '{';
	return first == '{' || first == '[' || strcmp(item->string, "kubectl.kubernetes.io/last-applied-configuration") == 0;
}

/* The mapping with its values hidden; a new one, since `other` is still to be compared with the values. */
static cJSON *masked(const cJSON *mapping, const cJSON *other, const char *changed, hides *hide)
{
	if (!cJSON_IsObject(mapping)) {
		/* Not what a Secret has there; who knows what it holds. */
		return cJSON_IsNull(mapping) ? cJSON_CreateNull() : cJSON_CreateString("***");
	}
	cJSON *out = cJSON_CreateObject();
	const cJSON *item;
	cJSON_ArrayForEach (item, mapping) {
		const cJSON *counterpart = doc_get(other, item->string);
		if (!hide(item)) {
			cJSON_AddItemToObject(out, item->string, cJSON_Duplicate(item, true));
		} else if (counterpart && !doc_equal(item, counterpart)) {
			cJSON_AddStringToObject(out, item->string, changed);
		} else {
			cJSON_AddStringToObject(out, item->string, "***");
		}
	}
	return out;
}

static void mask_both(cJSON *before, cJSON *after, const char *key, hides *hide)
{
	const cJSON *old = doc_get(before, key);
	const cJSON *new = doc_get(after, key);
	cJSON *old_masked = old ? masked(old, new, "*** (before)", hide) : NULL;
	cJSON *new_masked = new ? masked(new, old, "*** (after)", hide) : NULL;
	if (old_masked) {
		doc_set(before, key, old_masked);
	}
	if (new_masked) {
		doc_set(after, key, new_masked);
	}
}

void mask_secrets(cJSON *before, cJSON *after)
{
	if (!is_secret(before) && !is_secret(after)) {
		return;
	}
	mask_both(before, after, "data", every);
	mask_both(before, after, "stringData", every);
	mask_both(doc_get(before, "metadata"), doc_get(after, "metadata"), "annotations", copies);
}
