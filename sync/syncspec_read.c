/*
 * From the document to the struct: the tables of a Sync's fields.
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/names.h"
#include "sync/syncspec_fields.h"

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
	spec_members(reading, spot, value, ref_fields, ARRAY_LEN(ref_fields), &refs);
	if (!!refs.branch + !!refs.tag + !!refs.commit > 1) {
		spec_refuse(reading, spot, "give one of branch, tag and commit");
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
	size_t count = spec_items(reading, spot, list);
	out->depends_on = count ? alloc_new(count, sizeof *out->depends_on) : NULL;
	out->depends_count = count;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		struct syncspec_peer *peer = &out->depends_on[i];
		spec_members(reading, &item, cJSON_GetArrayItem(list, (int)i), peer_fields, ARRAY_LEN(peer_fields), peer);
		if (!peer->ns) {
			peer->ns = text_dup(out->ns);
		}
		if (peer->name && out->name && strcmp(peer->name, out->name) == 0 && strcmp(peer->ns, out->ns) == 0) {
			spec_refuse(reading, &item, "is this Sync itself");
		}
	}
}

static void read_paths(struct reading *reading, const struct spot *spot, const cJSON *list, void *into)
{
	struct unowned_rule *rule = into;
	size_t count = spec_items(reading, spot, list);
	if (!count && cJSON_IsArray(list) && !list->child) {
		spec_refuse(reading, spot, "is empty");
	}
	rule->paths = count ? alloc_new(count, sizeof *rule->paths) : NULL;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		const char *path = spec_text(reading, &item, cJSON_GetArrayItem(list, (int)i), unowned_path_check);
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
	size_t count = spec_items(reading, spot, list);
	rules->rules = count ? alloc_new(count, sizeof *rules->rules) : NULL;
	rules->count = count;
	for (size_t i = 0; i < count; i++) {
		struct spot item = { .up = spot, .index = i };
		spec_members(reading, &item, cJSON_GetArrayItem(list, (int)i), rule_fields, ARRAY_LEN(rule_fields), &rules->rules[i]);
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
		spec_refuse(reading, &spot, "must be %s", wanted);
	}
}

static void read_top(struct reading *reading, const cJSON *document)
{
	static const struct field known[] = {
		{ .name = "apiVersion" }, { .name = "kind" }, { .name = "metadata" }, { .name = "spec" }, { .name = "status" },
	};
	const cJSON *member = NULL;
	cJSON_ArrayForEach (member, document) {
		if (!spec_field(known, ARRAY_LEN(known), member->string)) {
			struct spot spot = { .key = member->string };
			spec_unknown(reading, &spot, known, ARRAY_LEN(known));
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
		if (!spec_absent(value)) {
			spec_value(reading, &inner, value, &fields[i], out);
		} else if (i == 0) {
			spec_refuse(reading, &inner, "is missing");
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
		if (spec_absent(value)) {
			spec_refuse(&reading, &spot, "is missing");
		} else {
			spec_members(&reading, &spot, value, spec_fields, ARRAY_LEN(spec_fields), &spec);
		}
	} else {
		spec_refuse(&reading, NULL, "a Sync is a mapping with apiVersion, kind, metadata and spec");
	}
	if (reading.failed) {
		syncspec_release(&spec);
		return false;
	}
	*out = spec;
	return true;
}
