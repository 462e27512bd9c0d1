#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/drift.h"
#include "sync/names.h"
#include "sync/plan.h"
#include "sync/prepare.h"

#define DEPLOYMENT(name, image, more) \
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"" name \
	"\",\"namespace\":\"shop\",\"labels\":{" \
	"\"plumb.dev/name\":\"shop\",\"plumb.dev/namespace\":\"shop\"}},\"spec\":{" more "\"template\":{\"spec\":{\"containers\":[" \
	"{\"name\":\"web\",\"image\":\"" image "\"}]}}}}"
#define WEB DEPLOYMENT("web", "web:1", "\"replicas\":2,")
#define JOB \
	"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"labels\":{" \
	"\"plumb.dev/name\":\"shop\",\"plumb.dev/namespace\":\"shop\"}},\"spec\":{\"ttlSecondsAfterFinished\":5}}"
#define HPA \
	"{\"apiVersion\":\"autoscaling/v2\",\"kind\":\"HorizontalPodAutoscaler\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"}," \
	"\"spec\":{\"scaleTargetRef\":{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\"}}}"

#define IMAGE "spec/template/spec/containers/web/image"
#define IMAGE_PATH "spec.template.spec.containers[name=web].image"
#define OWNS_IMAGE \
	"{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\"f:image\":{}}}}}}}"
#define OWNS_REPLICAS "{\"f:spec\":{\"f:replicas\":{}}}"
#define MINUTE ((int64_t)60 * 1000)

static struct drift *drift;
static struct prepared prepared;
static struct report report;
static struct inventory inventory;
static struct buf told;
static uint64_t version; /* the server's */
static int64_t now;
static struct drift_options options;

static void on_change(void *context, const struct drift_note *note)
{
	(void)context;
	(void)buf_printf(&told, "%s %s%s%s%s", note->id->name, drift_state_text(note->state), *note->reason ? ": " : "", note->reason,
	                 note->lost ? " (fight)" : "");
	(void)buf_printf(&told, note->manager ? " [%s]\n" : "\n", note->manager);
}

static void check_told(const char *wanted)
{
	ck_assert_str_eq(buf_text(&told), wanted);
	buf_reset(&told);
}

static void begin(void)
{
	drift = drift_new("shop", "shop");
	prepared = (struct prepared){ .report = &report };
	report = REPORT_INIT;
	inventory = INVENTORY_INIT;
	told = BUF_INIT(LIMIT_KIB(64));
	version = 100;
	now = 1000;
	options = (struct drift_options){ .delay = 1000, .changed = on_change };
	drift_configure(drift, &options);
}

static void finish(void)
{
	drift_free(drift);
	objects_release(&prepared.desired);
	inventory_release(&inventory);
	report_release(&report);
	buf_release(&told);
}

static cJSON *parse(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *doc = doc_parse(text, strlen(text), &err);
	ck_assert_msg(doc != NULL, "%s: %s", text, err.msg);
	return doc;
}

/* What Git has is this. */
static void desire(const char *const *texts)
{
	objects_release(&prepared.desired);
	prepared.desired = OBJECTS_INIT;
	for (; *texts; texts++) {
		struct object *object = object_new(parse(*texts), NULL, 0, NULL);
		ck_assert_ptr_nonnull(object);
		objects_take(&prepared.desired, object);
	}
	drift_desire(drift, &prepared);
}

static const struct object *desired(const char *kind)
{
	for (size_t i = 0; i < prepared.desired.count; i++) {
		if (strcmp(prepared.desired.items[i]->id.kind, kind) == 0) {
			return prepared.desired.items[i];
		}
	}
	ck_abort_msg("no %s is desired", kind);
}

/* The set that an apply of the value makes, where lists of mappings are keyed by name. */
static cJSON *set_for(const cJSON *value)
{
	cJSON *set = cJSON_CreateObject();
	const cJSON *child = NULL;
	cJSON_ArrayForEach (child, value) {
		const char *name = cJSON_IsArray(value) ? doc_text(child, "name") : NULL;
		CLEANUP(text_freep)
		char *key = name ? text_printf("k:{\"name\":\"%s\"}", name) : text_printf("f:%s", child->string ? child->string : "");
		cJSON_AddItemToObject(set, key, set_for(child));
	}
	return set;
}

