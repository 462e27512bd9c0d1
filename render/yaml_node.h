/*
 * One YAML document as it is written: libyaml's events made into a tree, before scalars mean anything and aliases are
 * followed. Lines count from 1 in the whole file.
 */
#ifndef RENDER_YAML_NODE_H
#define RENDER_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/base/map.h"
#include "render/problems.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING, NODE_ALIAS };

struct node {
	enum node_kind kind;
	bool plain; /* a scalar that its text gives a meaning to: neither quoted nor tagged */
	bool done;  /* its end was read */
	size_t line;
	char *text;         /* of a scalar */
	size_t len;         /* it may hold NUL */
	char *tag;          /* the whole URI, or NULL */
	struct node *child; /* items of a list; key, value, key, value of a mapping */
	struct node *last;
	struct node *key;    /* of a mapping, the last one */
	struct node *next;   /* in the parent */
	size_t count;        /* children */
	struct node *target; /* of an alias; NULL where it is unknown */
};

struct node_block;

/* The nodes of one document at a time. */
struct nodes {
	struct node_block *blocks;
	size_t count;
	struct map anchors;
};

#define NODES_INIT ((struct nodes){ 0 })

void nodes_release(struct nodes *nodes);

/* The text that the parser was given, and where its problems go. */
struct node_source {
	const char *path;
	const char *text;
	size_t len;
	size_t first_line; /* of the text in the file, from 0 */
	struct problems *problems;
};

/* True when it starts as JSON does: indentation means nothing then. */
bool node_source_is_flow(const struct node_source *source);

/* A place in the tree; it leads up to the root, where `up` is NULL. */
struct place {
	const struct place *up;
	const struct node *key; /* of a mapping's value; NULL in a list */
	size_t index;           /* in a list */
};

/* Appends "spec.containers[0].image"; a key with a dot or bracket reads as [key]. */
void place_print(const struct place *place, struct buf *out);

struct yaml_parser_s;

/*
 * Reads the next document; the nodes of the one before are gone. false at the end of the text and where it cannot be read
 * further. A document with problems may come all the same, so that more of them are found in it.
 */
bool nodes_read(struct nodes *nodes, struct yaml_parser_s *parser, const struct node_source *source, struct node **root);

#endif
