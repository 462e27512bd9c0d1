/*
 * From the document to the struct, by tables of fields: what is not in a table is not known.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/near.h"
#include "render/doc.h"
#include "render/yaml_line.h"
#include "sync/names.h"
#include "sync/syncspec.h"
#include "sync/syncspec_impl.h"

enum { FIELD_BYTES = 1000, TEXT_BYTES = 600, MOST_FIELDS = 32, LONGEST_HOURS = 8760 };

#define HOURS(n) ((int64_t)(n)*60 * 60 * 1000)

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

/* --- problems ----------------------------------------------------------------------------------------------------- */

/* "/spec/ignore/0/paths" */
static void put_pointer(const struct spot *spot, struct buf *out)
{
	if (!spot) {
		return;
	}
	put_pointer(spot->up, out);
	if (!spot->key) {
		(void)buf_printf(out, "/%zu", spot->index);
		return;
	}
	(void)buf_putc(out, '/');
	for (const char *c = spot->key; *c; c++) {
		(void)(*c == '~' ? buf_puts(out, "~0") : *c == '/' ? buf_puts(out, "~1") : buf_putc(out, *c));
	}
}

/* "spec.ignore[0].paths" */
static void put_field(const struct spot *spot, struct buf *out)
{
	if (!spot) {
		return;
	}
	put_field(spot->up, out);
	(void)(spot->key ? buf_printf(out, "%s%s", out->len ? "." : "", spot->key) : buf_printf(out, "[%zu]", spot->index));
}

static void refuse(struct reading *reading, const struct spot *spot, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void refuse(struct reading *reading, const struct spot *spot, const char *fmt, ...)
{
	const struct syncspec_source *source = reading->source;
	CLEANUP(buf_release) struct buf pointer = BUF_INIT(LIMIT_KIB(16));
	CLEANUP(buf_release) struct buf field = BUF_INIT(FIELD_BYTES);
	put_pointer(spot, &pointer);
	put_field(spot, &field);
	size_t line = source->text ? yaml_line(source->text, source->len, source->line, buf_text(&pointer)) : source->line;
	char text[TEXT_BYTES];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	problems_add(reading->problems, PROBLEM_ERROR, source->path, line, buf_text(&field), "%s", text);
	reading->failed = true;
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static bool is_absent(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

/* NULL, and said, where it is no text or not one that may stand there. */
static const char *text_of(struct reading *reading, const struct spot *spot, const cJSON *value, syncspec_check *check)
{
	struct err err = ERR_INIT;
	const char *text = cJSON_GetStringValue(value);
	if (!text) {
		refuse(reading, spot, "must be a string; put it in quotes");
	} else if (check && !check(text, &err)) {
		refuse(reading, spot, "%s", err.msg);
		text = NULL;
	}
	return text;
}

static void read_text(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	const char *text = text_of(reading, spot, value, field->check);
	if (text) {
		text_set((char **)into, text);
	}
}

static void read_flag(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	(void)field;
	if (cJSON_IsBool(value)) {
		*(bool *)into = cJSON_IsTrue(value);
	} else {
		refuse(reading, spot, "must be true or false");
	}
}

static void read_duration(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field,
                          void *into)
{
	const char *text = cJSON_GetStringValue(value);
	int64_t duration = 0;
	if (!text || !syncspec_duration(text, &duration)) {
		refuse(reading, spot, "must be a duration such as 30s or 1m30s");
	} else if (duration < field->least) {
		refuse(reading, spot, "must be at least %llds", (long long)field->least / 1000);
	} else if (duration > HOURS(LONGEST_HOURS)) {
		refuse(reading, spot, "must be at most %dh", LONGEST_HOURS);
	} else {
		*(int64_t *)into = duration;
	}
}

static void read_word(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field, void *into)
{
	CLEANUP(buf_release) struct buf known = BUF_INIT(FIELD_BYTES);
	const char *text = cJSON_GetStringValue(value);
	for (unsigned i = 0; field->words[i]; i++) {
		if (text && strcmp(text, field->words[i]) == 0) {
			*(unsigned *)into = i;
			return;
		}
		(void)buf_printf(&known, "%s%s", i ? " or " : "", field->words[i]);
	}
	refuse(reading, spot, "must be %s", buf_text(&known));
}

static void read_members(struct reading *reading, const struct spot *spot, const cJSON *mapping, const struct field *fields,
                         size_t count, void *into);

static void read_value(struct reading *reading, const struct spot *spot, const cJSON *value, const struct field *field,
                       void *base)
{
	void *into = (char *)base + field->at;
	switch (field->type) {
	case TYPE_TEXT:
		read_text(reading, spot, value, field, into);
		break;
	case TYPE_FLAG:
		read_flag(reading, spot, value, field, into);
		break;
	case TYPE_DURATION:
		read_duration(reading, spot, value, field, into);
		break;
	case TYPE_WORD:
		read_word(reading, spot, value, field, into);
		break;
	case TYPE_MAPPING:
		read_members(reading, spot, value, field->fields, field->count, base);
		break;
	case TYPE_OTHER:
		field->read(reading, spot, value, into);
		break;
	}
}

static void unknown(struct reading *reading, const struct spot *spot, const struct field *fields, size_t count)
{
	const char *names[MOST_FIELDS];
	size_t known = count < MOST_FIELDS ? count : MOST_FIELDS;
	for (size_t i = 0; i < known; i++) {
		names[i] = fields[i].name;
	}
	const char *near = near_word(spot->key, names, known);
	if (near) {
		refuse(reading, spot, "unknown field; did you mean %s?", near);
	} else {
		refuse(reading, spot, "unknown field");
	}
}

static const struct field *find_field(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0) {
			return &fields[i];
		}
	}
	return NULL;
}

static void read_members(struct reading *reading, const struct spot *spot, const cJSON *mapping, const struct field *fields,
                         size_t count, void *into)
{
	if (!cJSON_IsObject(mapping)) {
		refuse(reading, spot, "must be a mapping");
		return;
	}
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, mapping) {
		struct spot inner = { .up = spot, .key = member->string };
		const struct field *field = find_field(fields, count, member->string);
		if (!field) {
			unknown(reading, &inner, fields, count);
		} else if (!is_absent(member)) {
			read_value(reading, &inner, member, field, into);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].required && is_absent(doc_get(mapping, fields[i].name))) {
			struct spot inner = { .up = spot, .key = fields[i].name };
			refuse(reading, &inner, "is missing");
		}
	}
}

