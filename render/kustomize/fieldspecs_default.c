/*
 * Kustomize 5.8.1's own tables of fields, in a form of our own: kinds that have a pod specification at different places are named
 * once. A kind reads [group/]Kind[@version]; what is not said is any.
 *
 * One entry of upstream's is left out: that an Ingress names its IngressClass. It asks for a group that no object can have.
 */
#include <string.h>

#include "render/kustomize/fieldspec.h"

/* Where a kind has its pod specification. */
struct pod_place {
	const char *kind, *path;
};

#define TEMPLATE "spec/template/spec/"
#define CRON_TEMPLATE "spec/jobTemplate/spec/template/spec/"

/* Which of them are looked at differs by what is looked for. */
static const struct pod_place mounting[] = {
	{ "Pod@v1", "spec/" },      { "PodTemplate", "template/spec/" }, { "Deployment", TEMPLATE },
	{ "ReplicaSet", TEMPLATE }, { "DaemonSet", TEMPLATE },           { "StatefulSet", TEMPLATE },
	{ "Job", TEMPLATE },        { "CronJob", CRON_TEMPLATE },        { NULL, NULL },
};
static const struct pod_place running[] = {
	{ "Pod", "spec/" },  { "StatefulSet", TEMPLATE }, { "Deployment", TEMPLATE },   { "ReplicationController", TEMPLATE },
	{ "Job", TEMPLATE }, { "DaemonSet", TEMPLATE },   { "CronJob", CRON_TEMPLATE }, { NULL, NULL },
};
static const struct pod_place expanding[] = {
	{ "CronJob", CRON_TEMPLATE }, { "DaemonSet", TEMPLATE },  { "Deployment", TEMPLATE },  { "Job", TEMPLATE },
	{ "Pod", "spec/" },           { "ReplicaSet", TEMPLATE }, { "StatefulSet", TEMPLATE }, { NULL, NULL },
};

/* Paths, each for a list of kinds, or for places where pods are. */
struct row {
	const char *kinds; /* separated by spaces; NULL: see `pods` */
	const char *path;
	bool create;
	const struct pod_place *pods;
};

#define END_OF_ROWS \
	{ \
		.path = NULL \
	}
#define ANY "*"

static const struct row name_rows[] = { { ANY, "metadata/name", false, NULL }, END_OF_ROWS };

#define AFFINITY "spec/template/spec/affinity/"
#define PREFERRED "/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"
#define REQUIRED "/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"

