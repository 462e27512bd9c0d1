#include "render/kustomize/schema_builtin.h"

#include <string.h>

enum shape { MAP, LIST, MERGED_LIST };

/* A field, or (without a name) a type. Field lists end with a field of no name. */
struct schema_type {
	const char *name;
	enum shape shape;
	const struct schema_type *fields; /* of a mapping, or of a list's items */
	const char *keys[2];
};

#define END_OF_FIELDS \
	{ \
		.name = NULL \
	}

static const struct schema_type object_meta[] = {
	{ .name = "finalizers", .shape = MERGED_LIST },
	{ .name = "ownerReferences", .shape = MERGED_LIST, .keys = { "uid" } },
	END_OF_FIELDS,
};

#define METADATA \
	{ \
		.name = "metadata", .fields = object_meta \
	}
#define MERGED_BY(field, key) \
	{ \
		.name = (field), .shape = MERGED_LIST, .keys = {(key) } \
	}

static const struct schema_type only_metadata[] = { METADATA, END_OF_FIELDS };
/* Any object may stand in `data`; it is known to be one, so that its own kind is not asked. */
static const struct schema_type controller_revision[] = { METADATA, { .name = "data" }, END_OF_FIELDS };
static const struct schema_type with_conditions[] = { MERGED_BY("conditions", "type"), END_OF_FIELDS };

#define STATUS_CONDITIONS \
	{ \
		.name = "status", .fields = with_conditions \
	}

static const struct schema_type container[] = {
	MERGED_BY("env", "name"),
	{ .name = "ports", .shape = MERGED_LIST, .keys = { "containerPort", "protocol" } },
	MERGED_BY("volumeDevices", "devicePath"),
	MERGED_BY("volumeMounts", "mountPath"),
	END_OF_FIELDS,
};

static const struct schema_type ephemeral_container[] = {
	MERGED_BY("env", "name"),
	MERGED_BY("volumeDevices", "devicePath"),
	MERGED_BY("volumeMounts", "mountPath"),
	END_OF_FIELDS,
};

static const struct schema_type ephemeral_volume[] = {
	{ .name = "volumeClaimTemplate", .fields = only_metadata },
	END_OF_FIELDS,
};
static const struct schema_type volume[] = { { .name = "ephemeral", .fields = ephemeral_volume }, END_OF_FIELDS };

static const struct schema_type pod_spec[] = {
	{ .name = "containers", .shape = MERGED_LIST, .fields = container, .keys = { "name" } },
	{ .name = "ephemeralContainers", .shape = MERGED_LIST, .fields = ephemeral_container, .keys = { "name" } },
	MERGED_BY("hostAliases", "ip"),
	MERGED_BY("imagePullSecrets", "name"),
	{ .name = "initContainers", .shape = MERGED_LIST, .fields = container, .keys = { "name" } },
	{ .name = "topologySpreadConstraints", .shape = MERGED_LIST, .keys = { "topologyKey", "whenUnsatisfiable" } },
	{ .name = "volumes", .shape = MERGED_LIST, .fields = volume, .keys = { "name" } },
	END_OF_FIELDS,
};

static const struct schema_type pod_status[] = {
	MERGED_BY("conditions", "type"),
	MERGED_BY("podIPs", "ip"),
	END_OF_FIELDS,
};
static const struct schema_type pod[] = {
	METADATA,
	{ .name = "spec", .fields = pod_spec },
	{ .name = "status", .fields = pod_status },
	END_OF_FIELDS,
};

static const struct schema_type template[] = { METADATA, { .name = "spec", .fields = pod_spec }, END_OF_FIELDS };
static const struct schema_type with_template[] = { { .name = "template", .fields = template }, END_OF_FIELDS };
static const struct schema_type pod_template[] = { METADATA, { .name = "template", .fields = template }, END_OF_FIELDS };
static const struct schema_type workload[] = {
	METADATA,
	{ .name = "spec", .fields = with_template },
	STATUS_CONDITIONS,
	END_OF_FIELDS,
};

static const struct schema_type job_template[] = { METADATA, { .name = "spec", .fields = with_template }, END_OF_FIELDS };
static const struct schema_type cron_job_spec[] = { { .name = "jobTemplate", .fields = job_template }, END_OF_FIELDS };
static const struct schema_type cron_job[] = { METADATA, { .name = "spec", .fields = cron_job_spec }, END_OF_FIELDS };

