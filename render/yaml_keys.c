#include "render/yaml_keys.h"

#include <stdlib.h>
#include <string.h>

#include "render/yaml_tag.h"

enum { FEW = 12 }; /* keys among which comparing all with all is the fastest */

static char *key_text(const struct meaning *meaning)
{
	switch (meaning->scalar.type) {
	case SCALAR_NULL:
		return NULL;
	case SCALAR_BOOL:
		return text_dup(meaning->scalar.truth ? "true" : "false");
	case SCALAR_INT:
	case SCALAR_FLOAT: {
		char number[SCALAR_NUMBER_MAX];
		scalar_key(&meaning->scalar, number);
		return text_dup(number);
	}
	case SCALAR_TEXT:
	case SCALAR_TIME:
		break;
	}
	return text_dup(meaning->text);
}

static struct key read_key(const struct node *node)
{
	struct key key = { .node = node->kind == NODE_ALIAS && node->target ? node->target : node, .value = node->next };
	if (is_merge_key(node)) {
		key.merge = true;
		return key;
	}
	if (key.node->kind != NODE_SCALAR) {
		key.wrong = "a list, a mapping or nothing as a key";
		return key;
	}
	struct meaning meaning;
	key.wrong = meaning_of(key.node, &meaning);
	if (key.wrong) {
		return key;
	}
	key.text = key_text(&meaning);
	meaning_release(&meaning);
	bool too_large = meaning.scalar.type == SCALAR_INT && !meaning.scalar.negative && meaning.scalar.magnitude > INT64_MAX;
	key.wrong = too_large ? "an integer of more than 63 bits as a key" : key.text ? NULL : "null as a key";
	return key;
}

static const char *compared(const struct key *key)
{
	return key->merge ? "<<" : key->text;
}

static bool same(const struct key *a, const struct key *b)
{
	const char *text = compared(a);
	const char *other = compared(b);
	return text && other && a->merge == b->merge && strcmp(text, other) == 0;
}

/* By text, then in the order of the mapping; keys without text last. */
static int by_text(const void *left, const void *right)
{
	const struct key *a = *(struct key *const *)left;
	const struct key *b = *(struct key *const *)right;
	const char *text = compared(a);
	const char *other = compared(b);
	int order = !text || !other ? !text - !other : strcmp(text, other);
	order = order ? order : a->merge - b->merge;
	return order ? order : (a > b) - (a < b);
}

static void find_first_sorted(struct keys *keys)
{
	struct key **sorted = alloc_new(keys->count, sizeof *sorted);
	for (size_t i = 0; i < keys->count; i++) {
		sorted[i] = &keys->items[i];
	}
	qsort(sorted, keys->count, sizeof *sorted, by_text);
	for (size_t i = 1; i < keys->count; i++) {
		struct key *before = sorted[i - 1];
		if (same(before, sorted[i])) {
			sorted[i]->first = before->first ? before->first : before;
		}
	}
	free(sorted);
}

static void find_first(struct keys *keys)
{
	if (keys->count > FEW) {
		find_first_sorted(keys);
		return;
	}
	for (size_t i = 1; i < keys->count; i++) {
		for (size_t j = 0; j < i && !keys->items[i].first; j++) {
			keys->items[i].first = same(&keys->items[j], &keys->items[i]) ? &keys->items[j] : NULL;
		}
	}
}

struct keys keys_read(const struct node *mapping)
{
	struct keys keys = { .items = alloc_new(mapping->count / 2, sizeof *keys.items) };
	for (const struct node *node = mapping->child; node; node = node->next->next) {
		struct key *key = &keys.items[keys.count++];
		*key = read_key(node);
		keys.merge |= key->merge;
	}
	find_first(&keys);
	return keys;
}

void keys_release(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->items[i].text);
	}
	free(keys->items);
	*keys = (struct keys){ 0 };
}
