/*
 * Syncs from the files of --config: read at the start and at SIGHUP.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "render/base/map.h"

static void tell(struct agent *agent, const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		bool error = problems->items[i].severity == PROBLEM_ERROR;
		log_event(&agent->log, error ? LEVEL_ERROR : LEVEL_WARNING, NULL, "%s", problems->items[i].text);
	}
}

/* Those that no file has any more. */
static void drop_others(struct agent *agent, const struct map *seen)
{
	for (size_t i = agent->count; i-- > 0;) {
		struct agent_sync *sync = agent->syncs[i];
		if (!map_has(seen, sync->key)) {
			CLEANUP(text_freep) char *key = text_dup(sync->key);
			char *slash = strchr(key, '/');
			*slash = '\0';
			syncs_gone(agent, key, slash + 1);
		}
	}
}

void syncs_config_start(struct agent *agent)
{
	struct problems problems = PROBLEMS_INIT;
	struct syncspec_list list = { 0 };
	CLEANUP(map_release) struct map seen = MAP_INIT;
	/* With a file that is wrong the others are as they should be, and nothing is forgotten. */
	bool whole = syncspec_load_dir(agent->options.config, &list, &problems);
	tell(agent, &problems);
	agent->config_generation++;
	for (size_t i = 0; i < list.count; i++) {
		struct syncspec *spec = &list.specs[i];
		if (!*spec->ns) {
			text_set(&spec->ns, agent->ns);
		}
		for (size_t j = 0; j < spec->depends_count; j++) {
			if (!*spec->depends_on[j].ns) {
				text_set(&spec->depends_on[j].ns, agent->ns);
			}
		}
		/* A file has no generation: each time it is read counts as another one. */
		spec->generation = agent->config_generation;
		CLEANUP(text_freep) char *key = text_printf("%s/%s", spec->ns, spec->name);
		(void)map_set(&seen, key, agent);
		syncs_see(agent, spec, NULL);
	}
	if (whole) {
		drop_others(agent, &seen);
	}
	syncspec_list_release(&list);
	problems_release(&problems);
}

void syncs_config_reload(struct agent *agent)
{
	syncs_config_start(agent);
}
