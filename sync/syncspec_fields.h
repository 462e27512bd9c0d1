/*
 * Reads mappings by tables of fields: what is not in a table is not known. Shared by the files of syncspec.h only.
 */
#ifndef SYNC_SYNCSPEC_FIELDS_H
#define SYNC_SYNCSPEC_FIELDS_H

#include "sync/syncspec.h"
#include "sync/syncspec_impl.h"

struct reading {
	const struct syncspec_source *source;
	struct problems *problems;
	struct syncspec *out;
	bool failed;
};

/* Where a value stands, innermost first. */
struct spot {
	const struct spot *up;
	const char *key; /* NULL: an item of a list */
	size_t index;
};

enum type { TYPE_TEXT, TYPE_FLAG, TYPE_DURATION, TYPE_WORD, TYPE_MAPPING, TYPE_OTHER };

struct field {
	const char *name;
	enum type type;
	size_t at; /* in the struct that the table fills */
	bool required;
	syncspec_check *check;      /* of a text */
	const char *const *words;   /* NULL-terminated; the index is the value */
	int64_t least;              /* of a duration */
	const struct field *fields; /* of a mapping, in the same struct */
	size_t count;
	void (*read)(struct reading *reading, const struct spot *spot, const cJSON *value, void *into); /* TYPE_OTHER */
};

/* Adds the problem, with line and field of the spot. */
void spec_refuse(struct reading *reading, const struct spot *spot, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Says that the spot's key is not one of the table, and which is near. */
void spec_unknown(struct reading *reading, const struct spot *spot, const struct field *fields, size_t count);

/* NULL and null. */
bool spec_absent(const cJSON *value);

const struct field *spec_field(const struct field *fields, size_t count, const char *name);

/* Reads one value into the struct at `base`, or all of a mapping. */
void spec_value(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *base);
void spec_members(struct reading *reading, const struct spot *spot, const cJSON *mapping, const struct field *fields,
                  size_t count, void *into);

/* NULL, and said, where it is no text or not one that may stand there. */
const char *spec_text(struct reading *reading, const struct spot *spot, const cJSON *value, syncspec_check *check);

/* How many items the list has; 0, and said, where it is none or has too many. */
size_t spec_items(struct reading *reading, const struct spot *spot, const cJSON *list);

#endif
