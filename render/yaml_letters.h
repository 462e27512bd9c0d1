/*
 * Which characters goyaml takes for letters when it sorts keys: Go's unicode.IsLetter, of Unicode 15.0.
 */
#ifndef RENDER_YAML_LETTERS_H
#define RENDER_YAML_LETTERS_H

#include <stdbool.h>

bool yaml_is_letter(unsigned rune);

#endif
