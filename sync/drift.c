#include "sync/drift.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/drift_impl.h"
#include "sync/notes.h"
#include "sync/pack.h"
#include "sync/prepare.h"

const char *drift_state_text(enum drift_state state)
{
	static const char *const texts[] = {
		[DRIFT_NONE] = "in sync",     [DRIFT_MAYBE] = "uncertain", [DRIFT_FOUND] = "drifted",     [DRIFT_CONTESTED] = "contested",
		[DRIFT_WAITING] = "deleting", [DRIFT_BLOCKED] = "blocked", [DRIFT_DISABLED] = "disabled",
	};
	return texts[state];
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static void drop_packed(struct drift_row *row)
{
	if (row->packed) {
		OPENSSL_cleanse(row->packed, row->packed_len); /* it may be a Secret */
	}
	free(row->packed);
	row->packed = NULL;
}

static void row_free(struct drift_row *row)
{
	ident_release(&row->id);
	drop_packed(row);
	healing_free(row->healing);
	free(row->version);
	free(row->uid);
	free(row->reason);
	free(row->field);
	free(row->manager);
	free(row);
}

/* The document, and behind a NUL what the object is created with where that is more. */
static void row_pack(struct drift_row *row, const struct object *object)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(SIZE_MAX);
	CLEANUP(buf_release) struct buf packed = BUF_INIT(SIZE_MAX);
	bool fits = doc_print(object->json, &text) &&
	            (!object->initial || (buf_putc(&text, '\0') && doc_print(object->initial, &text))) &&
	            pack_zip(buf_text(&text), text.len, &packed);
	assert(fits);
	drop_packed(row);
	row->packed = alloc_new(packed.len, 1);
	memcpy(row->packed, packed.data, packed.len);
	row->packed_len = packed.len;
	text_set(&row->version, object->version);
	OPENSSL_cleanse(text.data, text.len);
	OPENSSL_cleanse(packed.data, packed.len);
}

struct object *row_unpack(const struct drift_row *row)
{
	struct err err = ERR_INIT;
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_TREE_BYTES);
	bool good = pack_unzip(row->packed, row->packed_len, &text, &err);
	size_t len = good ? strlen(buf_text(&text)) : 0;
	cJSON *json = good ? doc_parse(buf_text(&text), len, &err) : NULL;
	cJSON *initial = len + 1 < text.len ? doc_parse(text.data + len + 1, text.len - len - 1, &err) : NULL;
	if (text.data) {
		OPENSSL_cleanse(text.data, text.len);
	}
	struct object *object = json ? object_new(json, NULL, 0, NULL) : NULL;
	assert(object);
	object->initial = initial;
	return object;
}

struct drift_row *drift_find(const struct drift *drift, const struct ident *id)
{
	if (!drift->count) {
		return NULL;
	}
	CLEANUP(text_freep) char *key = ident_key(id);
	return map_get(&drift->by_key, key);
}

static struct drift_row *row_add(struct drift *drift, const struct ident *id)
{
	if (drift->count == drift->cap) {
		drift->cap = drift->cap ? 2 * drift->cap : 64;
		drift->rows = alloc_grow(drift->rows, drift->cap, sizeof *drift->rows);
	}
	struct drift_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(id);
	row->due = INT64_MAX;
	CLEANUP(text_freep) char *key = ident_key(id);
	(void)map_set(&drift->by_key, key, row);
	drift->rows[drift->count++] = row;
	drift->counts[DRIFT_NONE]++;
	return row;
}

static struct drift_note note_of(const struct drift *drift, const struct drift_row *row)
{
	bool idle = drift->options.detect || drift->options.suspended;
	return (struct drift_note){
		.id = &row->id,
		.state = row->state,
		.reason = row->reason ? row->reason : "",
		.manager = row->manager,
		.lost = row->lost,
		.since = row->since,
		.due = idle ? INT64_MAX : row->due,
	};
}

