#include "render/kustomize/id.h"

#include <string.h>

/* What kyaml's OpenAPI schema (Kubernetes 1.21) says is not namespaced; for anything else it does not know. */
static const struct gvk CLUSTER_SCOPED[] = {
	{ "apiregistration.k8s.io", "v1", "APIService" },
	{ "apiregistration.k8s.io", "v1beta1", "APIService" },
	{ "storage.k8s.io", "v1", "CSIDriver" },
	{ "storage.k8s.io", "v1beta1", "CSIDriver" },
	{ "storage.k8s.io", "v1", "CSINode" },
	{ "storage.k8s.io", "v1beta1", "CSINode" },
	{ "certificates.k8s.io", "v1", "CertificateSigningRequest" },
	{ "certificates.k8s.io", "v1beta1", "CertificateSigningRequest" },
	{ "rbac.authorization.k8s.io", "v1", "ClusterRole" },
	{ "rbac.authorization.k8s.io", "v1beta1", "ClusterRole" },
	{ "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding" },
	{ "rbac.authorization.k8s.io", "v1beta1", "ClusterRoleBinding" },
	{ "", "v1", "ComponentStatus" },
	{ "apiextensions.k8s.io", "v1", "CustomResourceDefinition" },
	{ "apiextensions.k8s.io", "v1beta1", "CustomResourceDefinition" },
	{ "flowcontrol.apiserver.k8s.io", "v1beta1", "FlowSchema" },
	{ "networking.k8s.io", "v1", "IngressClass" },
	{ "networking.k8s.io", "v1beta1", "IngressClass" },
	{ "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration" },
	{ "admissionregistration.k8s.io", "v1beta1", "MutatingWebhookConfiguration" },
	{ "", "v1", "Namespace" },
	{ "", "v1", "Node" },
	{ "", "v1", "NodeProxyOptions" },
	{ "", "v1", "PersistentVolume" },
	{ "policy", "v1beta1", "PodSecurityPolicy" },
	{ "scheduling.k8s.io", "v1", "PriorityClass" },
	{ "scheduling.k8s.io", "v1beta1", "PriorityClass" },
	{ "flowcontrol.apiserver.k8s.io", "v1beta1", "PriorityLevelConfiguration" },
	{ "node.k8s.io", "v1", "RuntimeClass" },
	{ "node.k8s.io", "v1beta1", "RuntimeClass" },
	{ "storage.k8s.io", "v1", "StorageClass" },
	{ "storage.k8s.io", "v1beta1", "StorageClass" },
	{ "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration" },
	{ "admissionregistration.k8s.io", "v1beta1", "ValidatingWebhookConfiguration" },
	{ "storage.k8s.io", "v1", "VolumeAttachment" },
	{ "storage.k8s.io", "v1beta1", "VolumeAttachment" },
};

const char *const KINDS_FIRST[KINDS_FIRST_COUNT] = {
	"Namespace",
	"ResourceQuota",
	"StorageClass",
	"CustomResourceDefinition",
	"ServiceAccount",
	"PodSecurityPolicy",
	"Role",
	"ClusterRole",
	"RoleBinding",
	"ClusterRoleBinding",
	"ConfigMap",
	"Secret",
	"Endpoints",
	"Service",
	"LimitRange",
	"PriorityClass",
	"PersistentVolume",
	"PersistentVolumeClaim",
	"Deployment",
	"StatefulSet",
	"CronJob",
	"PodDisruptionBudget",
};
const char *const KINDS_LAST[KINDS_LAST_COUNT] = { "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration" };

bool gvk_is_cluster_scoped(const struct gvk *gvk)
{
	for (size_t i = 0; i < ARRAY_LEN(CLUSTER_SCOPED); i++) {
		if (gvk_equal(&CLUSTER_SCOPED[i], gvk)) {
			return true;
		}
	}
	return false;
}

bool gvk_equal(const struct gvk *a, const struct gvk *b)
{
	return strcmp(a->kind, b->kind) == 0 && strcmp(a->version, b->version) == 0 && strcmp(a->group, b->group) == 0;
}

