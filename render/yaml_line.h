/*
 * Where a value of a document stands in its file: for errors that are found after the document became a tree, which has no
 * lines any more.
 */
#ifndef RENDER_YAML_LINE_H
#define RENDER_YAML_LINE_H

#include <stddef.h>

/*
 * The line, from 1, of the value that the JSON pointer ("/spec/paths/0") leads to in the document that begins in line
 * `document` (as yaml_read tells it); of a mapping's member the line of its key. Where a part of the way is not written there
 * (a default, a merge key), that of the last part that is. `document` itself where the text cannot be read.
 */
size_t yaml_line(const char *text, size_t len, size_t document, const char *pointer);

#endif