void row_tell(struct drift *drift, const struct drift_row *row)
{
	if (drift->options.changed) {
		struct drift_note note = note_of(drift, row);
		drift->options.changed(drift->options.context, &note);
	}
}

static void take_finding(struct drift_row *row, const struct finding *finding)
{
	/* The texts may be the row's own. */
	char *reason = finding->reason ? text_dup(finding->reason) : NULL;
	char *field = finding->field ? text_dup(finding->field) : NULL;
	char *manager = finding->manager ? text_dup(finding->manager) : NULL;
	free(row->reason);
	free(row->field);
	free(row->manager);
	row->reason = reason;
	row->field = field;
	row->manager = manager;
}

void row_set(struct drift *drift, struct drift_row *row, const struct finding *finding, int64_t now)
{
	bool other = row->state != finding->state;
	bool news = other || !text_same(row->reason, finding->reason);
	drift->counts[row->state]--;
	drift->counts[finding->state]++;
	row->since = other ? now : row->since;
	row->state = finding->state;
	take_finding(row, finding);
	/* What comes while our own write is under way may be its echo: drift_healed tells what is left of it. */
	if (news && !(row->healing && row->healing->taken)) {
		heal_schedule(drift, row, now);
		row_tell(drift, row);
	}
}

void row_clear(struct drift *drift, struct drift_row *row)
{
	row_set(drift, row, &(struct finding){ .state = DRIFT_NONE }, row->since);
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

struct drift *drift_new(const char *ns, const char *name)
{
	struct drift *drift = alloc_new(1, sizeof *drift);
	drift->ns = text_dup(ns);
	drift->name = text_dup(name);
	return drift;
}

void drift_free(struct drift *drift)
{
	if (!drift) {
		return;
	}
	for (size_t i = 0; i < drift->count; i++) {
		row_free(drift->rows[i]);
	}
	free(drift->rows);
	map_release(&drift->by_key);
	map_release(&drift->scaled);
	inventory_release(&drift->inventory);
	repo_commit_release(&drift->commit);
	free(drift->ref);
	free(drift->ns);
	free(drift->name);
	free(drift);
}

void drift_freep(struct drift **drift)
{
	drift_free(*drift);
	*drift = NULL;
}

void drift_configure(struct drift *drift, const struct drift_options *options)
{
	drift->options = *options;
}

void drift_begin(struct drift *drift)
{
	drift->busy++;
}

void drift_end(struct drift *drift)
{
	assert(drift->busy > 0);
	drift->busy--;
}

/* --- from cycles -------------------------------------------------------------------------------------------------- */

static void desire(struct drift *drift, const struct object *object)
{
	char digest[16];
	struct drift_row *row = drift_find(drift, &object->id);
	if (!object->json) {
		assert(row);
		row->wanted = true;
		return;
	}
	plan_digest(object, digest);
	row = row ? row : row_add(drift, &object->id);
	row->wanted = true;
	if (!row->packed || strcmp(row->digest, digest) != 0 || strcmp(row->version, object->version) != 0) {
		row_pack(row, object);
		memcpy(row->digest, digest, sizeof digest);
		row->applied = false;
		row->sure = false;
		row->later = 0;
		healing_forget(row->healing);
		row_clear(drift, row);
	} else if (object->initial) {
		/* What it is created with is no part of the digest. */
		row_pack(row, object);
	}
	row->origin = object->origin;
	CLEANUP(text_freep) char *target = plan_scale_target(object);
	if (target) {
		(void)map_set(&drift->scaled, target, &row->id);
	}
}

/* What is not wanted goes. */
static void forget_rest(struct drift *drift)
{
	size_t left = 0;
	for (size_t i = 0; i < drift->count; i++) {
		struct drift_row *row = drift->rows[i];
		if (row->wanted) {
			drift->rows[left++] = row;
			continue;
		}
		row_clear(drift, row);
		drift->counts[DRIFT_NONE]--;
		row_free(row);
	}
	if (left == drift->count) {
		return;
	}
	drift->count = left;
	map_release(&drift->by_key);
	drift->by_key = MAP_INIT;
	for (size_t i = 0; i < left; i++) {
		CLEANUP(text_freep) char *key = ident_key(&drift->rows[i]->id);
		(void)map_set(&drift->by_key, key, drift->rows[i]);
	}
}

static void keep_commit(struct drift *drift, const struct report *report)
{
	const struct repo_commit *from = &report->commit;
	repo_commit_release(&drift->commit);
	drift->commit = (struct repo_commit){
		.author = from->author ? text_dup(from->author) : NULL,
		.email = from->email ? text_dup(from->email) : NULL,
		.subject = from->subject ? text_dup(from->subject) : NULL,
		.when = from->when,
	};
	memcpy(drift->commit.id, from->id, sizeof from->id);
	text_set(&drift->ref, report->ref);
}

void drift_desire(struct drift *drift, const struct prepared *prepared)
{
	for (size_t i = 0; i < drift->count; i++) {
		drift->rows[i]->wanted = false;
	}
	map_release(&drift->scaled);
	drift->scaled = MAP_INIT;
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		if (!note_hook(doc_get(object->json, "metadata"))) {
			desire(drift, object);
		}
	}
	forget_rest(drift);
	keep_commit(drift, prepared->report);
}

