#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/ledger.h"
#include "sync/names.h"
#include "sync/record.h"
#include "tests/unit/fake_kube.c"

#define RECORDS "/apis/apps/v1/namespaces/shop/controllerrevisions"
#define SETS "/apis/apps/v1/namespaces/shop/replicasets"
#define ANCHOR "/api/v1/namespaces/shop/configmaps/plumb-web"
#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct fake_kube *fake;

static void set_up(void)
{
	fake = fake_kube_new();
}

static void tear_down(void)
{
	fake_kube_free(fake);
}

static struct ledger *try_open(unsigned limit, struct err *err)
{
	const struct ledger_options options = { .ns = "shop", .name = "web", .history_limit = limit };
	return ledger_open(&fake->kube, &options, err);
}

static struct ledger *open_limited(unsigned limit)
{
	struct err err = ERR_INIT;
	struct ledger *ledger = try_open(limit, &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	return ledger;
}

static struct ledger *open_it(void)
{
	return open_limited(0);
}

static struct ledger_sync sync_of(const char *commit)
{
	return (struct ledger_sync){
		.commit = text_dup(commit),
		.ref = text_dup("main"),
		.author = text_dup("Ana"),
		.subject = text_dup("Raise the\nmemory \xff\xc2\x9b limit"),
		.url = text_dup("https://git.example/shop.git"),
		.path = text_dup("prod"),
		.commit_time = 1700000000,
		.result = LEDGER_HEALTHY,
		.message = text_dup("2 changed"),
		.server = text_dup("5e7"),
	};
}

static struct inventory_row *row_of(const char *kind, const char *name, const char *uid)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make("apps", kind, "shop", name);
	row->version = text_dup("v1");
	row->uid = text_dup(uid);
	return row;
}

static void fill(struct inventory *inventory, size_t count, const char *uid)
{
	char name[32];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "web-%zu", i);
		inventory_take(inventory, row_of("Deployment", name, uid));
	}
}

static bool equal(const struct inventory *a, const struct inventory *b)
{
	bool good = a->count == b->count;
	for (size_t i = 0; good && i < a->count; i++) {
		const struct inventory_row *row = inventory_find(b, &a->rows[i]->id);
		good = row && inventory_row_equal(a->rows[i], row);
	}
	return good;
}

static void add_revision(struct ledger_sync *sync, const char *name, const char *uid, int64_t from, int64_t to, const char *hash)
{
	sync->revisions = alloc_grow(sync->revisions, sync->revision_count + 1, sizeof *sync->revisions);
	sync->revisions[sync->revision_count++] = (struct ledger_revision){
		.id = ident_make("apps", "Deployment", "shop", name),
		.uid = text_dup(uid),
		.from = from,
		.to = to,
		.hash = hash ? text_dup(hash) : NULL,
		.replicaset = hash ? text_printf("%s-%s", name, hash) : NULL,
	};
}

/* A whole sync; false with the error where it did not come to its end. */
static bool run_sync(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *all, const struct inventory *now,
                     struct err *err)
{
	return ledger_begin(ledger, sync, all, err) && ledger_finish(ledger, sync, now, err);
}

static void must_sync(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *now)
{
	struct err err = ERR_INIT;
	ck_assert_msg(run_sync(ledger, sync, now, now, &err), "%s", err.msg);
	ledger_sync_release(sync);
}

START_TEST(a_missing_ledger_is_an_empty_one)
{
	struct ledger *ledger = open_it();
	size_t count = 7;
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(ledger_last(ledger));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ck_assert_uint_eq(ledger_inventory(ledger)->count, 0);
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 1);
	ledger_free(ledger);
}
END_TEST

