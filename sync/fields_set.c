/*
 * Sets of fields as sets. A node is owned itself where it has no children or the child "."; the result keeps to that form.
 */
#include <stdint.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields.h"
#include "sync/fields_key.h"

static bool is_dot(const cJSON *child)
{
	return strcmp(child->string, ".") == 0;
}

static cJSON *copy_of(const cJSON *node)
{
	return cJSON_Duplicate(node, true);
}

static void add_dot(cJSON *node)
{
	if (!doc_get(node, ".")) {
		cJSON_AddItemToObject(node, ".", cJSON_CreateObject());
	}
}

/* {".": {}} alone is written {}. */
static cJSON *settled(cJSON *node)
{
	if (node->child && !node->child->next && is_dot(node->child)) {
		doc_remove(node, ".");
	}
	return node;
}

static cJSON *find_from(cJSON *node, cJSON *from, const char *key)
{
	for (cJSON *at = from; at; at = at->next) {
		if (strcmp(at->string, key) == 0) {
			return at;
		}
	}
	for (cJSON *at = node->child; at && at != from; at = at->next) {
		if (strcmp(at->string, key) == 0) {
			return at;
		}
	}
	return NULL;
}

/* Also settles what no server writes: a key twice, values that are no mappings. */
static void merge(cJSON *into, const cJSON *from, unsigned depth)
{
	cJSON *hint = into->child;
	for (const cJSON *child = key_first(from); child; child = child->next) {
		cJSON *peer = find_from(into, hint, child->string);
		bool member = key_is_member(child) || (peer && key_is_member(peer));
		if (!peer) {
			peer = cJSON_CreateObject();
			cJSON_AddItemToObject(into, child->string, peer);
		}
		hint = peer->next;
		if (!is_dot(child) && depth < FIELDS_DEEPEST) {
			merge(peer, child, depth + 1);
		}
		if (member && peer->child) {
			add_dot(peer);
		}
	}
}

cJSON *fields_union(const cJSON *a, const cJSON *b)
{
	cJSON *out = cJSON_CreateObject();
	merge(out, a, 0);
	merge(out, b, 0);
	return out;
}

/* What is left of a node when its peer is taken out; NULL for nothing. */
static cJSON *minus(const cJSON *node, cJSON *peer, unsigned depth)
{
	cJSON *out = cJSON_CreateObject();
	cJSON *hint = peer->child;
	for (const cJSON *child = key_first(node); child; child = child->next) {
		if (is_dot(child)) {
			continue;
		}
		cJSON *other = find_from(peer, hint, child->string);
		hint = other ? other->next : hint;
		cJSON *left = other && depth < FIELDS_DEEPEST ? minus(child, other, depth + 1) : copy_of(child);
		if (left) {
			cJSON_AddItemToObject(out, child->string, left);
		}
	}
	bool member = depth > 0 && key_is_member(node) && !key_is_member(peer);
	if (member && out->child) {
		add_dot(out);
	}
	if (!member && !out->child) {
		cJSON_Delete(out);
		return NULL;
	}
	return out;
}

cJSON *fields_minus(const cJSON *a, const cJSON *b)
{
	CLEANUP(doc_freep) cJSON *other = fields_union(NULL, b);
	cJSON *left = a ? minus(a, other, 0) : NULL;
	return left ? left : cJSON_CreateObject();
}

/* The element of the list that the child of a list's node stands for. */
static const cJSON *element_for(const cJSON *node, const cJSON *child, const cJSON *list)
{
	const cJSON *element = NULL;
	size_t index = 0;
	cJSON_ArrayForEach (element, list) {
		if (key_element(node, child, list, element, index++) == child) {
			return element;
		}
	}
	return NULL;
}

static const cJSON *value_for(const cJSON *node, const cJSON *child, const cJSON *value)
{
	if (cJSON_IsObject(value) && strncmp(child->string, "f:", 2) == 0) {
		return doc_get(value, child->string + 2);
	}
	return cJSON_IsArray(value) ? element_for(node, child, value) : NULL;
}

static cJSON *within(const cJSON *node, const cJSON *value, unsigned depth)
{
	cJSON *out = cJSON_CreateObject();
	for (const cJSON *child = key_first(node); child; child = child->next) {
		const cJSON *inner = is_dot(child) ? NULL : value_for(node, child, value);
		if (is_dot(child)) {
			add_dot(out);
		} else if (inner && key_is_leaf(child)) {
			cJSON_AddItemToObject(out, child->string, cJSON_CreateObject());
		} else if (inner && depth < FIELDS_DEEPEST) {
			cJSON *part = within(child, inner, depth + 1);
			if (part->child) {
				cJSON_AddItemToObject(out, child->string, settled(part));
			} else {
				cJSON_Delete(part);
			}
		}
	}
	return out;
}