static const struct row selector_rows[] = {
	{ "Service@v1 ReplicationController@v1", "spec/selector", true, NULL },
	{ "Deployment ReplicaSet DaemonSet apps/StatefulSet", "spec/selector/matchLabels", true, NULL },
	{ "batch/Job policy/PodDisruptionBudget", "spec/selector/matchLabels", false, NULL },
	{ "apps/Deployment apps/StatefulSet", AFFINITY "podAffinity" PREFERRED, false, NULL },
	{ "apps/Deployment apps/StatefulSet", AFFINITY "podAffinity" REQUIRED, false, NULL },
	{ "apps/Deployment apps/StatefulSet", AFFINITY "podAntiAffinity" PREFERRED, false, NULL },
	{ "apps/Deployment apps/StatefulSet", AFFINITY "podAntiAffinity" REQUIRED, false, NULL },
	{ "apps/Deployment apps/StatefulSet", TEMPLATE "topologySpreadConstraints/labelSelector/matchLabels", false, NULL },
	{ "batch/CronJob", "spec/jobTemplate/spec/selector/matchLabels", false, NULL },
	{ "networking.k8s.io/NetworkPolicy", "spec/podSelector/matchLabels", false, NULL },
	{ "networking.k8s.io/NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false, NULL },
	{ "networking.k8s.io/NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false, NULL },
	END_OF_ROWS,
};

static const struct row label_rows[] = {
	{ ANY, "metadata/labels", true, NULL },
	{ "ReplicationController@v1 Deployment ReplicaSet DaemonSet apps/StatefulSet batch/Job", "spec/template/metadata/labels",
	  true, NULL },
	{ "apps/StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true, NULL },
	{ "batch/CronJob", "spec/jobTemplate/metadata/labels", true, NULL },
	{ "batch/CronJob", "spec/jobTemplate/spec/template/metadata/labels", true, NULL },
	END_OF_ROWS,
};

static const struct row annotation_rows[] = {
	{ ANY, "metadata/annotations", true, NULL },
	{ "ReplicationController@v1 Deployment ReplicaSet DaemonSet StatefulSet batch/Job", "spec/template/metadata/annotations",
	  true, NULL },
	{ "batch/CronJob", "spec/jobTemplate/metadata/annotations", true, NULL },
	{ "batch/CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true, NULL },
	END_OF_ROWS,
};

static const struct row namespace_rows[] = {
	{ "Namespace", "metadata/name", true, NULL },
	{ "apiregistration.k8s.io/APIService", "spec/service/namespace", true, NULL },
	{ "apiextensions.k8s.io/CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false, NULL },
	END_OF_ROWS,
};

static const struct row image_rows[] = {
	{ ANY, "spec/containers[]/image", true, NULL },
	{ ANY, "spec/initContainers[]/image", true, NULL },
	{ ANY, "spec/volumes[]/image/reference", true, NULL },
	{ ANY, TEMPLATE "containers[]/image", true, NULL },
	{ ANY, TEMPLATE "initContainers[]/image", true, NULL },
	{ ANY, TEMPLATE "volumes[]/image/reference", true, NULL },
	END_OF_ROWS,
};

static const struct row replica_rows[] = {
	{ "Deployment ReplicationController ReplicaSet StatefulSet", "spec/replicas", true, NULL },
	END_OF_ROWS,
};

static const struct row var_rows[] = {
	{ NULL, "containers/args", false, expanding },
	{ NULL, "containers/command", false, expanding },
	{ NULL, "containers/env/value", false, expanding },
	{ NULL, "containers/volumeMounts/mountPath", false, expanding },
	{ NULL, "initContainers/args", false, expanding },
	{ NULL, "initContainers/command", false, expanding },
	{ NULL, "initContainers/env/value", false, expanding },
	{ NULL, "initContainers/volumeMounts/mountPath", false, expanding },
	{ "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server", false, NULL },
	{ "DaemonSet Deployment Job ReplicaSet", TEMPLATE "volumes/nfs/server", false, NULL },
	{ "Deployment", "spec/template/metadata/annotations", false, NULL },
	{ "Ingress", "spec/rules/host", false, NULL },
	{ "Ingress", "spec/tls/hosts", false, NULL },
	{ "Ingress", "spec/tls/secretName", false, NULL },
	{ "Pod", "spec/volumes/nfs/server", false, NULL },
	{ "Service", "spec/ports/port", false, NULL },
	{ "Service", "spec/ports/targetPort", false, NULL },
	{ "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false, NULL },
	{ "PersistentVolume", "spec/nfs/server", false, NULL },
	{ ANY, "metadata/labels", false, NULL },
	{ ANY, "metadata/annotations", false, NULL },
	END_OF_ROWS,
};

/* --- who names whom ---------------------------------------------------------------------------------------------- */

static const struct row scale_target[] = {
	{ "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false, NULL },
	END_OF_ROWS,
};

static const struct row config_map_rows[] = {
	{ NULL, "volumes/configMap/name", false, mounting },
	{ NULL, "containers/env/valueFrom/configMapKeyRef/name", false, mounting },
	{ NULL, "initContainers/env/valueFrom/configMapKeyRef/name", false, mounting },
	{ NULL, "containers/envFrom/configMapRef/name", false, mounting },
	{ NULL, "initContainers/envFrom/configMapRef/name", false, mounting },
	{ NULL, "volumes/projected/sources/configMap/name", false, mounting },
	{ "Node", "spec/configSource/configMap", false, NULL },
	{ "Role ClusterRole", "rules/resourceNames", false, NULL },
	{ "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", false, NULL },
	END_OF_ROWS,
};

static const struct row secret_rows[] = {
	{ NULL, "volumes/secret/secretName", false, mounting },
	{ NULL, "containers/env/valueFrom/secretKeyRef/name", false, mounting },
	{ NULL, "initContainers/env/valueFrom/secretKeyRef/name", false, mounting },
	{ NULL, "containers/envFrom/secretRef/name", false, mounting },
	{ NULL, "initContainers/envFrom/secretRef/name", false, mounting },
	{ NULL, "imagePullSecrets/name", false, mounting },
	{ NULL, "volumes/projected/sources/secret/name", false, mounting },
	{ "serving.knative.dev/Service@v1", TEMPLATE "containers/env/valueFrom/secretKeyRef/name", false, NULL },
	{ "Ingress", "spec/tls/secretName", false, NULL },
	{ "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret", false, NULL },
	{ "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", false, NULL },
	{ "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", false, NULL },
	{ "ServiceAccount", "imagePullSecrets/name", false, NULL },
	{ "StorageClass", "parameters/secretName", false, NULL },
	{ "StorageClass", "parameters/adminSecretName", false, NULL },
	{ "StorageClass", "parameters/userSecretName", false, NULL },
	{ "StorageClass", "parameters/secretRef", false, NULL },
	{ "Role ClusterRole", "rules/resourceNames", false, NULL },
	{ "PersistentVolume", "spec/azureFile/secretName", false, NULL },
	END_OF_ROWS,
};

static const struct row service_rows[] = {
	{ "apps/StatefulSet", "spec/serviceName", false, NULL },
	{ "Ingress", "spec/rules/http/paths/backend/serviceName", false, NULL },
	{ "Ingress", "spec/backend/serviceName", false, NULL },
	{ "Ingress", "spec/rules/http/paths/backend/service/name", false, NULL },
	{ "Ingress", "spec/defaultBackend/service/name", false, NULL },
	{ "apiregistration.k8s.io/APIService", "spec/service/name", false, NULL },
	{ "admissionregistration.k8s.io/ValidatingWebhookConfiguration admissionregistration.k8s.io/MutatingWebhookConfiguration",
	  "webhooks/clientConfig/service", false, NULL },
	END_OF_ROWS,
};

#define RBAC "rbac.authorization.k8s.io/"

static const struct row role_rows[] = { { RBAC "RoleBinding", "roleRef/name", false, NULL }, END_OF_ROWS };
static const struct row cluster_role_rows[] = {
	{ RBAC "RoleBinding " RBAC "ClusterRoleBinding", "roleRef/name", false, NULL },
	END_OF_ROWS,
};
static const struct row service_account_rows[] = {
	{ RBAC "RoleBinding " RBAC "ClusterRoleBinding", "subjects", false, NULL },
	{ NULL, "serviceAccountName", false, running },
	END_OF_ROWS,
};
static const struct row claim_rows[] = { { NULL, "volumes/persistentVolumeClaim/claimName", false, running }, END_OF_ROWS };
static const struct row volume_rows[] = {
	{ "PersistentVolumeClaim", "spec/volumeName", false, NULL },
	{ "ClusterRole", "rules/resourceNames", false, NULL },
	END_OF_ROWS,
};
static const struct row storage_class_rows[] = {
	{ "PersistentVolume PersistentVolumeClaim", "spec/storageClassName", false, NULL },
	{ "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false, NULL },
	END_OF_ROWS,
};
static const struct row priority_class_rows[] = { { NULL, "priorityClassName", false, running }, END_OF_ROWS };
static const struct row policy_rows[] = {
	{ "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", "spec/policyName", false, NULL },
	END_OF_ROWS,
};

static const struct {
	const char *kind;
	const struct row *rows;
} references[] = {
	{ "Deployment", scale_target },
	{ "ReplicationController", scale_target },
	{ "ReplicaSet", scale_target },
	{ "StatefulSet", scale_target },
	{ "ConfigMap@v1", config_map_rows },
	{ "Secret@v1", secret_rows },
	{ "Service@v1", service_rows },
	{ RBAC "Role", role_rows },
	{ RBAC "ClusterRole", cluster_role_rows },
	{ "ServiceAccount@v1", service_account_rows },
	{ "PersistentVolumeClaim@v1", claim_rows },
	{ "PersistentVolume@v1", volume_rows },
	{ "storage.k8s.io/StorageClass@v1", storage_class_rows },
	{ "scheduling.k8s.io/PriorityClass@v1", priority_class_rows },
	{ "admissionregistration.k8s.io/ValidatingAdmissionPolicy", policy_rows },
};

/* --- making lists of them ---------------------------------------------------------------------------------------- */

static struct gvk parse_kind(struct arena *arena, const char *text, size_t len)
{
	if (len == 1 && *text == '*') {
		return (struct gvk){ "", "", "" };
	}
	const char *end = text + len;
	const char *slash = memchr(text, '/', len);
	const char *kind = slash ? slash + 1 : text;
	const char *at = memchr(kind, '@', (size_t)(end - kind));
	const char *kind_end = at ? at : end;
	return (struct gvk){
		.group = slash ? arena_text_len(arena, text, (size_t)(slash - text)) : "",
		.version = at ? arena_text_len(arena, at + 1, (size_t)(end - at - 1)) : "",
		.kind = arena_text_len(arena, kind, (size_t)(kind_end - kind)),
	};
}

enum { MOST_SPECS = 128 };

static void add_row(struct arena *arena, struct fieldspecs *specs, const struct row *row)
{
	for (const struct pod_place *place = row->pods; place && place->kind; place++) {
		specs->items[specs->count++] = (struct fieldspec){
			.gvk = parse_kind(arena, place->kind, strlen(place->kind)),
			.path = arena_printf(arena, "%s%s", place->path, row->path),
			.create = row->create,
		};
	}
	for (const char *kind = row->kinds; kind && *kind; kind += strcspn(kind, " "), kind += strspn(kind, " ")) {
		struct gvk gvk = parse_kind(arena, kind, strcspn(kind, " "));
		specs->items[specs->count++] = (struct fieldspec){ gvk, row->path, row->create };
	}
}

static void add_rows(struct arena *arena, struct fieldspecs *specs, const struct row *rows)
{
	if (!specs->items) {
		specs->items = arena_new(arena, MOST_SPECS, sizeof *specs->items);
		specs->set = true;
	}
	for (; rows->path; rows++) {
		add_row(arena, specs, rows);
	}
}

void field_config_default(struct arena *arena, struct field_config *out)
{
	*out = (struct field_config){ .labels = { .set = false } };
	add_rows(arena, &out->name_prefix, name_rows);
	add_rows(arena, &out->name_suffix, name_rows);
	add_rows(arena, &out->namespace_, namespace_rows);
	add_rows(arena, &out->common_labels, selector_rows);
	add_rows(arena, &out->common_labels, label_rows);
	add_rows(arena, &out->template_labels, label_rows);
	add_rows(arena, &out->common_annotations, annotation_rows);
	add_rows(arena, &out->var_reference, var_rows);
	add_rows(arena, &out->images, image_rows);
	add_rows(arena, &out->replicas, replica_rows);
	struct name_references *names = &out->name_reference;
	names->items = arena_new(arena, ARRAY_LEN(references), sizeof *names->items);
	names->set = true;
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		struct name_reference *reference = &names->items[names->count++];
		reference->gvk = parse_kind(arena, references[i].kind, strlen(references[i].kind));
		add_rows(arena, &reference->referrers, references[i].rows);
	}
	field_config_sort(out);
}
