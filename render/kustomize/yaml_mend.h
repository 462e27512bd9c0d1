/*
 * What libyaml 0.2.5 does not read and goyaml does. Where it stopped the parser, the text, of one document in UTF-8, becomes one
 * that can be parsed in its place.
 */
#ifndef RENDER_KUSTOMIZE_YAML_MEND_H
#define RENDER_KUSTOMIZE_YAML_MEND_H

#include <yaml.h>

#include "render/base/arena.h"
#include "render/kustomize/text.h"

/* A colon right in front of one of ,[]{} in a plain scalar is a letter to goyaml: the scalar gets quotes. */
bool yaml_mend_colon(const yaml_parser_t *stopped, struct arena *arena, struct text *text);

/*
 * To goyaml each of ,[] is a letter of a tag. One that is at the end of a tag, where libyaml stops or (`comma`, a character's
 * index, 0 for none) went on, becomes a letter: which one does not matter, as no tag that means anything has them.
 * yaml_ends_in_anchor: it is this anchor (NULL for none) that ends there.
 */
bool yaml_ends_in_anchor(const struct text *text, size_t character, const char *anchor);
bool yaml_mend_tag(const yaml_parser_t *stopped, size_t comma, struct arena *arena, struct text *text);

/*
 * goyaml v3 reads comments that follow each other in one go, and does not mind tabs in front of them (scannerc.go,
 * yaml_parser_scan_comments): they become spaces. `read` is where the last scalar ended, which may hold what looks like a
 * comment.
 */
bool yaml_mend_tabs(const yaml_parser_t *stopped, size_t read, struct arena *arena, struct text *text);

/*
 * libyaml passes over a byte order mark in front of a line, to goyaml it is a letter: all but the one in front of the first line
 * become a character that the text does not have, `stand_in`, of as many bytes. "" where there are none.
 */
enum { YAML_STAND_IN = 4 };
void yaml_hide_marks(struct arena *arena, struct text *text, char stand_in[YAML_STAND_IN]);
void yaml_show_marks(char *text, size_t len, const char stand_in[YAML_STAND_IN]);

#endif
