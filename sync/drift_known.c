/*
 * What need not be asked for, because all that was told of it since says that it is as it was.
 */
#include <assert.h>
#include <string.h>

#include "sync/drift_impl.h"

bool drift_holds(const struct drift *drift, const struct object *object)
{
	const struct drift_row *row = drift_find(drift, &object->id);
	return row && object_origin_equal(&row->origin, &object->origin) && strcmp(row->version, object->version) == 0;
}

void drift_complete(const struct drift *drift, struct object *object)
{
	const struct drift_row *row = drift_find(drift, &object->id);
	assert(row && !object->json);
	struct object *held = row_unpack(row);
	object->json = TAKE(held->json);
	object->initial = TAKE(held->initial);
	object_free(held);
}

void row_hear(struct drift_row *row, uint64_t version)
{
	row->newest = version > row->newest ? version : row->newest;
	row->healthy = version ? row->healthy : 0;
}

void drift_healthy(struct drift *drift, const struct ident *id, uint64_t version)
{
	struct drift_row *row = drift_find(drift, id);
	if (row) {
		row->healthy = version;
	}
}

bool drift_is_healthy(const struct drift *drift, const struct ident *id)
{
	const struct drift_row *row = drift_find(drift, id);
	return row && row->healthy && row->newest <= row->healthy;
}

bool action_is_whole(const struct action *action)
{
	return !action->yielded && !action->drop_replicas;
}

bool drift_knows(const struct drift *drift, const struct object *object, const struct inventory_row *row)
{
	const struct drift_row *known = drift_find(drift, &object->id);
	if (!known || !known->sure || known->state != DRIFT_NONE || !known->applied || !known->uid || !row || row->kept) {
		return false;
	}
	bool moved = row->generation && known->generation && row->generation != known->generation;
	return !moved && row->uid && strcmp(row->uid, known->uid) == 0;
}
