/*
 * Ledgers on an API server in memory. For test_ledger*.c.
 */
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

static inline void set_up(void)
{
	fake = fake_kube_new();
}

static inline void tear_down(void)
{
	fake_kube_free(fake);
}

static inline struct ledger *try_open(unsigned limit, struct err *err)
{
	const struct ledger_options options = { .ns = "shop", .name = "web", .history_limit = limit };
	return ledger_open(&fake->kube, &options, err);
}

static inline struct ledger *open_limited(unsigned limit)
{
	struct err err = ERR_INIT;
	struct ledger *ledger = try_open(limit, &err);
	ck_assert_msg(ledger != NULL, "%s", err.msg);
	return ledger;
}

static inline struct ledger *open_it(void)
{
	return open_limited(0);
}

static inline struct ledger_sync sync_of(const char *commit)
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

static inline struct inventory_row *row_of(const char *kind, const char *name, const char *uid)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make("apps", kind, "shop", name);
	row->version = text_dup("v1");
	row->uid = text_dup(uid);
	return row;
}

static inline void fill(struct inventory *inventory, size_t count, const char *uid)
{
	char name[32];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "web-%zu", i);
		inventory_take(inventory, row_of("Deployment", name, uid));
	}
}

static inline bool equal(const struct inventory *a, const struct inventory *b)
{
	bool good = a->count == b->count;
	for (size_t i = 0; good && i < a->count; i++) {
		const struct inventory_row *row = inventory_find(b, &a->rows[i]->id);
		good = row && inventory_row_equal(a->rows[i], row);
	}
	return good;
}

static inline void add_revision(struct ledger_sync *sync, const char *name, const char *uid, int64_t from, int64_t to,
                                const char *hash)
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
static inline bool run_sync(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *all,
                            const struct inventory *now, struct err *err)
{
	return ledger_begin(ledger, sync, all, err) && ledger_finish(ledger, sync, now, err);
}

static inline void must_sync(struct ledger *ledger, struct ledger_sync *sync, const struct inventory *now)
{
	struct err err = ERR_INIT;
	ck_assert_msg(run_sync(ledger, sync, now, now, &err), "%s", err.msg);
	ledger_sync_release(sync);
}

static inline void sync_heal(struct ledger *ledger, const char *commit, bool heal, enum ledger_result result)
{
	struct inventory now = INVENTORY_INIT;
	struct ledger_sync sync = sync_of(commit);
	sync.heal = heal;
	sync.result = result;
	must_sync(ledger, &sync, &now);
}
