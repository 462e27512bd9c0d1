#include "render/kustomize/nonstring.h"

#include <string.h>

#include "render/base/limits.h"
#include "render/kustomize/parse.h"
#include "render/yaml_scalar.h"

/* A plain scalar without doubt, which most texts are. */
static bool is_plain(const char *text, size_t len)
{
	char first = *text;
	bool word = (first >= '0' && first <= '9') || ((first | 0x20) >= 'a' && (first | 0x20) <= 'z') || strchr("_/.+$(", first);
	return word && text[len - 1] != ':' && text[len - 1] != ' ' && !strpbrk(text, "#\t\r") && !strstr(text, ": ") &&
	       strncmp(text, "...", 3) != 0;
}

static bool is_other(const struct tree *read)
{
	if (!read || read->kind != TREE_SCALAR) {
		return true;
	}
	enum scalar_type type = scalar_resolve(read->text).type;
	if (read->tagged) {
		/* Text that does not fit is an error. */
		return (read->tag == TREE_INT && type == SCALAR_INT) || (read->tag == TREE_BOOL && type == SCALAR_BOOL) ||
		       (read->tag == TREE_FLOAT && (type == SCALAR_INT || type == SCALAR_FLOAT)) ||
		       (read->tag == TREE_NULL && type == SCALAR_NULL);
	}
	return read->style == TREE_PLAIN && type != SCALAR_TEXT && type != SCALAR_TIME;
}

bool nonstring_text(const char *text, size_t len)
{
	if (len == 0 || strlen(text) != len || memchr(text, '\n', len)) {
		return false;
	}
	enum scalar_type type = scalar_resolve(text).type;
	if (type != SCALAR_TEXT) {
		return type != SCALAR_TIME;
	}
	if (is_plain(text, len)) {
		return false;
	}
	CLEANUP(arena_release) struct arena scratch = ARENA_INIT(LIMIT_BUILD_BYTES);
	struct parse_source source = { .path = "", .text = text, .len = len };
	struct tree *read = NULL;
	struct err ignored = ERR_INIT;
	return parse_document(&scratch, &source, &read, &ignored) && is_other(read);
}