/* How many items a list may have; 0 and said where it is none, or has more. */
static size_t items_of(struct reading *reading, const struct spot *spot, const cJSON *list)
{
	int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
	if (count < 0) {
		refuse(reading, spot, "must be a list");
		return 0;
	}
	if ((size_t)count > LIMIT_SYNC_ITEMS) {
		refuse(reading, spot, "has more than %zu entries", LIMIT_SYNC_ITEMS);
		return 0;
	}
	return (size_t)count;
}

/* --- the parts of a spec ------------------------------------------------------------------------------------------ */

struct refs {
	char *branch;
	char *tag;
	char *commit;
};

static const struct field ref_fields[] = {
	{ .name = "branch", .type = TYPE_TEXT, .at = offsetof(struct refs, branch), .check = check_ref_name },
	{ .name = "tag", .type = TYPE_TEXT, .at = offsetof(struct refs, tag), .check = check_ref_name },
	{ .name = "commit", .type = TYPE_TEXT, .at = offsetof(struct refs, commit), .check = check_commit },
};

static void set_ref(struct syncspec *out, enum syncspec_ref kind, const char *name, const char *before)
{
	out->ref_kind = kind;
	text_set(&out->ref, name);
	free(out->ref_full);
	out->ref_full = text_printf("%s%s", before, name);
}

static void read_ref(struct reading *reading, const struct spot *spot, const cJSON *value, void *into)
{
	(void)into;
	struct refs refs = { 0 };
	read_members(reading, spot, value, ref_fields, ARRAY_LEN(ref_fields), &refs);
	if (!!refs.branch + !!refs.tag + !!refs.commit > 1) {
		refuse(reading, spot, "give one of branch, tag and commit");
	} else if (refs.branch) {
		set_ref(reading->out, SYNCSPEC_BRANCH, refs.branch, "refs/heads/");
	} else if (refs.tag) {
		set_ref(reading->out, SYNCSPEC_TAG, refs.tag, "refs/tags/");
	} else if (refs.commit) {
		set_ref(reading->out, SYNCSPEC_COMMIT, refs.commit, "");
	}
	free(refs.branch);
	free(refs.tag);
	free(refs.commit);
}

static const struct field peer_fields[] = {
	{ .name = "name", .type = TYPE_TEXT, .at = offsetof(struct syncspec_peer, name), .check = check_sync_name, .required = true },
	{ .name = "namespace", .type = TYPE_TEXT, .at = offsetof(struct syncspec_peer, ns), .check = check_label },
};

