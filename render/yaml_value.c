#include "render/yaml_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/yaml_keys.h"
#include "render/yaml_tag.h"

/* One document in the making. What an alias repeats is reported where it is written, not again where it is repeated. */
struct making {
	const char *path;
	struct problems *problems;
	size_t reported;
	size_t nodes;
	size_t aliases; /* open ones */
	size_t alias_nodes;
	size_t alias_bytes;
	bool stopped;
};

/* The members of a mapping; with merge keys in it, a later one replaces an earlier one. */
struct members {
	cJSON *object;
	bool merge;
	struct map merged; /* values are cJSON */
};

static cJSON *value_of(struct making *making, const struct node *node, const struct place *at, size_t depth);

static cJSON *checked(cJSON *made)
{
	if (!made) {
		abort();
	}
	return made;
}

static void report(struct making *making, size_t line, const struct place *at, const char *what)
{
	if (making->aliases && !making->stopped) {
		return;
	}
	CLEANUP(buf_release) struct buf field = BUF_INIT(LIMIT_KIB(64));
	place_print(at, &field);
	problems_add(making->problems, PROBLEM_ERROR, making->path, line, buf_text(&field), "%s", what);
	making->stopped |= ++making->reported >= LIMIT_PROBLEMS;
}

static void stop(struct making *making, const struct node *node, const struct place *at, size_t limit, const char *what)
{
	if (making->stopped) {
		return;
	}
	making->stopped = true;
	char text[120];
	(void)snprintf(text, sizeof text, "more than %zu %s", limit, what);
	report(making, node->line, at, text);
}

/* Counts one more value; false when the document is over a limit. */
static bool count(struct making *making, const struct node *node, const struct place *at, size_t depth)
{
	making->nodes++;
	if (making->aliases) {
		making->alias_nodes++;
		making->alias_bytes += node->len;
	}
	if (making->nodes > LIMIT_NODES) {
		stop(making, node, at, LIMIT_NODES, "values in one document");
	} else if (making->alias_nodes > LIMIT_ALIAS_NODES) {
		stop(making, node, at, LIMIT_ALIAS_NODES, "values added by aliases to one document");
	} else if (making->alias_bytes > LIMIT_MANIFEST_BYTES) {
		stop(making, node, at, LIMIT_MANIFEST_BYTES, "bytes added by aliases to one document");
	} else if (depth > LIMIT_DEPTH + 1) {
		stop(making, node, at, LIMIT_DEPTH, "levels of nesting, aliases expanded");
	}
	return !making->stopped;
}

/* As a number where cJSON prints it as Go does, else as the text itself. */
static cJSON *number_of(const struct scalar *scalar)
{
	char text[SCALAR_NUMBER_MAX];
	char printed[SCALAR_NUMBER_MAX];
	scalar_json(scalar, text);
	double real = strtod(text, NULL);
	(void)snprintf(printed, sizeof printed, "%1.15g", real);
	return strcmp(text, printed) == 0 && (real != 0 || text[0] == '0') ? cJSON_CreateNumber(real) : cJSON_CreateRaw(text);
}

static cJSON *scalar_of(struct making *making, const struct node *node, const struct place *at)
{
	struct meaning meaning;
	const char *wrong = meaning_of(node, &meaning);
	if (!wrong && meaning.scalar.type == SCALAR_FLOAT && !isfinite(meaning.scalar.real)) {
		wrong = "infinity and not-a-number have no JSON form";
	}
	if (wrong) {
		report(making, node->line, at, wrong);
		return cJSON_CreateNull();
	}
	cJSON *made = NULL;
	switch (meaning.scalar.type) {
	case SCALAR_NULL:
		return cJSON_CreateNull();
	case SCALAR_BOOL:
		return cJSON_CreateBool(meaning.scalar.truth);
	case SCALAR_INT:
	case SCALAR_FLOAT:
		return number_of(&meaning.scalar);
	case SCALAR_TEXT:
	case SCALAR_TIME:
		made = cJSON_CreateString(meaning.text);
		break;
	}
	meaning_release(&meaning);
	return made;
}

static cJSON *list_of(struct making *making, const struct node *list, const struct place *at, size_t depth)
{
	cJSON *made = checked(cJSON_CreateArray());
	struct place inner = { .up = at };
	for (const struct node *item = list->child; item && !making->stopped; item = item->next) {
		cJSON_AddItemToArray(made, value_of(making, item, &inner, depth + 1));
		inner.index++;
	}
	return made;
}

