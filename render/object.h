/*
 * A Kubernetes object as it is wanted: its document and its identity. Identity is group, kind, namespace and name; the
 * version is not part of it (safety rule 4), since one object is served under several.
 */
#ifndef RENDER_OBJECT_H
#define RENDER_OBJECT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/macros.h"

struct ident {
	char *group; /* "" for the core group */
	char *kind;
	char *ns; /* "" for cluster-scoped objects, and as long as no namespace is known */
	char *name;
};

struct ident ident_make(const char *group, const char *kind, const char *ns, const char *name);
struct ident ident_dup(const struct ident *ident);
void ident_release(struct ident *ident);
bool ident_equal(const struct ident *a, const struct ident *b);

/* By group, kind, namespace, name, bytewise: -1, 0, 1 as strcmp. */
int ident_compare(const struct ident *a, const struct ident *b);

/* "group/kind/namespace/name", the key under which maps hold it; free() it. */
char *ident_key(const struct ident *ident);

/* How users read it: "deployment.apps/web in shop", "namespace/shop"; free() it. */
char *ident_text(const struct ident *ident);

enum { OBJECT_CONTENT = 20 };

/* What an object was made of, where it was made of one file alone: equal origins, equal objects. */
struct object_origin {
	unsigned char content[OBJECT_CONTENT]; /* the id of the file's content */
	unsigned place;                        /* among the file's objects, from 1; 0: not known */
};

struct object {
	struct ident id;
	char *version;  /* "v1" of apps/v1 */
	cJSON *json;    /* NULL: the file is as it was when it was read before (render/manifests_kept.h) */
	cJSON *initial; /* what it is created with, where `json` leaves fields to others; NULL: json */
	char *path;     /* the file it came from; NULL if none */
	size_t line;    /* where its document starts in that file, from 1; 0 unknown */
	struct object_origin origin;
	bool known; /* whoever syncs it knows already that the server has it so: see sync/prepare.h */
};

/*
 * Takes the document over and reads the identity out of it; NULL, and the document stays the caller's, where apiVersion,
 * kind or metadata.name is missing or no string (`field` then names it; it may be NULL).
 */
struct object *object_new(cJSON *json, const char *path, size_t line, const char **field) MUST_CHECK;
void object_free(struct object *object);

bool object_origin_equal(const struct object_origin *a, const struct object_origin *b); /* unknown ones are not */

/* Sets the namespace in identity and document. */
void object_set_namespace(struct object *object, const char *ns);

/* Borrowed value of a label or annotation; NULL where absent. */
const char *object_label(const struct object *object, const char *key);
const char *object_annotation(const struct object *object, const char *key);

/* apiVersion as the document writes it, "apps/v1" or "v1"; free() it. */
char *object_api_version(const struct object *object);

/* A list that owns its objects. */
struct objects {
	struct object **items;
	size_t count;
	size_t cap;
};

#define OBJECTS_INIT ((struct objects){ 0 })

void objects_release(struct objects *objects);
void objects_take(struct objects *objects, struct object *object);

#endif