START_TEST(what_was_recorded_is_read_again_with_every_field)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 3, "u1");
	now.rows[1]->kept = true;
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	add_revision(&sync, "web-0", "u1", 1, 2, "6d4cf56db6");
	add_revision(&sync, "web-1", "u1", 0, 0, NULL);
	sync.revisions[0].healed_from = text_dup("kubectl-set");
	struct err err = ERR_INIT;
	ck_assert_msg(run_sync(ledger, &sync, &now, &now, &err), "%s", err.msg);
	ck_assert_int_eq(sync.number, 1);
	ck_assert(sync.revisions_pending);
	ledger_free(ledger);
	ledger = open_it();
	const struct ledger_sync *last = ledger_last(ledger);
	ck_assert_ptr_nonnull(last);
	ck_assert_int_eq(last->number, 1);
	ck_assert_str_eq(last->commit, COMMIT_A);
	ck_assert_str_eq(last->ref, "main");
	ck_assert_str_eq(last->author, "Ana");
	ck_assert_str_eq(last->subject, "Raise the memory ?  limit");
	ck_assert_str_eq(last->url, sync.url);
	ck_assert_str_eq(last->path, "prod");
	ck_assert_str_eq(last->message, "2 changed");
	ck_assert_str_eq(last->server, "5e7");
	ck_assert_int_eq(last->commit_time, 1700000000);
	ck_assert_int_eq(last->started, sync.started);
	ck_assert_int_eq(last->finished, sync.finished);
	ck_assert_int_eq(last->result, LEDGER_HEALTHY);
	ck_assert(last->revisions_pending);
	ck_assert_uint_eq(last->revision_count, 2);
	ck_assert_int_eq(last->revisions[0].from, 1);
	ck_assert_int_eq(last->revisions[0].to, 2);
	ck_assert_str_eq(last->revisions[0].uid, "u1");
	ck_assert_str_eq(last->revisions[0].hash, "6d4cf56db6");
	ck_assert_str_eq(last->revisions[0].replicaset, "web-0-6d4cf56db6");
	ck_assert_str_eq(last->revisions[0].healed_from, "kubectl-set");
	ck_assert_ptr_null(last->revisions[1].hash);
	ck_assert_ptr_null(last->revisions[1].healed_from);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	ledger_sync_release(&sync);
	inventory_release(&now);
}
END_TEST

START_TEST(records_have_a_controller_and_only_labels_of_ours)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 100, "u1");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 3);
	const char *uid = doc_text(fake_kube_get(fake, ANCHOR), "metadata/uid");
	for (size_t i = 0; i < fake->objects.count; i++) {
		const cJSON *object = fake->objects.entries[i].value;
		const cJSON *label = NULL;
		cJSON_ArrayForEach (label, doc_at(object, "metadata/labels")) {
			ck_assert(strncmp(label->string, "plumb.dev/", 10) == 0);
			ck_assert_str_ne(label->string, LABEL_NAME);
		}
		ck_assert_ptr_null(doc_at(object, "metadata/annotations"));
		const cJSON *owner = cJSON_GetArrayItem(doc_at(object, "metadata/ownerReferences"), 0);
		ck_assert(strstr(fake->objects.entries[i].key, RECORDS) == NULL || doc_true(owner, "controller"));
		ck_assert(!owner || strcmp(doc_text(owner, "uid"), uid) == 0);
	}
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(one_change_in_a_thousand_costs_one_intent_and_one_outcome)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 1000, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	fake_kube_forget(fake);
	ledger = open_it();
	ck_assert_uint_eq(fake_kube_requests(fake, "GET"), 2);
	now.rows[500]->generation = 7;
	sync = sync_of(COMMIT_B);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(fake_kube_requests(fake, "POST " RECORDS), 2);
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 4);
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 1);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