static const struct schema_type with_status[] = { METADATA, STATUS_CONDITIONS, END_OF_FIELDS };
static const struct schema_type stateful_set_spec[] = {
	{ .name = "template", .fields = template },
	{ .name = "volumeClaimTemplates", .shape = LIST, .fields = with_status },
	END_OF_FIELDS,
};
static const struct schema_type stateful_set[] = {
	METADATA,
	{ .name = "spec", .fields = stateful_set_spec },
	STATUS_CONDITIONS,
	END_OF_FIELDS,
};

static const struct schema_type service_spec[] = {
	{ .name = "ports", .shape = MERGED_LIST, .keys = { "port", "protocol" } },
	END_OF_FIELDS,
};
static const struct schema_type service[] = {
	METADATA,
	{ .name = "spec", .fields = service_spec },
	STATUS_CONDITIONS,
	END_OF_FIELDS,
};
static const struct schema_type service_account[] = { METADATA, MERGED_BY("secrets", "name"), END_OF_FIELDS };
static const struct schema_type component_status[] = { METADATA, MERGED_BY("conditions", "type"), END_OF_FIELDS };
static const struct schema_type webhooks[] = { METADATA, MERGED_BY("webhooks", "name"), END_OF_FIELDS };

static const struct schema_type csi_node_spec[] = { MERGED_BY("drivers", "name"), END_OF_FIELDS };
static const struct schema_type csi_node[] = { METADATA, { .name = "spec", .fields = csi_node_spec }, END_OF_FIELDS };

static const struct schema_type node_spec[] = { { .name = "podCIDRs", .shape = MERGED_LIST }, END_OF_FIELDS };
static const struct schema_type node_status[] = {
	MERGED_BY("addresses", "type"),
	MERGED_BY("conditions", "type"),
	END_OF_FIELDS,
};
static const struct schema_type node[] = {
	METADATA,
	{ .name = "spec", .fields = node_spec },
	{ .name = "status", .fields = node_status },
	END_OF_FIELDS,
};

/* Kustomize knows its own kind beside those of Kubernetes. */
static const struct schema_type kustomization[] = {
	MERGED_BY("configMapGenerator", "name"),
	MERGED_BY("secretGenerator", "name"),
	END_OF_FIELDS,
};

#define KIND(version, kind_, type) \
	{ \
		(version), (kind_), \
		{ \
			.fields = (type) \
		} \
	}