static void read_depends(struct reading *reading, const struct spot *spot, const cJSON *list, void *into)
{
	(void)into;
	struct syncspec *out = reading->out;
	size_t count = items_of(reading, spot, list);
	out->depends_on = count ? alloc_new(count, sizeof *out->depends_on) : NULL;
	out->depends_count = count;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		struct syncspec_peer *peer = &out->depends_on[i];
		read_members(reading, &item, cJSON_GetArrayItem(list, (int)i), peer_fields, ARRAY_LEN(peer_fields), peer);
		if (!peer->ns) {
			peer->ns = text_dup(out->ns);
		}
		if (peer->name && out->name && strcmp(peer->name, out->name) == 0 && strcmp(peer->ns, out->ns) == 0) {
			refuse(reading, &item, "is this Sync itself");
		}
	}
}

static void read_paths(struct reading *reading, const struct spot *spot, const cJSON *list, void *into)
{
	struct unowned_rule *rule = into;
	size_t count = items_of(reading, spot, list);
	if (!count && cJSON_IsArray(list) && !list->child) {
		refuse(reading, spot, "is empty");
	}
	rule->paths = count ? alloc_new(count, sizeof *rule->paths) : NULL;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		const char *path = text_of(reading, &item, cJSON_GetArrayItem(list, (int)i), unowned_path_check);
		if (path) {
			rule->paths[rule->path_count++] = text_dup(path);
		}
	}
}

static const struct field rule_fields[] = {
	{ .name = "group", .type = TYPE_TEXT, .at = offsetof(struct unowned_rule, group), .check = check_group },
	{ .name = "kind", .type = TYPE_TEXT, .at = offsetof(struct unowned_rule, kind), .check = check_some },
	{ .name = "name", .type = TYPE_TEXT, .at = offsetof(struct unowned_rule, name), .check = check_some },
	{ .name = "paths", .type = TYPE_OTHER, .read = read_paths, .required = true },
};

static void read_ignore(struct reading *reading, const struct spot *spot, const cJSON *list, void *into)
{
	struct unowned_rules *rules = into;
	size_t count = items_of(reading, spot, list);
	rules->rules = count ? alloc_new(count, sizeof *rules->rules) : NULL;
	rules->count = count;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		read_members(reading, &item, cJSON_GetArrayItem(list, (int)i), rule_fields, ARRAY_LEN(rule_fields), &rules->rules[i]);
	}
}

/* --- the tables --------------------------------------------------------------------------------------------------- */

#define AT(member) offsetof(struct syncspec, member)
#define MAPPING(table) .type = TYPE_MAPPING, .fields = (table), .count = ARRAY_LEN(table)

static const struct field source_secret_fields[] = {
	{ .name = "name", .type = TYPE_TEXT, .at = AT(secret), .check = check_subdomain, .required = true },
};

static const struct field source_fields[] = {
	{ .name = "url", .type = TYPE_TEXT, .at = AT(url), .check = check_url, .required = true },
	{ .name = "ref", .type = TYPE_OTHER, .read = read_ref },
	{ .name = "path", .type = TYPE_TEXT, .at = AT(path), .check = check_path },
	{ .name = "secretRef", MAPPING(source_secret_fields) },
};

static const char *const heal_words[] = { "Enforce", "Detect", NULL };
static const char *const deletion_words[] = { "Orphan", "Delete", NULL };

static const struct field heal_fields[] = {
	{ .name = "mode", .type = TYPE_WORD, .at = AT(heal.mode), .words = heal_words },
	{ .name = "delay", .type = TYPE_DURATION, .at = AT(heal.delay) },
};

static const struct field webhook_secret_fields[] = {
	{ .name = "name", .type = TYPE_TEXT, .at = AT(webhook_secret), .check = check_subdomain, .required = true },
};

static const struct field webhook_fields[] = {
	{ .name = "secretRef", MAPPING(webhook_secret_fields), .required = true },
};