cJSON *fields_within(const cJSON *set, const cJSON *document)
{
	return within(set, document, 0);
}

/* The key fields of k:{...}. */
static void add_keys(const char *key, cJSON *element)
{
	struct err err = ERR_INIT;
	CLEANUP(doc_freep) cJSON *keys = doc_parse(key, strlen(key), &err);
	const cJSON *field = NULL;
	cJSON_ArrayForEach (field, keys) {
		if (!doc_get(element, field->string)) {
			doc_set(element, field->string, copy_of(field));
		}
	}
}

/* The list gets the picked element that it does not have. */
static void add_element(cJSON *list, const char *key, cJSON *element)
{
	if (strncmp(key, "k:", 2) == 0) {
		add_keys(key + 2, element);
	}
	cJSON_AddItemToArray(list, element);
}

static cJSON *pick(const cJSON *node, const cJSON *value, unsigned depth)
{
	if (key_is_leaf(node) || depth >= FIELDS_DEEPEST) {
		return copy_of(value);
	}
	cJSON *out = cJSON_IsArray(value) ? cJSON_CreateArray() : cJSON_CreateObject();
	for (const cJSON *child = key_first(node); child; child = child->next) {
		const cJSON *inner = is_dot(child) ? NULL : value_for(node, child, value);
		cJSON *part = inner ? pick(child, inner, depth + 1) : NULL;
		if (part && cJSON_IsObject(value)) {
			doc_set(out, child->string + 2, part);
		} else if (part) {
			add_element(out, child->string, part);
		}
	}
	return out;
}

cJSON *fields_pick(const cJSON *set, const cJSON *document)
{
	return pick(set, document, 0);
}

static void copy(const cJSON *node, const cJSON *from, cJSON *to, unsigned depth)
{
	for (const cJSON *child = key_first(node); child; child = child->next) {
		const cJSON *value = is_dot(child) ? NULL : value_for(node, child, from);
		/* Of `to`, and so not borrowed from elsewhere. */
		cJSON *inner = value ? (cJSON *)(uintptr_t)value_for(node, child, to) : NULL;
		bool whole = key_is_leaf(child) || !inner || depth >= FIELDS_DEEPEST;
		if (value && !whole) {
			copy(child, value, inner, depth + 1);
		} else if (value && cJSON_IsObject(to)) {
			doc_set(to, child->string + 2, pick(child, value, depth + 1));
		} else if (value && inner) {
			cJSON_ReplaceItemViaPointer(to, inner, pick(child, value, depth + 1));
		} else if (value) {
			add_element(to, child->string, pick(child, value, depth + 1));
		}
	}
}

void fields_copy(const cJSON *set, const cJSON *from, cJSON *to)
{
	copy(set, from, to, 0);
}

bool fields_empty(const cJSON *set)
{
	return key_is_leaf(set);
}

struct visit {
	void (*each)(void *context, const char *path);
	void *context;
	struct buf path;
};

static void print_child(struct buf *path, const char *key)
{
	if (strncmp(key, "f:", 2) == 0) {
		key_print_field(path, key + 2);
	} else if (strncmp(key, "k:", 2) == 0) {
		key_print(path, key, NULL);
	} else if (strncmp(key, "i:", 2) == 0) {
		(void)buf_printf(path, "[%s]", key + 2);
	} else {
		(void)buf_puts(path, "[*]");
	}
}

static void cut(struct buf *path, size_t len)
{
	if (path->len > len) {
		path->len = len;
		path->data[len] = '\0';
	}
}

static void visit_leaves(struct visit *visit, const cJSON *node, unsigned depth)
{
	for (const cJSON *child = key_first(node); child; child = child->next) {
		size_t len = visit->path.len;
		bool alone = !node->child->next;
		if (is_dot(child)) {
			if (alone && depth) {
				visit->each(visit->context, buf_text(&visit->path));
			}
			continue;
		}
		print_child(&visit->path, child->string);
		if (key_is_leaf(child) || depth >= FIELDS_DEEPEST) {
			visit->each(visit->context, buf_text(&visit->path));
		} else {
			visit_leaves(visit, child, depth + 1);
		}
		cut(&visit->path, len);
	}
}

void fields_each(const cJSON *set, void (*each)(void *context, const char *path), void *context)
{
	struct visit visit = { .each = each, .context = context, .path = BUF_INIT(LIMIT_OBJECT_BYTES) };
	visit_leaves(&visit, set, 0);
	buf_release(&visit.path);
}
