#include "render/kustomize/hash_node.h"

#include <string.h>

#include "render/kustomize/hidden.h"
#include "render/kustomize/json.h"

/* goyaml v3's numbers. */
static const int KINDS[] = { [TREE_SCALAR] = 8, [TREE_LIST] = 2, [TREE_MAP] = 4 };
static const int STYLES[] = { [TREE_PLAIN] = 0, [TREE_SINGLE] = 4, [TREE_DOUBLE] = 2, [TREE_LITERAL] = 8, [TREE_FOLDED] = 16 };
enum { STYLE_TAGGED = 1, STYLE_FLOW = 32 };

static bool write_node(const struct tree *node, struct buf *out, struct err *err);

static bool write_name_and_text(const char *name, const char *text, size_t len, struct buf *out)
{
	return buf_printf(out, "\"%s\":", name) && json_write_text(out, text, len) && buf_putc(out, ',');
}

static bool write_field(const char *name, const char *text, struct buf *out)
{
	return write_name_and_text(name, text ? text : "", text ? strlen(text) : 0, out);
}

static bool full(const struct buf *out, struct err *err)
{
	return err_set(err, ERR_LIMIT, "more than %zu bytes to hash", out->max);
}

static bool write_content(const struct tree *node, struct buf *out, struct err *err)
{
	const struct tree *items = node->kind == TREE_SCALAR ? hidden_below(node) : node;
	if (!items || !items->items) {
		return buf_puts(out, "\"Content\":null,") || full(out, err);
	}
	bool fits = buf_puts(out, "\"Content\":[");
	for (uint32_t i = 0; fits && i < items->count; i++) {
		if (!write_node(items->items[i], out, err)) {
			return false;
		}
		fits = i + 1 == items->count || buf_putc(out, ',');
	}
	return (fits && buf_puts(out, "],")) || full(out, err);
}

static bool write_head(const struct tree *node, struct buf *out)
{
	int style = STYLES[node->style] | (node->shown ? STYLE_TAGGED : 0) | (node->flow ? STYLE_FLOW : 0);
	const char *text = hidden_text(node);
	size_t len = node->kind == TREE_SCALAR ? node->len : strlen(text);
	return buf_printf(out, "{\"Kind\":%d,\"Style\":%d,", KINDS[node->kind], style) && write_field("Tag", node->tag, out) &&
	       write_name_and_text("Value", text, len, out) && buf_puts(out, "\"Anchor\":\"\",\"Alias\":null,");
}

static bool write_notes(const struct tree *node, struct buf *out)
{
	static const struct tree_notes none = { 0 };
	const struct tree_notes *notes = node->notes ? node->notes : &none;
	return write_field("HeadComment", notes->head, out) && write_field("LineComment", notes->line, out) &&
	       write_field("FootComment", notes->foot, out) &&
	       buf_printf(out, "\"Line\":%u,\"Column\":%u}", (unsigned)notes->row, (unsigned)notes->column);
}

static bool write_node(const struct tree *node, struct buf *out, struct err *err)
{
	return (write_head(node, out) || full(out, err)) && write_content(node, out, err) &&
	       (write_notes(node, out) || full(out, err));
}

bool hash_node_write(const struct tree *root, struct buf *out, struct err *err)
{
	return write_node(root, out, err);
}
