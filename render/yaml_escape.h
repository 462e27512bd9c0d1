/*
 * Characters in double quotes as goyaml's emitter escapes them.
 */
#ifndef RENDER_YAML_ESCAPE_H
#define RENDER_YAML_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

enum { YAML_ESCAPE_MAX = 11 };

/* "\n", "\xE9", "\u2020", "\U0001F600"; its length, the NUL behind it not counted. */
size_t yaml_escape(unsigned rune, char out[YAML_ESCAPE_MAX]);

/* goyaml asks for each character whether the text begins with a byte order mark: if so all of them are escaped. */
bool yaml_escape_all(const char *text, size_t len);

#endif