/* The requests that reading takes, and that it gives what `now` is. */
static size_t reads_with(struct ledger_cache *cache, const struct inventory *now)
{
	struct err err = ERR_INIT;
	fake_kube_forget(fake);
	struct ledger *ledger = ledger_open(&fake->kube, &(struct ledger_options){ .ns = "shop", .name = "web", .cache = cache },
	                                    &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	size_t requests = fake_kube_requests(fake, "");
	ck_assert(equal(ledger_inventory(ledger), now));
	ledger_free(ledger);
	return requests;
}

START_TEST(a_base_that_is_in_memory_is_only_asked_for)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_cache cache = { 0 };
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 1000, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	ck_assert_ptr_nonnull(cache.name);
	/* What another process wrote is read. */
	CLEANUP(text_freep) char *base = text_printf(RECORDS "/%s", cache.name);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	ledger = open_it();
	now.rows[500]->generation = 7;
	sync = sync_of(COMMIT_B);
	must_sync(ledger, &sync, &now);
	ck_assert_uint_eq(reads_with(&cache, &now), 2);
	for (size_t i = 0; i <= LIMIT_DELTA_ROWS; i++) {
		now.rows[i]->generation = 9;
	}
	sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_str_eq(strrchr(base, '/') + 1, cache.name);
	ck_assert_uint_eq(reads_with(&cache, &now), 3);
	ck_assert_str_ne(strrchr(base, '/') + 1, cache.name);
	/* Nobody else could read the ledger without it. */
	CLEANUP(text_freep) char *second = text_printf(RECORDS "/%s", cache.name);
	fake_kube_remove(fake, second);
	const struct ledger_options options = { .ns = "shop", .name = "web", .cache = &cache };
	ck_assert_ptr_null(ledger_open(&fake->kube, &options, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, strrchr(second, '/') + 1));
	ck_assert_ptr_null(cache.name);
	ledger_cache_release(&cache);
	inventory_release(&now);
}
END_TEST

START_TEST(changes_add_up_to_a_new_base_only_past_the_limit)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	fill(&now, 300, "u1");
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	for (size_t i = 0; i <= LIMIT_DELTA_ROWS; i++) {
		ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 1);
		struct ident id = ident_dup(&now.rows[0]->id);
		inventory_remove(&now, &id);
		ident_release(&id);
		sync = sync_of(i % 2 ? COMMIT_A : COMMIT_B);
		must_sync(ledger, &sync, &now);
		ledger_free(ledger);
		ledger = open_it();
		ck_assert(equal(ledger_inventory(ledger), &now));
	}
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 2);
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(a_large_inventory_is_split_and_joined)
{
	struct inventory now = INVENTORY_INIT;
	fill(&now, 12000, "u1");
	for (size_t i = 0; i < now.count; i++) {
		now.rows[i]->template_hash = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
		now.rows[i]->once = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
		now.rows[i]->template_commit = text_printf("%08lx%08lx%08lx%08lx", random(), random(), random(), random());
	}
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ck_assert_uint_eq(fake_kube_count(fake, "-inv-"), 2);
	ledger = open_it();
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}
END_TEST

START_TEST(very_many_revisions_fit_into_one_outcome)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	for (int i = 0; i < 10000; i++) {
		CLEANUP(text_freep) char *name = text_printf("web-%d", i);
		CLEANUP(text_freep) char *uid = text_printf("%08lx-%08lx-%08lx-%08lx", random(), random(), random(), random());
		CLEANUP(text_freep) char *hash = text_printf("%010ld", random());
		add_revision(&sync, name, uid, 0, 1, hash);
	}
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_uint_eq(ledger_last(ledger)->revision_count, 10000);
	ck_assert_str_eq(ledger_last(ledger)->revisions[9999].id.name, "web-9999");
	cJSON *record = fake_kube_get(fake, RECORDS "/plumb-web-1-outcome");
	struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	ck_assert(doc_print(record, &text));
	ck_assert_uint_lt(text.len, LIMIT_MIB(1));
	buf_release(&text);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_killed_sync_is_taken_up_under_its_number)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 2, "");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(ledger_begin(ledger, &sync, &now, &err));
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_ptr_null(ledger_last(ledger));
	ck_assert_ptr_nonnull(ledger_unfinished(ledger));
	ck_assert(equal(ledger_inventory(ledger), &now));
	fake_kube_forget(fake);
	struct ledger_sync again = sync_of(COMMIT_A);
	again.heal = true;
	ck_assert(ledger_begin(ledger, &again, ledger_inventory(ledger), &err));
	ck_assert_uint_eq(fake_kube_requests(fake, ""), 0);
	ck_assert_int_eq(again.number, 1);
	ck_assert_int_eq(again.started, sync.started);
	ck_assert(!again.heal);
	ck_assert(ledger_finish(ledger, &again, ledger_inventory(ledger), &err));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ledger_free(ledger);
	ledger_sync_release(&sync);
	ledger_sync_release(&again);
	inventory_release(&now);
}
END_TEST

