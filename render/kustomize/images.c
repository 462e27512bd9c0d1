#include <string.h>

#include "render/kustomize/fieldspec.h"
#include "render/kustomize/regex.h"
#include "render/kustomize/setter.h"
#include "render/kustomize/transformers.h"

struct setting {
	struct arena *arena;
	const struct image *image;
	struct regex *regex; /* of the name; made when the first image is looked at */
};

/* An image as it is written: name, tag without its colon, digest without its at sign. */
struct reference {
	const char *name, *tag, *digest;
};

static bool is_meant(struct setting *setting, const char *text, size_t len, bool *meant, struct err *err)
{
	if (!setting->regex) {
		static const char rest[] = "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$";
		char *pattern = arena_printf(setting->arena, "^%s%s", setting->image->name, rest);
		setting->regex = regex_new(setting->arena, pattern, err);
		if (!setting->regex) {
			return err_wrap(err, "image name '%.200s'", setting->image->name);
		}
	}
	return regex_match(setting->regex, text, len, meant, err);
}

/* What stands before the first slash may have a port. */
static struct reference split(struct arena *arena, const char *text)
{
	const char *slash = strchr(text, '/');
	const char *from = slash ? slash : text;
	const char *at = strchr(from, '@');
	const char *colon = strchr(from, ':');
	const char *name_end = at && (!colon || at < colon) ? at : colon;
	if (!name_end) {
		return (struct reference){ text, "", "" };
	}
	struct reference reference = { arena_text_len(arena, text, (size_t)(name_end - text)), "", at ? at + 1 : "" };
	if (name_end == colon) {
		reference.tag = at ? arena_text_len(arena, colon + 1, (size_t)(at - colon - 1)) : colon + 1;
	}
	return reference;
}

static char *change(struct arena *arena, const struct image *image, struct reference reference)
{
	reference.name = *image->new_name ? image->new_name : reference.name;
	if (*image->new_tag || *image->digest) {
		reference.tag = image->new_tag;
		reference.digest = image->digest;
	} else if (*image->tag_suffix) {
		reference.tag = arena_printf(arena, "%s%s", reference.tag, image->tag_suffix);
		reference.digest = "";
	}
	return arena_printf(arena, "%s%s%s%s%s", reference.name, *reference.tag ? ":" : "", reference.tag,
	                    *reference.digest ? "@" : "", reference.digest);
}

static bool set(void *context, struct tree *field, struct err *err)
{
	struct setting *setting = context;
	if (!tree_is_scalar(field)) {
		return err_set(err, ERR_INPUT, "line %u: an image must be a text, but there is %s", (unsigned)field->line,
		               setter_kind_text(field));
	}
	bool meant;
	if (!is_meant(setting, field->text, field->len, &meant, err)) {
		return false;
	}
	if (!meant) {
		return true;
	}
	char *text = change(setting->arena, setting->image, split(setting->arena, field->text));
	return setter_set(setting->arena, field, text, NULL, err);
}

/* --- lists of containers, wherever they are ------------------------------------------------------------------------ */

static bool set_items(struct setting *setting, const struct tree *key, const struct tree *list, struct err *err)
{
	for (uint32_t i = 0; i < list->count; i++) {
		struct tree *item = list->items[i];
		if (tree_is_null(item)) {
			continue;
		}
		if (!tree_is_map(item)) {
			return err_set(err, ERR_INPUT, "line %u: an item of '%s' must be a mapping, but there is %s", (unsigned)item->line,
			               key->text, setter_kind_text(item));
		}
		struct tree *image = tree_get(item, "image");
		if (image && !set(setting, image, err)) {
			return false;
		}
	}
	return true;
}

static bool walk(struct setting *setting, const struct tree *tree, struct err *err)
{
	if (tree->kind == TREE_SCALAR) {
		return true;
	}
	for (uint32_t i = tree->kind == TREE_MAP; i < tree->count; i += tree->kind == TREE_MAP ? 2 : 1) {
		const struct tree *value = tree->items[i];
		if (!walk(setting, value, err)) {
			return false;
		}
		const struct tree *key = tree->kind == TREE_MAP ? tree->items[i - 1] : NULL;
		bool containers = key && (tree_text_is(key, "containers") || tree_text_is(key, "initContainers"));
		if (containers && tree_is_list(value) && !set_items(setting, key, value, err)) {
			return false;
		}
	}
	return true;
}

bool images_transform(const struct build *build, struct resmap *map, const struct images_config *config, struct err *err)
{
	struct setting setting = { build->arena, &config->image, NULL };
	struct fieldspec_visitor visitor = { .visit = set, .context = &setting };
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < map->count; i++) {
			struct resource *resource = map->items[i];
			if (resource_is_gone(resource) || tree_text_is(tree_get(resource->root, "kind"), "CustomResourceDefinition")) {
				continue;
			}
			if (pass == 0 ? !walk(&setting, resource->root, err)
			              : !fieldspecs_visit(build->arena, &config->specs, resource->root, &visitor, err)) {
				return transform_fail(build, resource, err);
			}
		}
	}
	return true;
}
