/*
 * A part of a text, borrowed. Who hands one out says where it is kept, and whether a NUL is behind it.
 */
#ifndef RENDER_KUSTOMIZE_TEXT_H
#define RENDER_KUSTOMIZE_TEXT_H

#include <stddef.h>

struct text {
	const char *data;
	size_t len;
};

#endif
