#include "agent/depends.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "render/base/map.h"

/* One that a way leads to, and from where. */
struct hop {
	const struct syncspec *spec;
	size_t from; /* place in the list; the first one's is its own */
};

/* Those that are reached, in the order of their distance. */
struct search {
	struct hop *hops;
	size_t count;
	struct map seen; /* NAMESPACE/NAME of them */
};

static void search_release(struct search *search)
{
	free(search->hops);
	map_release(&search->seen);
}

static bool names(const struct syncspec_peer *peer, const struct syncspec *spec)
{
	return strcmp(peer->ns, spec->ns) == 0 && strcmp(peer->name, spec->name) == 0;
}

bool depends_on(const struct syncspec *spec, const struct syncspec *other)
{
	for (size_t i = 0; i < spec->depends_count; i++) {
		if (names(&spec->depends_on[i], other)) {
			return true;
		}
	}
	return false;
}

static void reach(struct search *search, const struct syncspec *spec, size_t from)
{
	CLEANUP(text_freep) char *key = text_printf("%s/%s", spec->ns, spec->name);
	if (map_has(&search->seen, key)) {
		return;
	}
	search->hops = alloc_grow(search->hops, search->count + 1, sizeof *search->hops);
	search->hops[search->count++] = (struct hop){ .spec = spec, .from = from };
	(void)map_set(&search->seen, key, search);
}

/* "a -> b -> a" for the hop b that leads back to the first one. What is too long for a line ends early. */
static char *way_text(const struct search *search, size_t last)
{
	size_t *way = alloc_new(search->count, sizeof *way);
	size_t len = 0;
	for (size_t at = last; at != 0; at = search->hops[at].from) {
		way[len++] = at;
	}
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	const struct syncspec *first = search->hops[0].spec;
	(void)buf_printf(&text, "%s/%s", first->ns, first->name);
	while (len) {
		const struct syncspec *next = search->hops[way[--len]].spec;
		(void)buf_printf(&text, " -> %s/%s", next->ns, next->name);
	}
	(void)buf_printf(&text, " -> %s/%s", first->ns, first->name);
	free(way);
	return buf_detach(&text);
}

char *depends_cycle(const struct depends_graph *graph, const struct syncspec *from)
{
	CLEANUP(search_release) struct search search = { .seen = MAP_INIT };
	reach(&search, from, 0);
	for (size_t at = 0; at < search.count; at++) {
		const struct syncspec *spec = search.hops[at].spec;
		if (depends_on(spec, from)) {
			return way_text(&search, at);
		}
		for (size_t i = 0; i < spec->depends_count; i++) {
			const struct syncspec *next = graph->find(graph->context, spec->depends_on[i].ns, spec->depends_on[i].name);
			if (next) {
				reach(&search, next, at);
			}
		}
	}
	return NULL;
}