static uint64_t version_of(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

/* What we know by our last answer, the inventory may not: an apply that changed nothing is not recorded. */
static void know(struct drift *drift, const struct drift_row *row)
{
	struct inventory_row *known = inventory_find(&drift->inventory, &row->id);
	if (!row->uid) {
		return;
	}
	if (!known) {
		known = alloc_new(1, sizeof *known);
		known->id = ident_dup(&row->id);
		known->version = text_dup(row->version);
		inventory_take(&drift->inventory, known);
	}
	text_set(&known->uid, row->uid);
	known->generation = row->generation;
}

/* It is as desired in that version, whole or but for what the action leaves out; whatever an event told of an older one is past.
 */
static void row_is_fine(struct drift *drift, struct drift_row *row, const struct action *action, const cJSON *metadata)
{
	uint64_t version = version_of(doc_text(metadata, "resourceVersion"));
	row_hear(row, version);
	text_set(&row->uid, doc_text(metadata, "uid"));
	row->generation = doc_int(metadata, "generation", 0);
	know(drift, row);
	bool missed = !row->applied && version && row->later > version;
	row->applied = true;
	row->later = 0;
	row->answered = version > row->answered ? version : row->answered;
	if (missed) {
		row->sure = false;
		struct finding finding = { .state = DRIFT_MAYBE, .reason = "changed while it was being applied" };
		row_set(drift, row, &finding, row->since);
	} else if (!version || row->seen <= version) {
		row->sure = action_is_whole(action);
		row_clear(drift, row);
	}
}

void drift_applied(struct drift *drift, const struct action *action, const cJSON *metadata)
{
	struct drift_row *row = drift_find(drift, &action->desired->id);
	if (!row || strcmp(row->digest, action->digest) != 0) {
		return;
	}
	row_is_fine(drift, row, action, metadata);
}

/* What a plan left alone. */
static void settle(struct drift *drift, struct drift_row *row, const struct action *action)
{
	struct finding finding = { .reason = action->reason };
	if (action->kind == ACTION_NONE && row_yields(row, action)) {
		CLEANUP(text_freep) char *reason = drift_contested(action);
		row->applied = true;
		row->sure = false;
		finding = (struct finding){
			.state = DRIFT_CONTESTED, .reason = reason, .field = *action->yielded, .manager = action->manager
		};
		row_set(drift, row, &finding, row->since);
	} else if (action->kind == ACTION_NONE) {
		row_is_fine(drift, row, action, action->live->meta);
	} else if (action->kind == ACTION_BLOCK) {
		finding.state = DRIFT_BLOCKED;
		row->sure = false;
		row_set(drift, row, &finding, row->since);
	} else if (action->kind == ACTION_SKIP) {
		bool disabled = note_reconcile_disabled(doc_get(action->desired->json, "metadata")) ||
		                (action->live && note_reconcile_disabled(action->live->meta));
		finding.state = disabled ? DRIFT_DISABLED : DRIFT_NONE;
		finding.reason = disabled ? action->reason : NULL;
		row->applied = true;
		row->sure = false;
		row_set(drift, row, &finding, row->since);
	}
}

void drift_inventory(struct drift *drift, const struct inventory *inventory)
{
	inventory_copy(inventory, &drift->inventory);
	for (size_t i = 0; i < drift->count; i++) {
		know(drift, drift->rows[i]);
	}
}

void drift_settle(struct drift *drift, const struct plan *plan, const struct inventory *inventory)
{
	drift_inventory(drift, inventory);
	for (size_t i = 0; i < plan->count; i++) {
		const struct action *action = plan->actions[i];
		struct drift_row *row = action->desired ? drift_find(drift, &action->desired->id) : NULL;
		/* What was known has its state from events, which may be newer than the plan. */
		if (row && !action->desired->known && strcmp(row->digest, action->digest) == 0) {
			settle(drift, row, action);
		}
	}
}

/* --- what there is ------------------------------------------------------------------------------------------------ */

size_t drift_count(const struct drift *drift, enum drift_state state)
{
	return drift->counts[state];
}

size_t drift_objects(const struct drift *drift)
{
	return drift->count;
}

void drift_each(const struct drift *drift, void (*each)(void *context, const struct drift_note *note), void *context)
{
	for (size_t i = 0; i < drift->count; i++) {
		if (drift->rows[i]->state != DRIFT_NONE) {
			struct drift_note note = note_of(drift, drift->rows[i]);
			each(context, &note);
		}
	}
}

void drift_places(const struct drift *drift,
                  void (*each)(void *context, const char *group, const char *kind, const char *version, const char *ns),
                  void *context)
{
	CLEANUP(map_release) struct map told = MAP_INIT;
	for (size_t i = 0; i < drift->count; i++) {
		const struct drift_row *row = drift->rows[i];
		CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", row->id.group, row->id.kind, row->id.ns);
		if (!map_has(&told, key)) {
			(void)map_set(&told, key, drift->rows[i]);
			each(context, row->id.group, row->id.kind, row->version, row->id.ns);
		}
	}
}

const struct repo_commit *drift_commit(const struct drift *drift)
{
	return &drift->commit;
}

const char *drift_ref(const struct drift *drift)
{
	return drift->ref;
}

static size_t text_bytes(const char *text)
{
	return text ? strlen(text) + 16 : 0; /* with what malloc adds */
}

static size_t ident_bytes(const struct ident *id)
{
	return text_bytes(id->group) + text_bytes(id->kind) + text_bytes(id->ns) + text_bytes(id->name);
}

size_t drift_bytes(const struct drift *drift)
{
	size_t bytes = sizeof *drift + drift->cap * sizeof *drift->rows;
	bytes += drift->by_key.cap * sizeof(struct map_entry) + drift->by_key.slot_count * sizeof(size_t);
	bytes += drift->inventory.by_key.cap * sizeof(struct map_entry) + drift->inventory.by_key.slot_count * sizeof(size_t);
	for (size_t i = 0; i < drift->count; i++) {
		const struct drift_row *row = drift->rows[i];
		bytes += sizeof *row + row->packed_len + 16 + 2 * ident_bytes(&row->id) + text_bytes(row->version) +
		         text_bytes(row->reason);
		bytes += row->healing ? sizeof *row->healing : 0;
	}
	for (size_t i = 0; i < drift->inventory.count; i++) {
		const struct inventory_row *row = drift->inventory.rows[i];
		bytes += sizeof *row + 2 * ident_bytes(&row->id) + text_bytes(row->uid) + text_bytes(row->version);
		bytes += text_bytes(row->template_hash) + text_bytes(row->template_commit);
	}
	return bytes;
}