static void check_superseded(const char *commit, size_t objects)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 2, "");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(ledger_begin(ledger, &sync, &now, &err));
	ledger_sync_release(&sync);
	ledger_free(ledger);
	ledger = open_it();
	fill(&now, objects, "");
	sync = sync_of(commit);
	ck_assert_msg(run_sync(ledger, &sync, &now, &now, &err), "%s", err.msg);
	ck_assert_int_eq(sync.number, 2);
	ledger_sync_release(&sync);
	const char *result = doc_text(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"), "data/result");
	ck_assert_ptr_nonnull(result);
	ck_assert_str_eq(result, "interrupted");
	ledger_free(ledger);
	ledger = open_it();
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	ck_assert_int_eq(syncs[1].result, LEDGER_HEALTHY);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ledger_free(ledger);
	inventory_release(&now);
}

START_TEST(a_killed_sync_of_another_commit_is_closed_as_interrupted)
{
	check_superseded(COMMIT_B, 2);
}
END_TEST

START_TEST(a_killed_sync_whose_intent_lacks_an_object_is_not_taken_up)
{
	check_superseded(COMMIT_A, 3);
}
END_TEST

START_TEST(of_two_processes_only_one_gets_the_number)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger *first = open_it();
	struct ledger *second = open_it();
	struct ledger_sync a = sync_of(COMMIT_A);
	struct ledger_sync b = sync_of(COMMIT_A);
	ck_assert(ledger_begin(first, &a, &now, &err));
	ck_assert(!ledger_begin(second, &b, &now, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert(ledger_finish(first, &a, &now, &err));
	ledger_free(first);
	ledger_free(second);
	ledger_sync_release(&a);
	ledger_sync_release(&b);
}
END_TEST

START_TEST(a_config_map_of_somebody_else_is_not_made_the_anchor)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	(void)fake_kube_put(fake, ANCHOR, "{\"data\":{\"a\":\"b\"}}");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	ck_assert(!ledger_begin(ledger, &sync, &now, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "plumb-web"));
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 0);
	ledger_free(ledger);
	ledger_sync_release(&sync);
}
END_TEST

/* Two syncs and a trim, from an empty ledger: all that a run may write. The second one's base is new. */
static bool story(struct err *err)
{
	struct inventory first = INVENTORY_INIT;
	struct inventory both = INVENTORY_INIT;
	fill(&first, 70, "");
	fill(&both, 140, "u1");
	bool good = true;
	for (int i = 0; good && i < 3; i++) {
		struct ledger *ledger = try_open(2, err);
		struct ledger_sync sync = sync_of(i % 2 ? COMMIT_B : COMMIT_A);
		const struct inventory *now = i ? &both : &first;
		good = ledger && run_sync(ledger, &sync, now, now, err);
		ledger_sync_release(&sync);
		ledger_free(ledger);
	}
	inventory_release(&first);
	inventory_release(&both);
	return good;
}