static void set_member(struct members *members, const char *key, cJSON *value)
{
	if (members->merge) {
		cJSON_Delete(map_set(&members->merged, key, value));
	} else if (!cJSON_AddItemToObject(members->object, key, value)) {
		abort();
	}
}

static void report_key(struct making *making, const struct key *key, const struct place *at)
{
	char text[120];
	struct place inner = { .up = at, .key = key->node };
	if (key->wrong) {
		report(making, key->node->line, at, key->wrong);
	} else {
		(void)snprintf(text, sizeof text, "duplicate key, first in line %zu", key->first->node->line);
		report(making, key->node->line, &inner, text);
	}
}

static void add_pairs(struct making *making, struct members *members, const struct node *mapping, const struct place *at,
                      size_t depth);

static void merge_one(struct making *making, struct members *members, const struct node *node, const struct place *at,
                      size_t depth)
{
	const struct node *source = node->kind == NODE_ALIAS ? node->target : node;
	if (!source) {
		return;
	}
	if (source->kind != NODE_MAPPING) {
		report(making, node->line, at, "what is merged must be a mapping or a list of mappings");
		return;
	}
	making->aliases += node->kind == NODE_ALIAS;
	if (count(making, node, at, depth)) {
		add_pairs(making, members, source, at, depth);
	}
	making->aliases -= node->kind == NODE_ALIAS;
}

/* Of a list, the first mapping that has a key wins, so it goes last. */
static void merge(struct making *making, struct members *members, const struct key *key, const struct place *at, size_t depth)
{
	struct place inner = { .up = at, .key = key->node };
	if (key->value->kind != NODE_LIST) {
		merge_one(making, members, key->value, &inner, depth + 1);
		return;
	}
	const struct node **sources = alloc_new(key->value->count, sizeof *sources);
	size_t left = 0;
	for (const struct node *item = key->value->child; item; item = item->next) {
		sources[left++] = item;
	}
	while (left && !making->stopped) {
		merge_one(making, members, sources[--left], &inner, depth + 1);
	}
	free(sources);
}

static void add_pairs(struct making *making, struct members *members, const struct node *mapping, const struct place *at,
                      size_t depth)
{
	CLEANUP(keys_release) struct keys keys = keys_read(mapping);
	members->merge |= keys.merge;
	for (size_t i = 0; i < keys.count && !making->stopped; i++) {
		const struct key *key = &keys.items[i];
		if (key->wrong || key->first) {
			report_key(making, key, at);
		}
		struct place inner = { .up = at, .key = key->node };
		if (key->merge) {
			merge(making, members, key, at, depth);
		} else if (count(making, key->node, at, depth)) {
			cJSON *value = value_of(making, key->value, &inner, depth + 1);
			set_member(members, key->text ? key->text : "", value);
		}
	}
}

static cJSON *mapping_of(struct making *making, const struct node *mapping, const struct place *at, size_t depth)
{
	struct members members = { .object = checked(cJSON_CreateObject()) };
	add_pairs(making, &members, mapping, at, depth);
	for (size_t i = 0; i < members.merged.count; i++) {
		const struct map_entry *entry = &members.merged.entries[i];
		if (!cJSON_AddItemToObject(members.object, entry->key, entry->value)) {
			abort();
		}
	}
	map_release(&members.merged);
	return members.object;
}

static cJSON *alias_of(struct making *making, const struct node *alias, const struct place *at, size_t depth)
{
	if (!alias->target) {
		return cJSON_CreateNull();
	}
	making->aliases++;
	cJSON *made = value_of(making, alias->target, at, depth);
	making->aliases--;
	return made;
}

static cJSON *value_of(struct making *making, const struct node *node, const struct place *at, size_t depth)
{
	if (!count(making, node, at, depth)) {
		return checked(cJSON_CreateNull());
	}
	switch (node->kind) {
	case NODE_LIST:
		return list_of(making, node, at, depth);
	case NODE_MAPPING:
		return mapping_of(making, node, at, depth);
	case NODE_ALIAS:
		return checked(alias_of(making, node, at, depth));
	case NODE_SCALAR:
		break;
	}
	return checked(scalar_of(making, node, at));
}

cJSON *value_make(const struct node *root, const char *path, struct problems *problems)
{
	struct making making = { .path = path, .problems = problems };
	struct place top = { 0 };
	return value_of(&making, root, &top, 1);
}