static void take_out(cJSON *set, const char *path)
{
	size_t len = strcspn(path, "/");
	CLEANUP(text_freep) char *field = text_printf("f:%.*s", (int)len, path);
	CLEANUP(text_freep) char *element = text_printf("k:{\"name\":\"%.*s\"}", (int)len, path);
	const char *key = doc_get(set, field) ? field : element;
	if (path[len]) {
		take_out(doc_get(set, key), path + len + 1);
	} else {
		doc_remove(set, key);
	}
}

static void add_entry(cJSON *metadata, const char *manager, const char *operation, const char *subresource, cJSON *set)
{
	cJSON *entries = doc_get(metadata, "managedFields");
	if (!entries) {
		entries = cJSON_CreateArray();
		doc_set(metadata, "managedFields", entries);
	}
	cJSON *entry = cJSON_CreateObject();
	doc_set_text(entry, "manager", manager);
	doc_set_text(entry, "operation", operation);
	doc_set_text(entry, "time", "2026-01-01T00:00:00Z");
	if (subresource) {
		doc_set_text(entry, "subresource", subresource);
	}
	doc_set(entry, "fieldsV1", set);
	cJSON_AddItemToArray(entries, entry);
}

/* What the server has after our apply, but for the fields of `minus`, a path that somebody else took. */
static cJSON *metadata_of(const struct object *object, const char *minus)
{
	cJSON *metadata = cJSON_Duplicate(doc_get(object->json, "metadata"), true);
	char digest[16];
	plan_digest(object, digest);
	doc_set_text(doc_make(metadata, "annotations"), NOTE_DIGEST, digest);
	doc_set_text(metadata, "uid", "u-web");
	doc_set(metadata, "generation", cJSON_CreateNumber(1));
	CLEANUP(text_freep) char *text = text_printf("%llu", (unsigned long long)++version);
	doc_set_text(metadata, "resourceVersion", text);
	CLEANUP(doc_freep) cJSON *manifest = cJSON_Duplicate(object->json, true);
	doc_remove(manifest, "apiVersion");
	doc_remove(manifest, "kind");
	doc_remove(doc_make(manifest, "metadata"), "name");
	doc_remove(doc_make(manifest, "metadata"), "namespace");
	doc_set_text(doc_make(manifest, "metadata/annotations"), NOTE_DIGEST, "");
	cJSON *set = set_for(manifest);
	if (minus) {
		take_out(set, minus);
	}
	add_entry(metadata, MANAGER_PLUMB, "Apply", NULL, set);
	return metadata;
}

/* Our apply was answered. */
static void apply(const char *kind)
{
	struct action action = { .desired = desired(kind) };
	plan_digest(action.desired, action.digest);
	CLEANUP(doc_freep) cJSON *metadata = metadata_of(action.desired, NULL);
	drift_applied(drift, &action, metadata);
}

static void synced(const char *const *texts)
{
	desire(texts);
	for (size_t i = 0; i < prepared.desired.count; i++) {
		apply(prepared.desired.items[i]->id.kind);
	}
	buf_reset(&told);
}

/* An event brings this metadata, which is taken over. */
static void see_as(const char *kind, cJSON *metadata)
{
	const struct object *object = desired(kind);
	struct live *live = live_new(object->id.group, kind, metadata);
	ck_assert_ptr_nonnull(live);
	struct drift_sight sight = { .id = &live->id, .live = live, .version = strtoull(live->resource_version, NULL, 10) };
	ck_assert(drift_see(drift, &sight, now));
	live_free(live);
}

static void see_gone(const char *kind)
{
	struct drift_sight sight = { .id = &desired(kind)->id, .version = ++version };
	ck_assert(drift_see(drift, &sight, now));
}

static void see_in_sync(void)
{
	see_as("Deployment", metadata_of(desired("Deployment"), NULL));
}

/* Somebody took the field. */
static void see_taken(const char *path, const char *manager, const char *set)
{
	cJSON *metadata = metadata_of(desired("Deployment"), path);
	doc_set(metadata, "generation", cJSON_CreateNumber(2));
	if (manager) {
		add_entry(metadata, manager, "Update", NULL, parse(set));
	}
	see_as("Deployment", metadata);
}

static void see_image_taken(const char *manager)
{
	see_taken(IMAGE, manager, OWNS_IMAGE);
}