/* After a last sync everything is finished, numbered once, and complete. */
static void check_sound(void)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 140, "u2");
	for (int i = 0; i < 2; i++) {
		struct ledger *ledger = open_limited(2);
		struct inventory all = INVENTORY_INIT;
		inventory_copy(ledger_inventory(ledger), &all);
		for (size_t j = 0; j < now.count; j++) {
			if (!inventory_find(&all, &now.rows[j]->id)) {
				inventory_take(&all, inventory_row_dup(now.rows[j]));
			}
		}
		struct ledger_sync sync = sync_of(COMMIT_B);
		ck_assert_msg(run_sync(ledger, &sync, &all, &now, &err), "%s", err.msg);
		ledger_sync_release(&sync);
		ledger_free(ledger);
		inventory_release(&all);
	}
	struct ledger *ledger = open_limited(2);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_ptr_null(ledger_unfinished(ledger));
	ck_assert_int_eq(syncs[1].number, syncs[0].number + 1);
	ck_assert_int_eq(syncs[1].result, LEDGER_HEALTHY);
	ck_assert(equal(ledger_inventory(ledger), &now));
	ck_assert_uint_eq(fake_kube_count(fake, "-intent"), 2);
	ck_assert_uint_eq(fake_kube_count(fake, "-outcome"), 2);
	ck_assert_uint_le(fake_kube_count(fake, "-inv-"), 2);
	ledger_free(ledger);
	inventory_release(&now);
}

START_TEST(killed_at_any_request_the_next_run_finishes)
{
	struct err err = ERR_INIT;
	ck_assert_msg(story(&err), "%s", err.msg);
	int requests = (int)fake_kube_requests(fake, "");
	ck_assert_int_ge(requests, 15);
	for (int i = 0; i < requests; i++) {
		tear_down();
		set_up();
		fake->drop_from = i;
		(void)story(&err);
		fake->drop_from = -1;
		check_sound();
	}
}
END_TEST

START_TEST(an_answer_lost_at_any_request_is_no_failure_and_doubles_nothing)
{
	struct err err = ERR_INIT;
	ck_assert_msg(story(&err), "%s", err.msg);
	int requests = (int)fake_kube_requests(fake, "");
	size_t objects = fake_kube_count(fake, "");
	for (int i = 0; i < requests; i++) {
		tear_down();
		set_up();
		fake->lose_answer = i;
		bool good = story(&err);
		/* The real client sends a GET again by itself; the ledger does so with a POST, and a DELETE is found again. */
		bool is_get = strncmp(fake->log[i], "GET", 3) == 0;
		ck_assert_msg(good || is_get, "%s: %s", fake->log[i], err.msg);
		ck_assert(is_get || fake_kube_count(fake, "") == objects);
		check_sound();
	}
}
END_TEST

static void sync_heal(struct ledger *ledger, const char *commit, bool heal, enum ledger_result result)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_sync sync = sync_of(commit);
	sync.heal = heal;
	sync.result = result;
	must_sync(ledger, &sync, &now);
}

static bool has_number(const struct ledger *ledger, int64_t number)
{
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	size_t i = 0;
	while (i < count && syncs[i].number != number) {
		i++;
	}
	return i < count;
}

START_TEST(the_limit_spares_the_last_healthy_sync_and_counts_heals_apart)
{
	struct ledger *ledger = open_limited(3);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	for (int i = 0; i < 5; i++) {
		sync_heal(ledger, COMMIT_A, true, LEDGER_APPLIED);
	}
	ck_assert(has_number(ledger, 1) && has_number(ledger, 2) && has_number(ledger, 7));
	ck_assert(!has_number(ledger, 4));
	for (int i = 0; i < 4; i++) {
		sync_heal(ledger, COMMIT_B, false, LEDGER_FAILED);
	}
	ck_assert(!has_number(ledger, 1) && has_number(ledger, 2) && !has_number(ledger, 8) && has_number(ledger, 9));
	size_t count = 0;
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 7);
	ledger_free(ledger);
	ledger = open_limited(3);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 7);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 14);
	ledger_free(ledger);
}
END_TEST

static void sync_revision(struct ledger *ledger, int64_t to, const char *hash)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_sync sync = sync_of(COMMIT_A);
	sync.result = LEDGER_APPLIED;
	add_revision(&sync, "web", "deploy-uid", to - 1, to, hash);
	must_sync(ledger, &sync, &now);
}

