/*
 * Who an object is: upstream's resid.Gvk and resid.ResId.
 */
#ifndef RENDER_KUSTOMIZE_ID_H
#define RENDER_KUSTOMIZE_ID_H

#include "render/base/arena.h"
#include "render/kustomize/types.h"

/* Group, version, kind, name and namespace as written: "" where absent. */
struct id {
	struct gvk gvk;
	const char *name;
	const char *ns;
	bool cluster; /* its kind is certainly cluster-scoped; false for previous ids, whose ns says it */
};

/* resid.TotallyNotANamespace: what stands for the namespace of a cluster-scoped object. */
#define ID_NO_NAMESPACE "_non_namespaceable_"

/* "default" for "", ID_NO_NAMESPACE where cluster. */
const char *id_effective_ns(const struct id *id);
bool id_equal(const struct id *a, const struct id *b); /* namespaces by effect */
/* Without the namespace. */
bool id_gvkn_equal(const struct id *a, const struct id *b);
bool id_ns_equal(const struct id *a, const struct id *b);
/* "Kind.version.group/name.namespace" with upstream's words for what is empty. */
char *id_text(struct arena *arena, const struct id *id);

bool gvk_equal(const struct gvk *a, const struct gvk *b);
/* Every field of the selector is empty or equal. */
bool gvk_selected(const struct gvk *gvk, const struct gvk *selector);
/* Of "group/version"; group "" for "v1". */
struct gvk gvk_of(struct arena *arena, const char *api_version, const char *kind);
char *gvk_api_version(struct arena *arena, const struct gvk *gvk);
/* The order in which Gvk.IsLessThan and the legacy sort have kinds; what is in neither list stands between them. */
enum { KINDS_FIRST_COUNT = 22, KINDS_LAST_COUNT = 2 };
extern const char *const KINDS_FIRST[KINDS_FIRST_COUNT];
extern const char *const KINDS_LAST[KINDS_LAST_COUNT];
/* upstream's Gvk.IsLessThan, as strcmp. */
int gvk_compare(const struct gvk *a, const struct gvk *b);
/* By "group_version_kind" only, bytewise. */
int gvk_compare_text(const struct gvk *a, const struct gvk *b);
/* "Kind.version.group" with upstream's words for what is empty. */
char *gvk_text(struct arena *arena, const struct gvk *gvk);
/* In the table of kinds that are certainly cluster-scoped (exact group, version and kind). */
bool gvk_is_cluster_scoped(const struct gvk *gvk);

#endif
