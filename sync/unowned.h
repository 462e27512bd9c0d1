/*
 * The `ignore` rules of a Sync: fields that plumb neither owns nor heals. They are taken out of the manifest before it is
 * compared and applied; only the creation of an object gives them their first value, from Git. Giving a field up never resets
 * it (safety rule 5): what plumb owns of it alone goes to the manager `plumb-handover` first.
 */
#ifndef SYNC_UNOWNED_H
#define SYNC_UNOWNED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/err.h"
#include "render/object.h"

/* Strings are owned by whoever holds the rules. */
struct unowned_rule {
	char *group;  /* "" for the core group; NULL: any */
	char *kind;   /* NULL: any */
	char *name;   /* NULL: any */
	char **paths; /* JSON pointers (RFC 6901) into the manifest: "/spec/template/spec/containers/0/image" */
	size_t path_count;
};

struct unowned_rules {
	struct unowned_rule *rules;
	size_t count;
};

#define UNOWNED_RULES_INIT ((struct unowned_rules){ 0 })

void unowned_rules_release(struct unowned_rules *rules);

/* Whether a rule may name the path: a pointer, below metadata only labels and annotations, never what identifies an object. */
bool unowned_path_check(const char *path, struct err *err) MUST_CHECK;

/*
 * Takes what the rules name out of the object's document; mappings that this leaves empty go too. The whole document is kept in
 * object->initial where anything was taken. A pointer that leads nowhere is none of this object's.
 */
void unowned_strip(const struct unowned_rules *rules, struct object *object);

/*
 * The part of a set of fields (sync/fields.h) that belongs to what was taken out of the object: what a manager owns of it.
 * cJSON_Delete it; NULL where that is nothing.
 */
cJSON *unowned_part(const struct object *object, const cJSON *set);

/* unowned_part of plumb's own set, as far as nobody else owns it: what would be reset if plumb gave it up. */
cJSON *unowned_alone(const struct object *object, const cJSON *metadata);

#endif
