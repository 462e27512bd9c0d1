/*
 * The order of writing: Flux's (fluxcd/pkg ssa/sort.go) where it says something, with what only makes sense behind its
 * workload at the end. The stages are what really waits for each other; inside one the order is that of sending.
 */
#include <string.h>

#include "render/base/macros.h"
#include "sync/plan.h"
#include "sync/plan_impl.h"

struct place {
	const char *group;
	const char *kind; /* NULL: all kinds of the group */
	int value;
};

static const struct place stages[] = {
	{ "", "Namespace", STAGE_NAMESPACES },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", STAGE_DEFINITIONS },
	{ "rbac.authorization.k8s.io", "ClusterRole", STAGE_CLUSTER },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", STAGE_CLUSTER },
	{ "admissionregistration.k8s.io", NULL, STAGE_WEBHOOKS },
	{ "apiregistration.k8s.io", NULL, STAGE_WEBHOOKS },
};

enum { WEIGHT_ANY = 50, WEIGHT_STEP = 100 };

static const struct place weights[] = {
	{ "rbac.authorization.k8s.io", "ClusterRole", 10 },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding", 60 },
	{ "", "ResourceQuota", 10 },
	{ "", "LimitRange", 11 },
	{ "", "ServiceAccount", 12 },
	{ "rbac.authorization.k8s.io", "Role", 13 },
	{ "rbac.authorization.k8s.io", "RoleBinding", 14 },
	{ "", "ConfigMap", 15 },
	{ "", "Secret", 16 },
	{ "networking.k8s.io", "NetworkPolicy", 17 },
	{ "", "Service", 18 },
	{ "", "PersistentVolume", 19 },
	{ "", "PersistentVolumeClaim", 20 },
	{ "apps", "Deployment", 30 },
	{ "apps", "StatefulSet", 31 },
	{ "apps", "DaemonSet", 32 },
	{ "apps", "ReplicaSet", 33 },
	{ "", "Pod", 34 },
	{ "batch", "Job", 60 },
	{ "batch", "CronJob", 61 },
	{ "autoscaling", "HorizontalPodAutoscaler", 70 },
	{ "autoscaling.k8s.io", "VerticalPodAutoscaler", 70 },
	{ "keda.sh", "ScaledObject", 70 },
	{ "policy", "PodDisruptionBudget", 71 },
};

static int look_up(const struct place *places, size_t count, const struct ident *id, int otherwise)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(places[i].group, id->group) == 0 && (!places[i].kind || strcmp(places[i].kind, id->kind) == 0)) {
			return places[i].value;
		}
	}
	return otherwise;
}

/* StorageClass, PriorityClass, IngressClass, GatewayClass...: what others refer to. */
static bool is_class(const char *kind)
{
	size_t len = strlen(kind);
	return len > 5 && strcmp(kind + len - 5, "Class") == 0;
}

enum stage stage_of(const struct ident *id)
{
	return (enum stage)look_up(stages, ARRAY_LEN(stages), id, is_class(id->kind) ? STAGE_CLUSTER : STAGE_REST);
}

int order_rank(const struct ident *id)
{
	return (int)stage_of(id) * WEIGHT_STEP + look_up(weights, ARRAY_LEN(weights), id, WEIGHT_ANY);
}

int apply_order(const struct ident *a, const struct ident *b)
{
	int difference = order_rank(a) - order_rank(b);
	return difference ? difference : ident_compare(a, b);
}