/* Takes what is due, heals it, and says how that went. */
static size_t heal(enum verdict verdict)
{
	struct objects objects = drift_take(drift, now);
	size_t count = objects.count;
	struct report outcome = REPORT_INIT;
	drift_begin(drift);
	for (size_t i = 0; i < count; i++) {
		if (verdict <= VERDICT_UNCHANGED) {
			apply(objects.items[i]->id.kind);
		}
		report_verdict(&outcome, &objects.items[i]->id, verdict, text_dup(""), FAILURE_NONE);
	}
	drift_healed(drift, &outcome, now);
	drift_end(drift);
	report_release(&outcome);
	objects_release(&objects);
	return count;
}

static const char *const web[] = { WEB, NULL };

/* --- what events mean --------------------------------------------------------------------------------------------- */

START_TEST(a_field_that_somebody_took_is_drift_and_names_them)
{
	synced(web);
	see_image_taken("kubectl-set");
	check_told("web drifted: " IMAGE_PATH " is kubectl-set's [kubectl-set]\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_int_eq(drift_due(drift), now + 1000);
}
END_TEST

START_TEST(replicas_scaled_by_a_person_are_drift)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kubectl", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("web drifted: spec.replicas is kubectl's (scale) [kubectl]\n");
}
END_TEST

START_TEST(a_field_that_was_removed_is_drift_of_who_wrote_last)
{
	synced(web);
	see_taken("spec/replicas", "kubectl-edit", "{\"f:spec\":{\"f:paused\":{}}}");
	check_told("web drifted: spec.replicas was removed [kubectl-edit]\n");
}
END_TEST

START_TEST(a_label_that_was_taken_away_or_a_deletion_is_told_by_the_object_being_gone)
{
	synced(web);
	see_gone("Deployment");
	check_told("web drifted: deleted\n");
	ck_assert_uint_eq(heal(VERDICT_HEALED), 0);
	now += 1000;
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	check_told("web in sync\n");
}
END_TEST

START_TEST(a_deleted_object_is_made_anew_with_what_is_left_to_others_afterwards)
{
	desire(web);
	struct object *object = prepared.desired.items[0];
	object->initial = cJSON_Duplicate(object->json, 1);
	doc_remove(doc_get(object->json, "spec"), "replicas");
	drift_desire(drift, &prepared);
	apply("Deployment");
	doc_set(doc_get(object->initial, "spec"), "replicas", cJSON_CreateNumber(9));
	drift_desire(drift, &prepared);
	see_gone("Deployment");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	ck_assert_ptr_null(doc_at(objects.items[0]->json, "spec/replicas"));
	ck_assert_int_eq(doc_int(objects.items[0]->initial, "spec/replicas", 0), 9);
	objects_release(&objects);
}
END_TEST

START_TEST(what_others_add_and_what_controllers_report_is_no_drift)
{
	synced(web);
	see_in_sync();
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	add_entry(metadata, "helm", "Update", NULL, parse("{\"f:metadata\":{\"f:labels\":{\"f:extra\":{}}}}"));
	add_entry(metadata, "kube-controller-manager", "Update", "status", parse("{\"f:status\":{}}"));
	see_as("Deployment", metadata);
	check_told("");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(a_generation_that_moved_is_a_maybe_and_an_apply_settles_it)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set(metadata, "generation", cJSON_CreateNumber(2));
	add_entry(metadata, "kubectl-rollout", "Update", NULL, parse("{\"f:spec\":{\"f:template\":{\"f:metadata\":{\".\":{}}}}}"));
	see_as("Deployment", metadata);
	check_told("web uncertain: generation 2, after the last apply it was 1\n");
	now += 1000;
	ck_assert_uint_eq(heal(VERDICT_UNCHANGED), 1);
	check_told("web in sync\n");
	/* The record of the sync does not have it, and still it is known. */
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Deployment")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->generation = 7;
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_in_sync();
	check_told("");
}
END_TEST

START_TEST(replicas_that_an_autoscaler_writes_are_left_alone_whenever_it_appears)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kube-controller-manager", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("");
	static const char *const with_hpa[] = { WEB, HPA, NULL };
	synced(with_hpa);
	cJSON *scaled = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(scaled, "somebody", "Update", NULL, parse(OWNS_REPLICAS));
	see_as("Deployment", scaled);
	check_told("");
}
END_TEST