static bool field_selected(const char *text, const char *selector)
{
	/* Tables of hundreds are asked for each object: most differ in the first letter. */
	return !*selector || (*text == *selector && strcmp(text, selector) == 0);
}

bool gvk_selected(const struct gvk *gvk, const struct gvk *selector)
{
	return field_selected(gvk->kind, selector->kind) && field_selected(gvk->version, selector->version) &&
	       field_selected(gvk->group, selector->group);
}

struct gvk gvk_of(struct arena *arena, const char *api_version, const char *kind)
{
	const char *slash = strchr(api_version, '/');
	struct gvk gvk = { .group = "", .version = api_version, .kind = kind };
	if (slash) {
		gvk.group = arena_text_len(arena, api_version, (size_t)(slash - api_version));
		gvk.version = slash + 1;
	}
	return gvk;
}

char *gvk_api_version(struct arena *arena, const struct gvk *gvk)
{
	return *gvk->group ? arena_printf(arena, "%s/%s", gvk->group, gvk->version) : arena_text(arena, gvk->version);
}

static int kind_order(const char *kind)
{
	for (size_t i = 0; i < KINDS_FIRST_COUNT; i++) {
		if (KINDS_FIRST[i][0] == kind[0] && strcmp(KINDS_FIRST[i], kind) == 0) {
			return (int)i - (int)KINDS_FIRST_COUNT;
		}
	}
	for (size_t i = 0; i < KINDS_LAST_COUNT; i++) {
		if (KINDS_LAST[i][0] == kind[0] && strcmp(KINDS_LAST[i], kind) == 0) {
			return (int)i + 1;
		}
	}
	return 0;
}

/* The next byte of "group_version_kind", with upstream's marks for what is empty. */
struct sort_text {
	const char *parts[5];
	size_t part;
	const char *at;
};

static struct sort_text sort_text(const struct gvk *gvk)
{
	struct sort_text text = { .parts = { *gvk->group ? gvk->group : "~G", "_", *gvk->version ? gvk->version : "~V", "_",
		                                 *gvk->kind ? gvk->kind : "~K" } };
	text.at = text.parts[0];
	return text;
}

static int next_byte(struct sort_text *text)
{
	while (!*text->at) {
		if (++text->part == ARRAY_LEN(text->parts)) {
			text->part--;
			return -1;
		}
		text->at = text->parts[text->part];
	}
	return (unsigned char)*text->at++;
}

int gvk_compare_text(const struct gvk *a, const struct gvk *b)
{
	struct sort_text left = sort_text(a);
	struct sort_text right = sort_text(b);
	for (;;) {
		int one = next_byte(&left);
		int other = next_byte(&right);
		if (one != other || one < 0) {
			return one - other;
		}
	}
}

int gvk_compare(const struct gvk *a, const struct gvk *b)
{
	int order = kind_order(a->kind) - kind_order(b->kind);
	return order ? order : gvk_compare_text(a, b);
}

const char *id_effective_ns(const struct id *id)
{
	if (id->cluster) {
		return ID_NO_NAMESPACE;
	}
	return *id->ns ? id->ns : "default";
}

bool id_ns_equal(const struct id *a, const struct id *b)
{
	return strcmp(id_effective_ns(a), id_effective_ns(b)) == 0;
}

bool id_gvkn_equal(const struct id *a, const struct id *b)
{
	return strcmp(a->name, b->name) == 0 && gvk_equal(&a->gvk, &b->gvk);
}

bool id_equal(const struct id *a, const struct id *b)
{
	return id_gvkn_equal(a, b) && id_ns_equal(a, b);
}

char *gvk_text(struct arena *arena, const struct gvk *gvk)
{
	return arena_printf(arena, "%s.%s.%s", *gvk->kind ? gvk->kind : "[noKind]", *gvk->version ? gvk->version : "[noVer]",
	                    *gvk->group ? gvk->group : "[noGrp]");
}

char *id_text(struct arena *arena, const struct id *id)
{
	return arena_printf(arena, "%s/%s.%s", gvk_text(arena, &id->gvk), *id->name ? id->name : "[noName]",
	                    *id->ns ? id->ns : "[noNs]");
}