START_TEST(a_record_that_a_living_replicaset_maps_to_is_spared)
{
	(void)fake_kube_put(fake, SETS "/web-bbb",
	                    "{\"metadata\":{\"annotations\":{\"deployment.kubernetes.io/revision\":\"2\"},"
	                    "\"labels\":{\"pod-template-hash\":\"bbb\"},\"ownerReferences\":"
	                    "[{\"controller\":true,\"uid\":\"deploy-uid\"}]}}");
	struct ledger *ledger = open_limited(1);
	sync_revision(ledger, 1, "aaa");
	sync_revision(ledger, 2, "bbb");
	sync_revision(ledger, 3, "bbb");
	sync_revision(ledger, 4, "ccc");
	ck_assert(!has_number(ledger, 3));
	ck_assert(!has_number(ledger, 1) && has_number(ledger, 2) && has_number(ledger, 4));
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-intent"));
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"));
	fake_kube_remove(fake, SETS "/web-bbb");
	sync_revision(ledger, 5, "ddd");
	ck_assert(!has_number(ledger, 2) && !has_number(ledger, 4));
	fake->deny[0] = "GET replicasets";
	sync_revision(ledger, 6, "eee");
	ck_assert(has_number(ledger, 5) && has_number(ledger, 6));
	ledger_free(ledger);
}
END_TEST

START_TEST(what_a_trim_that_was_killed_left_is_not_unfinished_and_goes_with_the_next)
{
	struct ledger *ledger = open_limited(3);
	for (int i = 0; i < 3; i++) {
		sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	}
	ledger_free(ledger);
	fake_kube_remove(fake, RECORDS "/plumb-web-1-intent");
	fake_kube_remove(fake, RECORDS "/plumb-web-2-outcome");
	ledger = open_limited(3);
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(syncs[0].number, 2);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ck_assert_ptr_null(fake_kube_get(fake, RECORDS "/plumb-web-1-outcome"));
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 5);
	ledger_free(ledger);
}
END_TEST

START_TEST(replicasets_are_listed_only_when_something_would_go)
{
	struct ledger *ledger = open_limited(2);
	sync_revision(ledger, 1, "aaa");
	sync_revision(ledger, 2, "bbb");
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " SETS), 0);
	sync_revision(ledger, 3, "ccc");
	ck_assert_uint_eq(fake_kube_requests(fake, "GET " SETS), 1);
	ledger_free(ledger);
}
END_TEST

START_TEST(one_that_is_hurried_leaves_the_trim_to_the_next_within_bounds)
{
	struct ledger *ledger = open_limited(2);
	size_t count = 0;
	ledger_hurry(ledger);
	for (int i = 0; i < 4; i++) {
		sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	}
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 4);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	ledger_free(ledger);
	ledger = open_limited(2);
	sync_heal(ledger, COMMIT_A, false, LEDGER_HEALTHY);
	(void)ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 2);
	ledger_free(ledger);
}
END_TEST

START_TEST(settled_revisions_are_merged_into_their_sync)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	struct ledger *other = NULL;
	struct ledger_sync sync = sync_of(COMMIT_A);
	add_revision(&sync, "web", "u1", 1, 0, NULL);
	add_revision(&sync, "api", "u2", 0, 1, "abc");
	ck_assert(run_sync(ledger, &sync, &now, &now, &err));
	other = open_it();
	struct ledger_revision known = sync.revisions[0];
	char hash[] = "fff";
	char set[] = "web-fff";
	known.to = 2;
	known.hash = hash;
	known.replicaset = set;
	ck_assert(ledger_settle(ledger, 1, &known, 1, &err));
	known.to = 3;
	ck_assert(ledger_settle(other, 1, &known, 1, &err));
	ck_assert_int_eq(ledger_last(other)->revisions[0].to, 2);
	ledger_free(ledger);
	ledger_free(other);
	ledger = open_it();
	const struct ledger_sync *last = ledger_last(ledger);
	ck_assert(!last->revisions_pending);
	ck_assert_uint_eq(last->revision_count, 2);
	ck_assert_int_eq(last->revisions[0].to, 2);
	ck_assert_str_eq(last->revisions[0].hash, "fff");
	ck_assert_str_eq(last->revisions[1].hash, "abc");
	ledger_free(ledger);
	ledger_sync_release(&sync);
}
END_TEST

