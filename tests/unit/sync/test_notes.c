#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/macros.h"
#include "render/doc.h"
#include "sync/names.h"
#include "sync/notes.h"

static cJSON *metadata_of(const char *name, const char *value)
{
	cJSON *metadata = cJSON_CreateObject();
	doc_set_text(doc_make(metadata, "annotations"), name, value);
	return metadata;
}

typedef const char *reader(const cJSON *metadata);

static const struct row {
	reader *read;
	const char *name;
	const char *value;
	const char *told; /* NULL: it says nothing */
} rows[] = {
	{ note_prune_disabled, "plumb.dev/prune", "disabled", "plumb.dev/prune: disabled" },
	{ note_prune_disabled, "plumb.dev/prune", " Disabled ", "plumb.dev/prune: disabled" },
	{ note_prune_disabled, "plumb.dev/prune", "enabled", NULL },
	{ note_prune_disabled, "plumb.dev/prune", "", NULL },
	{ note_prune_disabled, "kustomize.toolkit.fluxcd.io/prune", "disabled", "kustomize.toolkit.fluxcd.io/prune: disabled" },
	{ note_prune_disabled, "argocd.argoproj.io/sync-options", "ServerSideApply=true, Prune=false",
	  "argocd.argoproj.io/sync-options: Prune=false" },
	{ note_prune_disabled, "argocd.argoproj.io/sync-options", "Prune=falsehood", NULL },
	{ note_prune_disabled, "argocd.argoproj.io/sync-options", ",,Prune=confirm,",
	  "argocd.argoproj.io/sync-options: Prune=confirm" },
	{ note_prune_disabled, "helm.sh/resource-policy", "keep", "helm.sh/resource-policy: keep" },
	{ note_prune_disabled, "plumb.dev/reconcile", "disabled", NULL },
	{ note_reconcile_disabled, "plumb.dev/reconcile", "disabled", "plumb.dev/reconcile: disabled" },
	{ note_reconcile_disabled, "kustomize.toolkit.fluxcd.io/reconcile", "disabled",
	  "kustomize.toolkit.fluxcd.io/reconcile: disabled" },
	{ note_reconcile_disabled, "plumb.dev/prune", "disabled", NULL },
};

START_TEST(an_annotation_and_its_aliases_are_told_by_name)
{
	const struct row *row = &rows[_i];
	CLEANUP(doc_freep) cJSON *metadata = metadata_of(row->name, row->value);
	const char *told = row->read(metadata);
	if (row->told) {
		ck_assert_ptr_nonnull(told);
		ck_assert_str_eq(told, row->told);
	} else {
		ck_assert_ptr_null(told);
	}
}
END_TEST

START_TEST(hooks_of_argo_cd_and_helm_are_hooks_whatever_they_say)
{
	CLEANUP(doc_freep) cJSON *argo = metadata_of("argocd.argoproj.io/hook", "PreSync");
	CLEANUP(doc_freep) cJSON *helm = metadata_of("helm.sh/hook", "");
	CLEANUP(doc_freep) cJSON *none = metadata_of("helm.sh/hook-weight", "1");
	ck_assert(note_hook(argo));
	ck_assert(note_hook(helm));
	ck_assert(!note_hook(none));
}
END_TEST

START_TEST(each_opt_in_needs_its_own_word)
{
	CLEANUP(doc_freep) cJSON *prune = metadata_of(NOTE_PRUNE, "enabled");
	CLEANUP(doc_freep) cJSON *force = metadata_of(NOTE_CONFLICTS, "force");
	CLEANUP(doc_freep) cJSON *once = metadata_of(NOTE_HEAL, "once");
	CLEANUP(doc_freep) cJSON *wrong = metadata_of(NOTE_CONFLICTS, "true");
	ck_assert(note_prune_enabled(prune));
	ck_assert(!note_prune_enabled(force));
	ck_assert(note_force(force));
	ck_assert(!note_force(wrong));
	ck_assert(note_heal_once(once));
	ck_assert(!note_heal_once(prune));
}
END_TEST

START_TEST(metadata_without_annotations_says_nothing)
{
	static const char *const texts[] = { "{}",
		                                 "null",
		                                 "[]",
		                                 "{\"annotations\":null}",
		                                 "{\"annotations\":[\"plumb.dev/prune\"]}",
		                                 "{\"annotations\":{\"plumb.dev/prune\":true}}" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(doc_freep) cJSON *metadata = cJSON_Parse(texts[i]);
		ck_assert_ptr_null(note_prune_disabled(metadata));
		ck_assert_ptr_null(note_reconcile_disabled(metadata));
		ck_assert(!note_hook(metadata) && !note_force(metadata) && !note_heal_once(metadata) && !note_prune_enabled(metadata));
	}
	ck_assert_ptr_null(note_prune_disabled(NULL));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("notes");
	tcase_add_loop_test(tcase, an_annotation_and_its_aliases_are_told_by_name, 0, ARRAY_LEN(rows));
	tcase_add_test(tcase, hooks_of_argo_cd_and_helm_are_hooks_whatever_they_say);
	tcase_add_test(tcase, each_opt_in_needs_its_own_word);
	tcase_add_test(tcase, metadata_without_annotations_says_nothing);
	Suite *suite = suite_create("notes");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