START_TEST(a_job_that_was_applied_is_not_made_again)
{
	static const char *const job[] = { JOB, NULL };
	synced(job);
	struct inventory_row *row = alloc_new(1, sizeof *row);
	char digest[16];
	plan_digest(desired("Job"), digest);
	row->id = ident_dup(&desired("Job")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->once = text_dup(digest);
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_gone("Job");
	check_told("");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(an_object_that_is_switched_off_is_counted_and_not_healed)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), IMAGE);
	doc_set_text(doc_make(metadata, "annotations"), NOTE_RECONCILE, "disabled");
	see_as("Deployment", metadata);
	check_told("web disabled: reconcile disabled\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_DISABLED), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(drift_count(drift, DRIFT_DISABLED), 0);
}
END_TEST

START_TEST(what_is_being_deleted_is_healed_once_it_is_gone)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set_text(metadata, "deletionTimestamp", "2026-01-01T00:00:00Z");
	see_as("Deployment", metadata);
	check_told("web deleting: its deletion\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_gone("Deployment");
	check_told("web drifted: deleted\n");
}
END_TEST

START_TEST(an_object_with_the_label_of_another_sync_is_not_touched)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "metadata/labels/plumb.dev");
	doc_set_text(doc_make(metadata, "labels"), LABEL_NAME, "other");
	see_as("Deployment", metadata);
	check_told("web blocked: owned by shop/other\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

/* --- our own hands ------------------------------------------------------------------------------------------------ */

START_TEST(events_older_than_our_last_answer_say_nothing)
{
	synced(web);
	cJSON *old = metadata_of(desired("Deployment"), IMAGE);
	add_entry(old, "kubectl-set", "Update", NULL, parse(OWNS_IMAGE));
	apply("Deployment");
	see_as("Deployment", old);
	check_told("");
}
END_TEST

START_TEST(an_answer_undoes_what_an_older_event_told)
{
	synced(web);
	see_image_taken("kubectl-set");
	apply("Deployment");
	check_told("web drifted: " IMAGE_PATH " is kubectl-set's [kubectl-set]\nweb in sync\n");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(an_object_that_was_never_applied_is_not_healed_and_one_that_changed_meanwhile_is_looked_at)
{
	desire(web);
	cJSON *later = metadata_of(desired("Deployment"), IMAGE);
	doc_set_text(later, "resourceVersion", "999");
	see_as("Deployment", later);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	apply("Deployment");
	check_told("web uncertain: changed while it was being applied\n");
}
END_TEST

START_TEST(nothing_is_due_while_a_cycle_runs_but_for_the_cycle_itself)
{
	synced(web);
	drift_begin(drift);
	see_image_taken("kubectl-set");
	now += 5000;
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 0);
	struct objects within = drift_take_within(drift, now);
	ck_assert_uint_eq(within.count, 1);
	ck_assert_str_eq(within.items[0]->id.name, "web");
	objects_release(&within);
	drift_end(drift);
}
END_TEST

START_TEST(a_new_manifest_is_not_healed_before_it_was_applied)
{
	synced(web);
	see_image_taken("kubectl-set");
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	desire(next);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	apply("Deployment");
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(what_git_dropped_is_forgotten)
{
	synced(web);
	see_image_taken("kubectl-set");
	static const char *const next[] = { DEPLOYMENT("api", "api:1", ""), NULL };
	struct ident id = ident_dup(&desired("Deployment")->id);
	desire(next);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	ck_assert_uint_eq(drift_objects(drift), 1);
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 0);
	ck_assert(!drift_see(drift, &(struct drift_sight){ .id = &id, .version = 999 }, now));
	ident_release(&id);
}
END_TEST

START_TEST(what_is_taken_is_the_manifest_as_it_was_desired)
{
	synced(web);
	see_image_taken("kubectl-set");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	ck_assert(doc_equal(objects.items[0]->json, desired("Deployment")->json));
	ck_assert_str_eq(objects.items[0]->version, "v1");
	objects_release(&objects);
}
END_TEST

START_TEST(a_list_that_lacks_an_object_tells_that_it_is_gone_unless_it_is_older_than_our_answer)
{
	synced(web);
	uint64_t old = version - 1;
	drift_listing(drift, "apps", "Deployment", NULL);
	drift_listed(drift, "apps", "Deployment", NULL, old, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", NULL);
	see_in_sync();
	drift_listed(drift, "apps", "Deployment", NULL, ++version, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", "elsewhere");
	drift_listed(drift, "apps", "Deployment", "elsewhere", ++version, now);
	check_told("");
	drift_listing(drift, "apps", "Deployment", "shop");
	drift_listed(drift, "apps", "Deployment", "shop", ++version, now);
	check_told("web drifted: deleted\n");
}
END_TEST

START_TEST(a_plan_that_found_the_object_in_sync_is_as_good_as_an_apply)
{
	desire(web);
	struct lives lives = LIVES_INIT;
	lives_take(&lives, live_new("apps", "Deployment", metadata_of(desired("Deployment"), NULL)));
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Deployment")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	row->generation = 1;
	inventory_take(&inventory, row);
	struct plan *plan = plan_new(&prepared.desired, &lives, &inventory, &(struct plan_options){ .name = "shop", .ns = "shop" });
	drift_settle(drift, plan, &inventory);
	plan_free(plan);
	lives_release(&lives);
	see_in_sync();
	check_told("");
	see_image_taken("kubectl-set");
	ck_assert_int_ne(drift_due(drift), INT64_MAX);
}
END_TEST

/* --- what needs not be read --------------------------------------------------------------------------------------- */

/* By a row of the inventory that names the object that was applied, in that generation. */
static bool knows(const char *kind, int64_t generation)
{
	const struct inventory_row row = { .uid = (char[]){ "u-web" }, .generation = generation };
	return drift_knows(drift, desired(kind), &row);
}

START_TEST(an_object_is_known_as_long_as_nothing_else_was_seen)
{
	desire(web);
	ck_assert(!knows("Deployment", 1));
	apply("Deployment");
	ck_assert(knows("Deployment", 1));
	see_in_sync();
	ck_assert(knows("Deployment", 1));
	see_image_taken("kubectl-set");
	ck_assert(!knows("Deployment", 1));
	see_in_sync();
	ck_assert(knows("Deployment", 1));
	see_gone("Deployment");
	ck_assert(!knows("Deployment", 1));
	apply("Deployment");
	ck_assert(knows("Deployment", 1));
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	desire(next);
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_is_not_known_where_the_inventory_has_another_one)
{
	synced(web);
	ck_assert(knows("Deployment", 1) && knows("Deployment", 0));
	ck_assert(!knows("Deployment", 2));
	struct inventory_row row = { .uid = (char[]){ "another" }, .generation = 1 };
	ck_assert(!drift_knows(drift, desired("Deployment"), &row));
	ck_assert(!drift_knows(drift, desired("Deployment"), NULL));
	row.uid = (char[]){ "u-web" };
	row.kept = true;
	ck_assert(!drift_knows(drift, desired("Deployment"), &row));
}
END_TEST

START_TEST(an_object_is_not_known_while_a_part_of_it_is_left_to_others)
{
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), "spec/replicas");
	add_entry(metadata, "kube-controller-manager", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("");
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_that_is_skipped_is_not_known)
{
	static const char *const job[] = { JOB, NULL };
	synced(job);
	ck_assert(knows("Job", 1));
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_dup(&desired("Job")->id);
	row->version = text_dup("v1");
	row->uid = text_dup("u-web");
	char digest[16];
	plan_digest(desired("Job"), digest);
	row->once = text_dup(digest);
	inventory_take(&inventory, row);
	drift_inventory(drift, &inventory);
	see_gone("Job");
	check_told("");
	ck_assert(!knows("Job", 1));
	synced(web);
	cJSON *metadata = metadata_of(desired("Deployment"), NULL);
	doc_set_text(doc_make(metadata, "annotations"), "plumb.dev/reconcile", "disabled");
	see_as("Deployment", metadata);
	ck_assert(!knows("Deployment", 1));
}
END_TEST

START_TEST(an_object_is_healthy_until_anything_of_it_is_told)
{
	synced(web);
	const struct ident *id = &desired("Deployment")->id;
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	ck_assert(drift_is_healthy(drift, id));
	/* The event of that very version, and one before it. */
	version--;
	see_in_sync();
	ck_assert(drift_is_healthy(drift, id));
	see_in_sync();
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	apply("Deployment");
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, version);
	see_gone("Deployment");
	ck_assert(!drift_is_healthy(drift, id));
	drift_healthy(drift, id, 0);
	ck_assert(!drift_is_healthy(drift, id));
	struct ident other = ident_make("", "ConfigMap", "shop", "other");
	drift_healthy(drift, &other, version);
	ck_assert(!drift_is_healthy(drift, &other));
	ident_release(&other);
}
END_TEST

/* --- when --------------------------------------------------------------------------------------------------------- */

START_TEST(detect_and_suspension_only_tell)
{
	synced(web);
	options.detect = _i == 0;
	options.suspended = _i == 1;
	drift_configure(drift, &options);
	see_image_taken("kubectl-set");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
	options.detect = false;
	options.suspended = false;
	drift_configure(drift, &options);
	ck_assert_int_eq(drift_due(drift), now + 1000);
}
END_TEST

START_TEST(a_heal_that_is_undone_by_the_same_manager_comes_later_each_time)
{
	synced(web);
	int64_t waits[6];
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		see_image_taken("kubectl-set");
		waits[i] = drift_due(drift) - now;
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 100;
	}
	static const int64_t wanted[] = { 1000, 2000, 3000, 5000, 9000, 17000 };
	ck_assert_mem_eq(waits, wanted, sizeof wanted);
	ck_assert(strstr(buf_text(&told), "(fight) [kubectl-set]"));
}
END_TEST