static const struct field spec_fields[] = {
	{ .name = "source", MAPPING(source_fields), .required = true },
	{ .name = "interval", .type = TYPE_DURATION, .at = AT(interval), .least = SYNCSPEC_INTERVAL_LEAST },
	{ .name = "timeout", .type = TYPE_DURATION, .at = AT(timeout), .least = SYNCSPEC_TIMEOUT_LEAST },
	{ .name = "prune", .type = TYPE_FLAG, .at = AT(prune) },
	{ .name = "wait", .type = TYPE_FLAG, .at = AT(wait) },
	{ .name = "suspend", .type = TYPE_FLAG, .at = AT(suspend) },
	{ .name = "heal", MAPPING(heal_fields) },
	{ .name = "targetNamespace", .type = TYPE_TEXT, .at = AT(target_ns), .check = check_label },
	{ .name = "serviceAccountName", .type = TYPE_TEXT, .at = AT(service_account), .check = check_subdomain },
	{ .name = "deletionPolicy", .type = TYPE_WORD, .at = AT(deletion), .words = deletion_words },
	{ .name = "dependsOn", .type = TYPE_OTHER, .read = read_depends },
	{ .name = "ignore", .type = TYPE_OTHER, .at = AT(ignore), .read = read_ignore },
	{ .name = "webhook", MAPPING(webhook_fields) },
};

/* --- the document ------------------------------------------------------------------------------------------------- */

/* What is expected to be exactly that. */
static void expect(struct reading *reading, const cJSON *document, const char *key, const char *wanted)
{
	struct spot spot = { .key = key };
	const char *text = doc_text(document, key);
	if (!text || strcmp(text, wanted) != 0) {
		refuse(reading, &spot, "must be %s", wanted);
	}
}

static void read_top(struct reading *reading, const cJSON *document)
{
	static const struct field known[] = {
		{ .name = "apiVersion" }, { .name = "kind" }, { .name = "metadata" }, { .name = "spec" }, { .name = "status" },
	};
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, document) {
		if (!find_field(known, ARRAY_LEN(known), member->string)) {
			struct spot spot = { .key = member->string };
			unknown(reading, &spot, known, ARRAY_LEN(known));
		}
	}
	expect(reading, document, "apiVersion", SYNCSPEC_API_VERSION);
	expect(reading, document, "kind", SYNCSPEC_KIND);
}

/* Metadata is the server's: only what a Sync needs is looked at. */
static void read_metadata(struct reading *reading, const cJSON *metadata)
{
	static const struct field fields[] = {
		{ .name = "name", .type = TYPE_TEXT, .at = AT(name), .check = check_sync_name },
		{ .name = "namespace", .type = TYPE_TEXT, .at = AT(ns), .check = check_label },
	};
	struct syncspec *out = reading->out;
	struct spot spot = { .key = "metadata" };
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct spot inner = { .up = &spot, .key = fields[i].name };
		const cJSON *value = doc_get(metadata, fields[i].name);
		if (!is_absent(value)) {
			read_value(reading, &inner, value, &fields[i], out);
		} else if (i == 0) {
			refuse(reading, &inner, "is missing");
		}
	}
	const char *uid = doc_text(metadata, "uid");
	text_set(&out->uid, uid ? uid : "");
	out->generation = doc_int(metadata, "generation", 0);
	out->deleting = doc_text(metadata, "deletionTimestamp") != NULL;
	text_set(&out->requested_at, syncspec_request(metadata));
	const cJSON *notes = doc_get(metadata, "annotations");
	text_set(&out->approved_commit, cJSON_GetStringValue(doc_get(notes, NOTE_APPROVE_PRUNE)));
	out->suspend_until = syncspec_until(metadata);
}

static void set_defaults(struct syncspec *out)
{
	*out = (struct syncspec){
		.ns = text_dup(""),
		.uid = text_dup(""),
		.ref = text_dup(""),
		.path = text_dup("."),
		.interval = SYNCSPEC_INTERVAL,
		.timeout = SYNCSPEC_TIMEOUT,
		.wait = true,
		.heal = { .delay = SYNCSPEC_HEAL_DELAY },
	};
}

bool syncspec_read(const cJSON *document, const struct syncspec_source *source, struct syncspec *out, struct problems *problems)
{
	struct syncspec spec;
	struct reading reading = { .source = source, .problems = problems, .out = &spec };
	set_defaults(&spec);
	struct spot spot = { .key = "spec" };
	if (cJSON_IsObject(document)) {
		read_top(&reading, document);
		read_metadata(&reading, doc_get(document, "metadata"));
		const cJSON *value = doc_get(document, "spec");
		if (is_absent(value)) {
			refuse(&reading, &spot, "is missing");
		} else {
			read_members(&reading, &spot, value, spec_fields, ARRAY_LEN(spec_fields), &spec);
		}
	} else {
		refuse(&reading, NULL, "a Sync is a mapping with apiVersion, kind, metadata and spec");
	}
	if (reading.failed) {
		syncspec_release(&spec);
		return false;
	}
	*out = spec;
	return true;
}