static const struct {
	const char *api_version, *kind;
	struct schema_type type;
} kinds[] = {
	KIND("apps/v1", "Deployment", workload),
	KIND("v1", "Service", service),
	KIND("v1", "ConfigMap", only_metadata),
	KIND("v1", "Secret", only_metadata),
	KIND("apps/v1", "StatefulSet", stateful_set),
	KIND("apps/v1", "DaemonSet", workload),
	KIND("apps/v1", "ReplicaSet", workload),
	KIND("apps/v1", "ControllerRevision", controller_revision),
	KIND("batch/v1", "Job", workload),
	KIND("batch/v1", "CronJob", cron_job),
	KIND("batch/v1beta1", "CronJob", cron_job),
	KIND("v1", "Binding", only_metadata),
	KIND("v1", "ComponentStatus", component_status),
	KIND("v1", "Endpoints", only_metadata),
	KIND("v1", "Event", only_metadata),
	KIND("v1", "LimitRange", only_metadata),
	KIND("v1", "Namespace", with_status),
	KIND("v1", "Node", node),
	KIND("v1", "PersistentVolume", only_metadata),
	KIND("v1", "PersistentVolumeClaim", with_status),
	KIND("v1", "Pod", pod),
	KIND("v1", "PodTemplate", pod_template),
	KIND("v1", "ReplicationController", workload),
	KIND("v1", "ResourceQuota", only_metadata),
	KIND("v1", "ServiceAccount", service_account),
	KIND("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", webhooks),
	KIND("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks),
	KIND("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", webhooks),
	KIND("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", webhooks),
	KIND("apiextensions.k8s.io/v1", "CustomResourceDefinition", only_metadata),
	KIND("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", only_metadata),
	KIND("apiregistration.k8s.io/v1", "APIService", with_status),
	KIND("apiregistration.k8s.io/v1beta1", "APIService", with_status),
	KIND("authentication.k8s.io/v1", "TokenRequest", only_metadata),
	KIND("authentication.k8s.io/v1", "TokenReview", only_metadata),
	KIND("authentication.k8s.io/v1beta1", "TokenReview", only_metadata),
	KIND("authorization.k8s.io/v1", "LocalSubjectAccessReview", only_metadata),
	KIND("authorization.k8s.io/v1", "SelfSubjectAccessReview", only_metadata),
	KIND("authorization.k8s.io/v1", "SelfSubjectRulesReview", only_metadata),
	KIND("authorization.k8s.io/v1", "SubjectAccessReview", only_metadata),
	KIND("authorization.k8s.io/v1beta1", "LocalSubjectAccessReview", only_metadata),
	KIND("authorization.k8s.io/v1beta1", "SelfSubjectAccessReview", only_metadata),
	KIND("authorization.k8s.io/v1beta1", "SelfSubjectRulesReview", only_metadata),
	KIND("authorization.k8s.io/v1beta1", "SubjectAccessReview", only_metadata),
	KIND("autoscaling/v1", "HorizontalPodAutoscaler", only_metadata),
	KIND("autoscaling/v1", "Scale", only_metadata),
	KIND("autoscaling/v2beta1", "HorizontalPodAutoscaler", only_metadata),
	KIND("autoscaling/v2beta2", "HorizontalPodAutoscaler", only_metadata),
	KIND("certificates.k8s.io/v1", "CertificateSigningRequest", only_metadata),
	KIND("certificates.k8s.io/v1beta1", "CertificateSigningRequest", only_metadata),
	KIND("coordination.k8s.io/v1", "Lease", only_metadata),
	KIND("coordination.k8s.io/v1beta1", "Lease", only_metadata),
	KIND("discovery.k8s.io/v1", "EndpointSlice", only_metadata),
	KIND("discovery.k8s.io/v1beta1", "EndpointSlice", only_metadata),
	KIND("events.k8s.io/v1", "Event", only_metadata),
	KIND("events.k8s.io/v1beta1", "Event", only_metadata),
	KIND("extensions/v1beta1", "Ingress", only_metadata),
	KIND("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", only_metadata),
	KIND("flowcontrol.apiserver.k8s.io/v1beta1", "PriorityLevelConfiguration", only_metadata),
	KIND("kustomize.config.k8s.io/v1beta1", "Kustomization", kustomization),
	KIND("networking.k8s.io/v1", "Ingress", only_metadata),
	KIND("networking.k8s.io/v1", "IngressClass", only_metadata),
	KIND("networking.k8s.io/v1", "NetworkPolicy", only_metadata),
	KIND("networking.k8s.io/v1beta1", "Ingress", only_metadata),
	KIND("networking.k8s.io/v1beta1", "IngressClass", only_metadata),
	KIND("node.k8s.io/v1", "RuntimeClass", only_metadata),
	KIND("node.k8s.io/v1beta1", "RuntimeClass", only_metadata),
	KIND("policy/v1", "PodDisruptionBudget", with_status),
	KIND("policy/v1beta1", "Eviction", only_metadata),
	KIND("policy/v1beta1", "PodDisruptionBudget", with_status),
	KIND("policy/v1beta1", "PodSecurityPolicy", only_metadata),
	KIND("rbac.authorization.k8s.io/v1", "ClusterRole", only_metadata),
	KIND("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", only_metadata),
	KIND("rbac.authorization.k8s.io/v1", "Role", only_metadata),
	KIND("rbac.authorization.k8s.io/v1", "RoleBinding", only_metadata),
	KIND("rbac.authorization.k8s.io/v1beta1", "ClusterRole", only_metadata),
	KIND("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding", only_metadata),
	KIND("rbac.authorization.k8s.io/v1beta1", "Role", only_metadata),
	KIND("rbac.authorization.k8s.io/v1beta1", "RoleBinding", only_metadata),
	KIND("scheduling.k8s.io/v1", "PriorityClass", only_metadata),
	KIND("scheduling.k8s.io/v1beta1", "PriorityClass", only_metadata),
	KIND("storage.k8s.io/v1", "CSIDriver", only_metadata),
	KIND("storage.k8s.io/v1", "CSINode", csi_node),
	KIND("storage.k8s.io/v1", "StorageClass", only_metadata),
	KIND("storage.k8s.io/v1", "VolumeAttachment", only_metadata),
	KIND("storage.k8s.io/v1beta1", "CSIDriver", only_metadata),
	KIND("storage.k8s.io/v1beta1", "CSINode", csi_node),
	KIND("storage.k8s.io/v1beta1", "CSIStorageCapacity", only_metadata),
	KIND("storage.k8s.io/v1beta1", "StorageClass", only_metadata),
	KIND("storage.k8s.io/v1beta1", "VolumeAttachment", only_metadata),
};

const struct schema_type *schema_builtin_kind(const char *api_version, const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].kind, kind) == 0 && strcmp(kinds[i].api_version, api_version) == 0) {
			return &kinds[i].type;
		}
	}
	return NULL;
}

const struct schema_type *schema_builtin_field(const struct schema_type *type, const char *name)
{
	if (type->shape != MAP || !type->fields) {
		return NULL;
	}
	for (const struct schema_type *field = type->fields; field->name; field++) {
		if (strcmp(field->name, name) == 0) {
			return field;
		}
	}
	return NULL;
}