START_TEST(a_heal_that_lasted_is_not_undone)
{
	synced(web);
	for (int i = 0; i < 4; i++) {
		see_image_taken("kubectl-set");
		ck_assert_int_eq(drift_due(drift) - now, 1000);
		now += 1000;
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 11 * MINUTE;
	}
	ck_assert(!strstr(buf_text(&told), "fight"));
}
END_TEST

/* Drift and heal, twice undone. */
static void lose_twice(const char *manager)
{
	for (int i = 0; i < 2; i++) {
		see_image_taken(manager);
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
		now += 100;
	}
	buf_reset(&told);
	see_image_taken(manager);
}

START_TEST(plumb_yields_to_a_controller_that_took_a_field_twice)
{
	synced(web);
	lose_twice("image-bot");
	check_told("web drifted: " IMAGE_PATH " is image-bot's (fight) [image-bot]\n"
	           "web contested: contested: image-bot: " IMAGE_PATH " (fight) [image-bot]\n");
	ck_assert_uint_eq(drift_count(drift, DRIFT_CONTESTED), 1);
	ck_assert_int_gt(drift_due(drift), now + 50 * MINUTE);
	const char *const *yielded = drift_yielded(drift, &desired("Deployment")->id);
	ck_assert_str_eq(yielded[0], IMAGE_PATH);
	ck_assert_ptr_null(yielded[1]);
	/* Its further writes are not answered. */
	see_image_taken("image-bot");
	check_told("");
	/* After a while it is tried once more. */
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(plumb_does_not_yield_to_a_person)
{
	synced(web);
	lose_twice("kubectl-set");
	ck_assert_uint_eq(drift_count(drift, DRIFT_FOUND), 1);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(beside_a_field_that_was_yielded_others_are_healed)
{
	synced(web);
	lose_twice("image-bot");
	buf_reset(&told);
	cJSON *metadata = metadata_of(desired("Deployment"), IMAGE);
	take_out(doc_get(cJSON_GetArrayItem(doc_get(metadata, "managedFields"), 0), "fieldsV1"), "spec/replicas");
	add_entry(metadata, "image-bot", "Update", NULL, parse(OWNS_IMAGE));
	add_entry(metadata, "kubectl", "Update", "scale", parse(OWNS_REPLICAS));
	see_as("Deployment", metadata);
	check_told("web drifted: spec.replicas is kubectl's (scale) [kubectl]\n");
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_ptr_nonnull(drift_yielded(drift, &desired("Deployment")->id));
}
END_TEST

START_TEST(a_new_manifest_ends_the_contest)
{
	synced(web);
	lose_twice("image-bot");
	static const char *const next[] = { DEPLOYMENT("web", "web:2", ""), NULL };
	synced(next);
	ck_assert_ptr_null(drift_yielded(drift, &desired("Deployment")->id));
	ck_assert_uint_eq(drift_count(drift, DRIFT_CONTESTED), 0);
}
END_TEST

START_TEST(a_deletion_that_comes_again_is_slowed_down_too)
{
	synced(web);
	see_gone("Deployment");
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	see_gone("Deployment");
	ck_assert_int_eq(drift_due(drift), now + 2000);
}
END_TEST

START_TEST(an_object_has_a_budget_of_heals_that_refills_with_time)
{
	static const char *const managers[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k" };
	synced(web);
	options.delay = 0;
	drift_configure(drift, &options);
	for (size_t i = 0; i < ARRAY_LEN(managers); i++) {
		see_image_taken(managers[i]);
		int64_t wait = drift_due(drift) - now;
		ck_assert_msg(i < 10 ? wait <= 0 : wait == MINUTE / 2, "heal %zu after %lld", i, (long long)wait);
		now = wait > 0 ? now + wait : now;
		ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	}
	now += 10 * MINUTE;
	see_image_taken("l");
	ck_assert_int_le(drift_due(drift), now);
}
END_TEST

START_TEST(a_heal_that_failed_is_tried_again_later_each_time)
{
	synced(web);
	see_image_taken("kubectl-set");
	int64_t wanted[] = { 1000, 1000, 2000, 4000, 8000 };
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		ck_assert_int_eq(drift_due(drift) - now, wanted[i]);
		now = drift_due(drift);
		ck_assert_uint_eq(heal(VERDICT_FAILED), 1);
	}
	now = drift_due(drift);
	ck_assert_uint_eq(heal(VERDICT_HEALED), 1);
	ck_assert_int_eq(drift_due(drift), INT64_MAX);
}
END_TEST

START_TEST(what_is_undone_while_the_heal_is_under_way_is_found_again)
{
	synced(web);
	see_image_taken("kubectl-set");
	now += 1000;
	struct objects objects = drift_take(drift, now);
	ck_assert_uint_eq(objects.count, 1);
	struct report outcome = REPORT_INIT;
	apply("Deployment");
	now += 10;
	see_image_taken("kubectl-set");
	report_verdict(&outcome, &objects.items[0]->id, VERDICT_HEALED, text_dup(""), FAILURE_NONE);
	drift_healed(drift, &outcome, now);
	ck_assert_int_eq(drift_due(drift), now + 2000);
	report_release(&outcome);
	objects_release(&objects);
}
END_TEST

/* --- the index ---------------------------------------------------------------------------------------------------- */

START_TEST(a_thousand_deployments_take_a_few_mebibytes)
{
	for (int i = 0; i < 1000; i++) {
		CLEANUP(text_freep)
		char *text = text_printf(DEPLOYMENT("web-%d", "registry.example.com/team/web:%d.0.1",
		                                    "\"replicas\":3,\"selector\":{\"matchLabels\":{\"app\":\"web-%d\"}},"
		                                    "\"strategy\":{\"type\":\"RollingUpdate\"},\"minReadySeconds\":5,"),
		                         i, i, i);
		struct object *object = object_new(parse(text), NULL, 0, NULL);
		ck_assert_ptr_nonnull(object);
		objects_take(&prepared.desired, object);
	}
	drift_desire(drift, &prepared);
	for (size_t i = 0; i < prepared.desired.count; i++) {
		struct action action = { .desired = prepared.desired.items[i] };
		plan_digest(action.desired, action.digest);
		CLEANUP(doc_freep) cJSON *metadata = metadata_of(action.desired, NULL);
		drift_applied(drift, &action, metadata);
	}
	ck_assert_uint_eq(drift_objects(drift), 1000);
	ck_assert_uint_lt(drift_bytes(drift), LIMIT_MIB(3));
	ck_assert_uint_gt(drift_bytes(drift), LIMIT_KIB(100));
}
END_TEST

static void add_place(void *context, const char *group, const char *kind, const char *its_version, const char *ns)
{
	(void)buf_printf(context, "%s/%s %s %s\n", group, its_version, kind, ns);
}

START_TEST(the_places_to_watch_are_each_told_once)
{
	static const char *const texts[] = { WEB, DEPLOYMENT("api", "api:1", ""), JOB, NULL };
	desire(texts);
	CLEANUP(buf_release) struct buf places = BUF_INIT(1000);
	drift_places(drift, add_place, &places);
	ck_assert_str_eq(buf_text(&places), "apps/v1 Deployment shop\nbatch/v1 Job shop\n");
}
END_TEST

static void add_note(void *context, const struct drift_note *note)
{
	(void)buf_printf(context, "%s %s\n", note->id->name, drift_state_text(note->state));
}

START_TEST(what_is_not_in_sync_can_be_listed)
{
	synced(web);
	CLEANUP(buf_release) struct buf notes = BUF_INIT(1000);
	drift_each(drift, add_note, &notes);
	ck_assert_str_eq(buf_text(&notes), "");
	see_image_taken("kubectl-set");
	drift_each(drift, add_note, &notes);
	ck_assert_str_eq(buf_text(&notes), "web drifted\n");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, begin, finish);
	suite_add_tcase(suite, tests);
	return tests;
}

static void add_events(Suite *suite)
{
	TCase *tests = add_case(suite, "events");
	tcase_add_test(tests, a_field_that_somebody_took_is_drift_and_names_them);
	tcase_add_test(tests, replicas_scaled_by_a_person_are_drift);
	tcase_add_test(tests, a_field_that_was_removed_is_drift_of_who_wrote_last);
	tcase_add_test(tests, a_label_that_was_taken_away_or_a_deletion_is_told_by_the_object_being_gone);
	tcase_add_test(tests, a_deleted_object_is_made_anew_with_what_is_left_to_others_afterwards);
	tcase_add_test(tests, what_others_add_and_what_controllers_report_is_no_drift);
	tcase_add_test(tests, a_generation_that_moved_is_a_maybe_and_an_apply_settles_it);
	tcase_add_test(tests, replicas_that_an_autoscaler_writes_are_left_alone_whenever_it_appears);
	tcase_add_test(tests, a_job_that_was_applied_is_not_made_again);
	tcase_add_test(tests, an_object_that_is_switched_off_is_counted_and_not_healed);
	tcase_add_test(tests, what_is_being_deleted_is_healed_once_it_is_gone);
	tcase_add_test(tests, an_object_with_the_label_of_another_sync_is_not_touched);
	tests = add_case(suite, "our own hands");
	tcase_add_test(tests, events_older_than_our_last_answer_say_nothing);
	tcase_add_test(tests, an_answer_undoes_what_an_older_event_told);
	tcase_add_test(tests, an_object_that_was_never_applied_is_not_healed_and_one_that_changed_meanwhile_is_looked_at);
	tcase_add_test(tests, nothing_is_due_while_a_cycle_runs_but_for_the_cycle_itself);
	tcase_add_test(tests, a_new_manifest_is_not_healed_before_it_was_applied);
	tcase_add_test(tests, what_git_dropped_is_forgotten);
	tcase_add_test(tests, what_is_taken_is_the_manifest_as_it_was_desired);
	tcase_add_test(tests, a_list_that_lacks_an_object_tells_that_it_is_gone_unless_it_is_older_than_our_answer);
	tcase_add_test(tests, a_plan_that_found_the_object_in_sync_is_as_good_as_an_apply);
	tests = add_case(suite, "known");
	tcase_add_test(tests, an_object_is_known_as_long_as_nothing_else_was_seen);
	tcase_add_test(tests, an_object_is_not_known_where_the_inventory_has_another_one);
	tcase_add_test(tests, an_object_is_not_known_while_a_part_of_it_is_left_to_others);
	tcase_add_test(tests, an_object_that_is_skipped_is_not_known);
	tcase_add_test(tests, an_object_is_healthy_until_anything_of_it_is_told);
}

int main(void)
{
	Suite *suite = suite_create("drift");
	add_events(suite);
	TCase *tests = add_case(suite, "when");
	tcase_add_loop_test(tests, detect_and_suspension_only_tell, 0, 2);
	tcase_add_test(tests, a_heal_that_is_undone_by_the_same_manager_comes_later_each_time);
	tcase_add_test(tests, a_heal_that_lasted_is_not_undone);
	tcase_add_test(tests, plumb_yields_to_a_controller_that_took_a_field_twice);
	tcase_add_test(tests, plumb_does_not_yield_to_a_person);
	tcase_add_test(tests, beside_a_field_that_was_yielded_others_are_healed);
	tcase_add_test(tests, a_new_manifest_ends_the_contest);
	tcase_add_test(tests, a_deletion_that_comes_again_is_slowed_down_too);
	tcase_add_test(tests, an_object_has_a_budget_of_heals_that_refills_with_time);
	tcase_add_test(tests, a_heal_that_failed_is_tried_again_later_each_time);
	tcase_add_test(tests, what_is_undone_while_the_heal_is_under_way_is_found_again);
	tests = add_case(suite, "index");
	tcase_add_test(tests, a_thousand_deployments_take_a_few_mebibytes);
	tcase_add_test(tests, the_places_to_watch_are_each_told_once);
	tcase_add_test(tests, what_is_not_in_sync_can_be_listed);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