START_TEST(the_time_of_verification_is_kept_over_later_syncs)
{
	struct err err = ERR_INIT;
	struct ledger *ledger = open_it();
	ck_assert(ledger_mark_verified(ledger, 5, &err));
	ck_assert_int_eq(ledger_verified(ledger), 0);
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ck_assert(ledger_mark_verified(ledger, 1700000000, &err));
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ledger_free(ledger);
	ledger = open_it();
	ck_assert_int_eq(ledger_verified(ledger), 1700000000);
	ledger_free(ledger);
}
END_TEST

START_TEST(a_newer_format_is_told_and_nothing_of_it_is_used_or_deleted)
{
	struct ledger *ledger = open_limited(1);
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ledger_free(ledger);
	(void)fake_kube_put(fake, RECORDS "/plumb-web-2-intent",
	                    "{\"metadata\":{\"labels\":{\"plumb.dev/record-of\":\"web\",\"plumb.dev/record\":\"intent\"}},"
	                    "\"revision\":2,\"data\":{\"format\":2,\"commit\":\"x\"}}");
	ledger = open_limited(1);
	ck_assert(ledger_newer_format(ledger));
	ck_assert_ptr_null(ledger_unfinished(ledger));
	sync_heal(ledger, COMMIT_B, false, LEDGER_APPLIED);
	ck_assert_int_eq(ledger_last(ledger)->number, 3);
	ck_assert_uint_eq(fake_kube_count(fake, RECORDS), 5);
	ledger_free(ledger);
}
END_TEST

static void spoil(const char *path, const char *inside, const char *json)
{
	cJSON *record = fake_kube_get(fake, path);
	ck_assert_ptr_nonnull(record);
	doc_set(doc_make(record, inside), strrchr(inside, '/') ? "set" : "bytes", cJSON_Parse(json));
}

START_TEST(an_inventory_that_is_damaged_or_missing_is_an_error_that_names_it)
{
	struct inventory now = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&now, 100, "u1");
	struct ledger *ledger = open_it();
	struct ledger_sync sync = sync_of(COMMIT_A);
	must_sync(ledger, &sync, &now);
	ledger_free(ledger);
	char *base = NULL;
	for (size_t i = 0; i < fake->objects.count; i++) {
		if (strstr(fake->objects.entries[i].key, "-inv-")) {
			base = fake->objects.entries[i].key;
		}
	}
	spoil(RECORDS "/plumb-web-1-outcome", "data/inventory", "[{\"kind\":7}]");
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "plumb-web-1-outcome"));
	spoil(RECORDS "/plumb-web-1-outcome", "data/inventory", "[]");
	static const char *const garbage[] = { "\"AAAA\"", "\"x\"", "7", "\"\"", "\"====\"" };
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		spoil(base, "data", garbage[i]);
		ck_assert_ptr_null(try_open(0, &err));
		ck_assert_ptr_nonnull(strstr(err.msg, strrchr(base, '/') + 1));
	}
	/* A good inventory, but another one: an empty one. */
	spoil(base, "data", "\"eJyrVkrLL8pNLFGyMtRRKsovL1ayio6tBQBVXQde\"");
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "content"));
	fake_kube_remove(fake, base);
	ck_assert_ptr_null(try_open(0, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, strrchr(base, '/') + 1));
	inventory_release(&now);
}
END_TEST

