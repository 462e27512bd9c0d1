/*
 * Which commit made a Deployment's pod template (safety rule 28): the server says whether it changes, by what it
 * answers to a dry run, and only then does the cause move.
 */
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "sync/apply_impl.h"
#include "sync/fields.h"
#include "sync/names.h"

/* What an earlier commit is called: as the live object has it, else as the ledger knows it. free() it. */
static char *cause_of(const struct work *work, const char *commit)
{
	const struct apply *apply = work->run->apply;
	const struct live *live = work->action->live;
	const char *labelled = live ? live_annotation(live, NOTE_TEMPLATE_COMMIT) : NULL;
	const char *cause = live ? live_annotation(live, NOTE_CHANGE_CAUSE) : NULL;
	if (labelled && cause && strcmp(labelled, commit) == 0 && strncmp(cause, commit, 7) == 0) {
		return text_dup(cause);
	}
	if (strcmp(commit, apply->commit->id) == 0) {
		return apply_cause(commit, apply->commit->subject, apply->commit->author);
	}
	size_t count = 0;
	const struct ledger_sync *syncs = apply->ledger ? ledger_syncs(apply->ledger, &count) : NULL;
	for (size_t i = count; i-- > 0;) {
		if (syncs[i].commit && strcmp(syncs[i].commit, commit) == 0) {
			return apply_cause(commit, syncs[i].subject, syncs[i].author);
		}
	}
	return apply_cause(commit, "", "");
}

/* The template is this commit's: the sync that is taken up wrote it before it was killed, and could not tell. */
static bool was_left_by_killed(const struct work *work)
{
	const struct action *action = work->action;
	const char *commit = action->live ? live_annotation(action->live, NOTE_TEMPLATE_COMMIT) : NULL;
	const char *known = action->row ? action->row->template_commit : NULL;
	const struct apply *apply = work->run->apply;
	return apply->takes_up && commit && strcmp(commit, apply->commit->id) == 0 && !(known && strcmp(known, commit) == 0);
}

/* The commit of the template that the server had after our last apply; NULL none (it was adopted). */
static const char *commit_recorded(const struct work *work)
{
	const struct action *action = work->action;
	if (action->row && *action->row->uid && !was_left_by_killed(work)) {
		return action->row->template_commit;
	}
	return action->live ? live_annotation(action->live, NOTE_TEMPLATE_COMMIT) : NULL;
}

const char *revision_recorded(const struct work *work)
{
	const struct apply *apply = work->run->apply;
	const struct ledger_sync *last = apply->ledger ? ledger_last(apply->ledger) : NULL;
	bool same_server = last && last->server && apply->server && strcmp(last->server, apply->server) == 0;
	return same_server && work->action->row ? work->action->row->template_hash : NULL;
}

static bool is_new_template(const struct work *work)
{
	const char *known = revision_recorded(work);
	known = known ? known : work->hash_before;
	return !known || !work->hash_wanted || strcmp(known, work->hash_wanted) != 0;
}

void revision_choose(struct work *work)
{
	if (!is_deployment(work->id)) {
		return;
	}
	const char *commit = NULL;
	switch (work->action->kind) {
	case ACTION_CREATE:
	case ACTION_WAIT:
		commit = work->run->apply->commit->id;
		break;
	case ACTION_CHANGE:
	case ACTION_HEAL:
		commit = commit_recorded(work);
		if (work->recreate || (work->hash_wanted && is_new_template(work))) {
			commit = work->run->apply->commit->id;
		}
		break;
	case ACTION_ADOPT:
	case ACTION_NONE:
	case ACTION_PRUNE:
	case ACTION_KEEP:
	case ACTION_FORGET:
	case ACTION_SKIP:
	case ACTION_BLOCK:
		break;
	}
	text_set(&work->commit, commit);
	free(work->cause);
	work->cause = commit ? cause_of(work, commit) : NULL;
}

/* The managers beside plumb that wrote into the pod template, "kubectl-set, helm"; NULL for none. free() it. */
static char *template_writers(const struct work *work)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	const cJSON *entry = NULL;
	cJSON_ArrayForEach (entry, doc_get(work->action->live->meta, "managedFields")) {
		const char *manager = doc_text(entry, "manager");
		const char *subresource = doc_text(entry, "subresource");
		bool other = manager && strcmp(manager, MANAGER_PLUMB) != 0 && strcmp(manager, MANAGER_HANDOVER) != 0;
		if (other && !(subresource && *subresource) && fields_own(doc_get(entry, "fieldsV1"), "spec/template") &&
		    !strstr(buf_text(&text), manager)) {
			(void)buf_printf(&text, "%s%s", text.len ? ", " : "", manager);
		}
	}
	return text.len ? buf_detach(&text) : NULL;
}

/* Whether the live template was not what our last apply had left. */
static bool was_drifted(const struct work *work)
{
	const char *recorded = revision_recorded(work);
	return work->hash_before && recorded && strcmp(work->hash_before, recorded) != 0;
}

static bool is_new_object(const struct work *work)
{
	return !work->action->live || work->recreate || work->action->kind == ACTION_WAIT;
}

static bool template_changed(const struct work *work, const char *hash, const cJSON *answer)
{
	const struct action *action = work->action;
	if (is_new_object(work)) {
		return true;
	}
	if (action->kind == ACTION_HEAL && action->maybe) {
		return doc_int(answer, "metadata/generation", 0) != action->live->generation;
	}
	const char *before = work->hash_before ? work->hash_before : revision_recorded(work);
	return !before || !hash || strcmp(before, hash) != 0;
}

static void add_revision(struct work *work, const cJSON *answer)
{
	struct apply *apply = work->run->apply;
	if (apply->revision_count == apply->revision_cap) {
		apply->revision_cap = apply->revision_cap ? 2 * apply->revision_cap : 8;
		apply->revisions = alloc_grow(apply->revisions, apply->revision_cap, sizeof *apply->revisions);
	}
	const struct live *live = is_new_object(work) || was_left_by_killed(work) ? NULL : work->action->live;
	const char *from = live ? live_annotation(live, "deployment.kubernetes.io/revision") : NULL;
	const char *uid = doc_text(answer, "metadata/uid");
	apply->revisions[apply->revision_count++] = (struct ledger_revision){
		.id = ident_dup(work->id),
		.uid = text_dup(uid ? uid : ""),
		.from = from ? strtoll(from, NULL, 10) : 0,
		.healed_from = live && (work->action->kind == ACTION_HEAL || was_drifted(work)) ? template_writers(work) : NULL,
	};
}

void revision_note(struct work *work, const cJSON *answer, struct inventory_row *row)
{
	CLEANUP(text_freep) char *hash = apply_template_hash(answer);
	bool changed = work->action->kind != ACTION_ADOPT && (template_changed(work, hash, answer) || was_left_by_killed(work));
	if (changed) {
		add_revision(work, answer);
	}
	text_set(&row->template_hash, hash);
	text_set(&row->template_commit, work->commit);
}
