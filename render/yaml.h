/*
 * YAML to documents and back, as `kubectl apply -f` reads it (goyaml v2's resolver: the YAML 1.1 words, also as keys; octal;
 * merge keys; anchors) and as Kustomize writes it. Refused, each with its line: duplicate keys, tabs as indentation, bad
 * UTF-8, unknown aliases, and what is over the limits of render/base/limits.h.
 */
#ifndef RENDER_YAML_H
#define RENDER_YAML_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "render/base/buf.h"
#include "render/problems.h"

/* Called for each document that is not empty; takes the document over. `line` is where its first value stands, from 1. */
typedef void yaml_document(void *context, cJSON *document, size_t line);

/*
 * Reads all documents of `text`; JSON is read as the YAML it is. Errors go to problems with `path` in front; a document
 * with errors is not handed on, the others are, as far as the text can still be parsed. Integers that a double cannot hold
 * and number literals that cJSON would print otherwise stand in the tree as cJSON_Raw.
 */
void yaml_read(const char *path, const char *text, size_t len, yaml_document *each, void *context, struct problems *problems);

/*
 * Appends the document as Kustomize and kubectl print it: keys in goyaml's order (a2 before a10), lists not indented under
 * their key, text folded beyond 80 columns, quoted where it would read as something else (a byte order mark and the line
 * breaks U+0085, U+2028, U+2029 are spelled differently, and mean the same). Ends with a newline. false over the buffer's
 * maximum; the buffer is then as before.
 */
bool yaml_write(const cJSON *document, struct buf *out) MUST_CHECK;

#endif
