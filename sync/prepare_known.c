/*
 * What needs not be read: the drift knows it, by the watches.
 */
#include <string.h>

#include "render/base/map.h"
#include "sync/drift.h"
#include "sync/prepare_impl.h"

/* Safety rule 9, and whatever asks for a look at everything: the pass that verifies, one that finishes what a killed one began,
 * names of managers to take over from. */
static bool may_know(const struct prepared *prepared)
{
	const struct cycle_options *options = prepared->options;
	return options->drift && options->host.watched && !prepared->verifying && !options->take_over &&
	       !ledger_unfinished(prepared->ledger) && !ledger_newer_format(prepared->ledger);
}

/* What was asked of the kinds and namespaces so far. */
struct places {
	struct map answers; /* "group/Kind/ns" -> `yes` or `no` */
	const struct ident *last;
	bool watched;
};

static bool ask(const struct prepared *prepared, struct places *places, const struct ident *id)
{
	static char yes;
	static char no;
	const struct cycle_host *host = &prepared->options->host;
	CLEANUP(text_freep) char *key = text_printf("%s/%s/%s", id->group, id->kind, id->ns);
	char *answer = map_get(&places->answers, key);
	if (!answer) {
		answer = host->watched(host->place, id->group, id->kind, id->ns) ? &yes : &no;
		(void)map_set(&places->answers, key, answer);
	}
	return answer == &yes;
}

/* Asked once a kind and namespace; objects of one often follow each other. */
static bool is_watched(const struct prepared *prepared, struct places *places, const struct ident *id)
{
	const struct ident *last = places->last;
	bool same = last && strcmp(last->kind, id->kind) == 0 && strcmp(last->ns, id->ns) == 0 && strcmp(last->group, id->group) == 0;
	places->watched = same ? places->watched : ask(prepared, places, id);
	places->last = id;
	return places->watched;
}

bool prepare_holds(const struct prepared *prepared)
{
	for (size_t i = 0; i < prepared->desired.count; i++) {
		const struct object *object = prepared->desired.items[i];
		if (!object->json && !drift_holds(prepared->options->drift, object)) {
			return false;
		}
	}
	return true;
}

void prepare_known(struct prepared *prepared, bool any)
{
	struct places places = { .answers = MAP_INIT };
	bool may = any && may_know(prepared);
	prepared->known = 0;
	for (size_t i = 0; i < prepared->desired.count; i++) {
		struct object *object = prepared->desired.items[i];
		const struct inventory_row *row = may ? inventory_find(&prepared->inventory, &object->id) : NULL;
		/* In this order: being asked, the watches tell what has come. */
		object->known = row && is_watched(prepared, &places, &object->id) && drift_knows(prepared->options->drift, object, row);
		prepared->known += object->known;
		if (!object->known && !object->json) {
			drift_complete(prepared->options->drift, object);
		}
	}
	map_release(&places.answers);
}