START_TEST(records_that_make_no_sense_are_skipped)
{
	static const char *const records[][3] = {
		{ "plumb-web-1-intent", "intent", "\"revision\":1,\"data\":{}" },
		{ "plumb-web-2-intent", "intent", "\"revision\":2,\"data\":{\"format\":1}" },
		{ "plumb-web-3-intent", "intent", "\"revision\":4,\"data\":{\"format\":1,\"commit\":\"a\"}" },
		{ "plumb-web-5-outcome", "outcome", "\"revision\":5,\"data\":{\"format\":1,\"result\":\"odd\"}" },
		{ "plumb-web-6-revisions", "revisions", "\"revision\":6,\"data\":{\"format\":1,\"revisionsPacked\":\"%%\"}" },
		{ "nonsense", "other", "\"revision\":\"x\",\"data\":[]" },
		{ "plumb-web-7-intent", "intent", "\"revision\":7,\"data\":{\"format\":1,\"commit\":\"a\",\"inventory\":{}}" },
		{ "plumb-web-7-outcome", "outcome", "\"revision\":7,\"data\":{\"format\":1,\"result\":\"odd\"}" },
	};
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		CLEANUP(text_freep) char *path = text_printf(RECORDS "/%s", records[i][0]);
		CLEANUP(text_freep)
		char *json = text_printf("{\"metadata\":{\"labels\":{\"plumb.dev/record-of\":\"web\",\"plumb.dev/record\":\"%s\"}},%s}",
		                         records[i][1], records[i][2]);
		(void)fake_kube_put(fake, path, json);
	}
	struct ledger *ledger = open_it();
	size_t count = 0;
	const struct ledger_sync *syncs = ledger_syncs(ledger, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(syncs[0].number, 7);
	ck_assert_int_eq(syncs[0].result, LEDGER_INTERRUPTED);
	ck_assert(!ledger_newer_format(ledger));
	sync_heal(ledger, COMMIT_A, false, LEDGER_APPLIED);
	ck_assert_int_eq(ledger_last(ledger)->number, 8);
	ledger_free(ledger);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tests = tcase_create("ledger");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_missing_ledger_is_an_empty_one);
	tcase_add_test(tests, what_was_recorded_is_read_again_with_every_field);
	tcase_add_test(tests, records_have_a_controller_and_only_labels_of_ours);
	tcase_add_test(tests, one_change_in_a_thousand_costs_one_intent_and_one_outcome);
	tcase_add_test(tests, a_base_that_is_in_memory_is_only_asked_for);
	tcase_add_test(tests, changes_add_up_to_a_new_base_only_past_the_limit);
	tcase_add_test(tests, a_large_inventory_is_split_and_joined);
	tcase_add_test(tests, very_many_revisions_fit_into_one_outcome);
	tcase_add_test(tests, a_killed_sync_is_taken_up_under_its_number);
	tcase_add_test(tests, a_killed_sync_of_another_commit_is_closed_as_interrupted);
	tcase_add_test(tests, a_killed_sync_whose_intent_lacks_an_object_is_not_taken_up);
	tcase_add_test(tests, of_two_processes_only_one_gets_the_number);
	tcase_add_test(tests, a_config_map_of_somebody_else_is_not_made_the_anchor);
	tcase_add_test(tests, killed_at_any_request_the_next_run_finishes);
	tcase_add_test(tests, an_answer_lost_at_any_request_is_no_failure_and_doubles_nothing);
	tcase_add_test(tests, the_limit_spares_the_last_healthy_sync_and_counts_heals_apart);
	tcase_add_test(tests, a_record_that_a_living_replicaset_maps_to_is_spared);
	tcase_add_test(tests, what_a_trim_that_was_killed_left_is_not_unfinished_and_goes_with_the_next);
	tcase_add_test(tests, replicasets_are_listed_only_when_something_would_go);
	tcase_add_test(tests, one_that_is_hurried_leaves_the_trim_to_the_next_within_bounds);
	tcase_add_test(tests, settled_revisions_are_merged_into_their_sync);
	tcase_add_test(tests, the_time_of_verification_is_kept_over_later_syncs);
	tcase_add_test(tests, a_newer_format_is_told_and_nothing_of_it_is_used_or_deleted);
	tcase_add_test(tests, an_inventory_that_is_damaged_or_missing_is_an_error_that_names_it);
	tcase_add_test(tests, records_that_make_no_sense_are_skipped);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