/* Kinds that have a schema, but whose scope is not in Kustomize's list, and the other way round. */
static const struct {
	const char *api_version, *kind;
	bool scope;
} scope_exceptions[] = {
	{ "v1", "Binding", false },
	{ "policy/v1beta1", "Eviction", false },
	{ "kustomize.config.k8s.io/v1beta1", "Kustomization", false },
	{ "v1", "NodeProxyOptions", true },
	{ "v1", "PodAttachOptions", true },
	{ "v1", "PodExecOptions", true },
	{ "v1", "PodPortForwardOptions", true },
	{ "v1", "PodProxyOptions", true },
	{ "v1", "ServiceProxyOptions", true },
};

bool schema_builtin_scope(const char *api_version, const char *kind)
{
	for (size_t i = 0; i < sizeof scope_exceptions / sizeof scope_exceptions[0]; i++) {
		if (strcmp(scope_exceptions[i].kind, kind) == 0 && strcmp(scope_exceptions[i].api_version, api_version) == 0) {
			return scope_exceptions[i].scope;
		}
	}
	bool review = strncmp(api_version, "authentication.", 15) == 0 || strncmp(api_version, "authorization.", 14) == 0;
	return !review && schema_builtin_kind(api_version, kind);
}

static const struct {
	const char *name;
	struct schema_type type;
} definitions[] = {
	{ "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", { .fields = object_meta } },
	{ "io.k8s.api.core.v1.PodTemplateSpec", { .fields = template } },
	{ "io.k8s.api.core.v1.PodSpec", { .fields = pod_spec } },
	{ "io.k8s.api.core.v1.Container", { .fields = container } },
	{ "io.k8s.api.core.v1.EphemeralContainer", { .fields = ephemeral_container } },
	{ "io.k8s.api.core.v1.Volume", { .fields = volume } },
	{ "io.k8s.api.core.v1.EphemeralVolumeSource", { .fields = ephemeral_volume } },
	{ "io.k8s.api.core.v1.PersistentVolumeClaimTemplate", { .fields = only_metadata } },
	{ "io.k8s.api.core.v1.PersistentVolumeClaim", { .fields = with_status } },
	{ "io.k8s.api.core.v1.Pod", { .fields = pod } },
	{ "io.k8s.api.core.v1.Service", { .fields = service } },
	{ "io.k8s.api.core.v1.ServiceSpec", { .fields = service_spec } },
	{ "io.k8s.api.core.v1.ServiceAccount", { .fields = service_account } },
	{ "io.k8s.api.core.v1.ConfigMap", { .fields = only_metadata } },
	{ "io.k8s.api.core.v1.Secret", { .fields = only_metadata } },
	{ "io.k8s.api.apps.v1.Deployment", { .fields = workload } },
	{ "io.k8s.api.apps.v1.DeploymentSpec", { .fields = with_template } },
	{ "io.k8s.api.apps.v1.DaemonSetSpec", { .fields = with_template } },
	{ "io.k8s.api.apps.v1.ReplicaSetSpec", { .fields = with_template } },
	{ "io.k8s.api.apps.v1.StatefulSetSpec", { .fields = stateful_set_spec } },
	{ "io.k8s.api.batch.v1.JobSpec", { .fields = with_template } },
	{ "io.k8s.api.batch.v1beta1.JobTemplateSpec", { .fields = job_template } },
	{ "io.k8s.api.batch.v1.JobTemplateSpec", { .fields = job_template } },
};

const struct schema_type *schema_builtin_definition(const char *name)
{
	for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++) {
		if (strcmp(definitions[i].name, name) == 0) {
			return &definitions[i].type;
		}
	}
	return NULL;
}

/* The types of the lists' items that are known further. */
static const struct schema_type item_types[] = {
	{ .fields = container },
	{ .fields = ephemeral_container },
	{ .fields = volume },
	{ .fields = with_status },
};

const struct schema_type *schema_builtin_items(const struct schema_type *type)
{
	for (size_t i = 0; type->shape != MAP && i < sizeof item_types / sizeof item_types[0]; i++) {
		if (item_types[i].fields == type->fields) {
			return &item_types[i];
		}
	}
	return NULL;
}

bool schema_builtin_merges(const struct schema_type *type)
{
	return type->shape == MERGED_LIST;
}

size_t schema_builtin_keys(const struct schema_type *type, const char **keys)
{
	size_t count = 0;
	while (count < 2 && type->keys[count]) {
		keys[count] = type->keys[count];
		count++;
	}
	return count;
}
