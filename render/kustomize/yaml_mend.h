/*
 * What libyaml 0.2.5 does not read and goyaml does. Where it stopped the parser, the text, of one document in UTF-8, becomes one
 * that can be parsed in its place.
 */
#ifndef RENDER_KUSTOMIZE_YAML_MEND_H
#define RENDER_KUSTOMIZE_YAML_MEND_H

#include <yaml.h>

#include "render/base/arena.h"
#include "render/kustomize/text.h"

struct yaml_stop {
	const yaml_parser_t *parser;
	size_t read;  /* the character where the last scalar ended, which may hold what looks like a comment */
	size_t comma; /* that of a comma right behind a tag; 0 for none */
	bool tabs;    /* goyaml v3 reads: comments may be behind tabs */
};

/* Whether *text is another one now. Each call mends one place. */
bool yaml_mend(const struct yaml_stop *stop, struct arena *arena, struct text *text);

/* It is this anchor (NULL for none) that ends there, and no tag. */
bool yaml_ends_in_anchor(const struct text *text, size_t character, const char *anchor);

/*
 * libyaml passes over a byte order mark in front of a line, to goyaml it is a letter: all but the one in front of the first line
 * become a character that the text does not have, `stand_in`, of as many bytes. "" where there are none.
 */
enum { YAML_STAND_IN = 4 };
void yaml_hide_marks(struct arena *arena, struct text *text, char stand_in[YAML_STAND_IN]);
void yaml_show_marks(char *text, size_t len, const char stand_in[YAML_STAND_IN]);

#endif
