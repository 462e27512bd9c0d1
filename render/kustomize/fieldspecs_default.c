/*
 * Kustomize 5.8.1's own tables of fields, in the order that it sorts them into: a list by kind (that of id.h, then by group,
 * version and kind; among equals as Go's sort leaves them), who names whom by the kind that is named. Constant, so that a build
 * does nothing to have them.
 *
 * One entry of upstream's is left out: that an Ingress names its IngressClass. It asks for a group that no object can have.
 */
#include "render/kustomize/fieldspec.h"

/* A field of a kind, "" for any group, version or kind; and one that is made where it is not there. */
#define FIELD(group, version, kind, path) \
	{ \
		{ group, version, kind }, path, false \
	}
#define MADE(group, version, kind, path) \
	{ \
		{ group, version, kind }, path, true \
	}

/* Where a kind has its pod specification. */
#define TEMPLATE "spec/template/spec/"
#define CRON_TEMPLATE "spec/jobTemplate/spec/template/spec/"

#define LIST(table) \
	{ \
		.items = (table), .count = ARRAY_LEN(table), .set = true \
	}

static const struct fieldspec names[] = { FIELD("", "", "", "metadata/name") };

/* --- labels and annotations --------------------------------------------------------------------------------------- */

#define PREFERRED "/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"
#define REQUIRED "/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"
#define OTHER_PODS(kind) \
	FIELD("apps", "", kind, TEMPLATE "affinity/podAffinity" PREFERRED), \
		FIELD("apps", "", kind, TEMPLATE "affinity/podAffinity" REQUIRED), \
		FIELD("apps", "", kind, TEMPLATE "affinity/podAntiAffinity" PREFERRED), \
		FIELD("apps", "", kind, TEMPLATE "affinity/podAntiAffinity" REQUIRED), \
		FIELD("apps", "", kind, TEMPLATE "topologySpreadConstraints/labelSelector/matchLabels")

static const struct fieldspec common_labels[] = {
	MADE("", "v1", "Service", "spec/selector"),
	OTHER_PODS("Deployment"),
	MADE("", "", "Deployment", "spec/template/metadata/labels"),
	MADE("", "", "Deployment", "spec/selector/matchLabels"),
	MADE("apps", "", "StatefulSet", "spec/selector/matchLabels"),
	MADE("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
	OTHER_PODS("StatefulSet"),
	MADE("apps", "", "StatefulSet", "spec/template/metadata/labels"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
	FIELD("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
	FIELD("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels"),
	FIELD("batch", "", "Job", "spec/selector/matchLabels"),
	MADE("batch", "", "Job", "spec/template/metadata/labels"),
	FIELD("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
	FIELD("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
	FIELD("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"),
	MADE("", "v1", "ReplicationController", "spec/template/metadata/labels"),
	MADE("", "v1", "ReplicationController", "spec/selector"),
	MADE("", "", "DaemonSet", "spec/template/metadata/labels"),
	MADE("", "", "DaemonSet", "spec/selector/matchLabels"),
	MADE("", "", "ReplicaSet", "spec/template/metadata/labels"),
	MADE("", "", "ReplicaSet", "spec/selector/matchLabels"),
	MADE("", "", "", "metadata/labels"),
};

static const struct fieldspec template_labels[] = {
	MADE("", "", "Deployment", "spec/template/metadata/labels"),
	MADE("apps", "", "StatefulSet", "spec/template/metadata/labels"),
	MADE("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/metadata/labels"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels"),
	MADE("batch", "", "Job", "spec/template/metadata/labels"),
	MADE("", "v1", "ReplicationController", "spec/template/metadata/labels"),
	MADE("", "", "DaemonSet", "spec/template/metadata/labels"),
	MADE("", "", "ReplicaSet", "spec/template/metadata/labels"),
	MADE("", "", "", "metadata/labels"),
};

static const struct fieldspec common_annotations[] = {
	MADE("", "", "Deployment", "spec/template/metadata/annotations"),
	MADE("", "", "StatefulSet", "spec/template/metadata/annotations"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations"),
	MADE("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations"),
	MADE("batch", "", "Job", "spec/template/metadata/annotations"),
	MADE("", "v1", "ReplicationController", "spec/template/metadata/annotations"),
	MADE("", "", "DaemonSet", "spec/template/metadata/annotations"),
	MADE("", "", "ReplicaSet", "spec/template/metadata/annotations"),
	MADE("", "", "", "metadata/annotations"),
};

/* --- namespaces, images, replicas, vars --------------------------------------------------------------------------- */

static const struct fieldspec namespaces[] = {
	MADE("", "", "Namespace", "metadata/name"),
	FIELD("apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace"),
	MADE("apiregistration.k8s.io", "", "APIService", "spec/service/namespace"),
};

static const struct fieldspec images[] = {
	MADE("", "", "", "spec/containers[]/image"),         MADE("", "", "", "spec/initContainers[]/image"),
	MADE("", "", "", "spec/volumes[]/image/reference"),  MADE("", "", "", TEMPLATE "containers[]/image"),
	MADE("", "", "", TEMPLATE "initContainers[]/image"), MADE("", "", "", TEMPLATE "volumes[]/image/reference"),
};

static const struct fieldspec replicas[] = {
	MADE("", "", "Deployment", "spec/replicas"),
	MADE("", "", "StatefulSet", "spec/replicas"),
	MADE("", "", "ReplicaSet", "spec/replicas"),
	MADE("", "", "ReplicationController", "spec/replicas"),
};

#define EXPANDED(kind, pod) \
	FIELD("", "", kind, pod "containers/args"), FIELD("", "", kind, pod "containers/command"), \
		FIELD("", "", kind, pod "containers/env/value"), FIELD("", "", kind, pod "containers/volumeMounts/mountPath"), \
		FIELD("", "", kind, pod "initContainers/args"), FIELD("", "", kind, pod "initContainers/command"), \
		FIELD("", "", kind, pod "initContainers/env/value"), FIELD("", "", kind, pod "initContainers/volumeMounts/mountPath")

static const struct fieldspec var_references[] = {
	FIELD("", "", "Service", "spec/ports/port"),
	FIELD("", "", "Service", "spec/ports/targetPort"),
	FIELD("", "", "PersistentVolume", "spec/nfs/server"),
	EXPANDED("Deployment", TEMPLATE),
	FIELD("", "", "Deployment", TEMPLATE "volumes/nfs/server"),
	FIELD("", "", "Deployment", "spec/template/metadata/annotations"),
	EXPANDED("StatefulSet", TEMPLATE),
	FIELD("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
	EXPANDED("CronJob", CRON_TEMPLATE),
	FIELD("", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
	EXPANDED("DaemonSet", TEMPLATE),
	FIELD("", "", "DaemonSet", TEMPLATE "volumes/nfs/server"),
	FIELD("", "", "Ingress", "spec/rules/host"),
	FIELD("", "", "Ingress", "spec/tls/hosts"),
	FIELD("", "", "Ingress", "spec/tls/secretName"),
	EXPANDED("Job", TEMPLATE),
	FIELD("", "", "Job", TEMPLATE "volumes/nfs/server"),
	EXPANDED("Pod", "spec/"),
	FIELD("", "", "Pod", "spec/volumes/nfs/server"),
	EXPANDED("ReplicaSet", TEMPLATE),
	FIELD("", "", "ReplicaSet", TEMPLATE "volumes/nfs/server"),
	FIELD("", "", "", "metadata/labels"),
	FIELD("", "", "", "metadata/annotations"),
};

/* --- who names whom ---------------------------------------------------------------------------------------------- */

/* In pods, wherever a kind has them; which kinds are looked at differs by what is named. */
#define MOUNTED(path) \
	FIELD("", "v1", "Pod", "spec/" path), FIELD("", "", "PodTemplate", "template/spec/" path), \
		FIELD("", "", "Deployment", TEMPLATE path), FIELD("", "", "ReplicaSet", TEMPLATE path), \
		FIELD("", "", "DaemonSet", TEMPLATE path), FIELD("", "", "StatefulSet", TEMPLATE path), \
		FIELD("", "", "Job", TEMPLATE path), FIELD("", "", "CronJob", CRON_TEMPLATE path)
#define RUN_WITH(path) \
	FIELD("", "", "Pod", "spec/" path), FIELD("", "", "StatefulSet", TEMPLATE path), FIELD("", "", "Deployment", TEMPLATE path), \
		FIELD("", "", "ReplicationController", TEMPLATE path), FIELD("", "", "Job", TEMPLATE path), \
		FIELD("", "", "DaemonSet", TEMPLATE path), FIELD("", "", "CronJob", CRON_TEMPLATE path)

#define RBAC "rbac.authorization.k8s.io"
#define ADMISSION "admissionregistration.k8s.io"

static const struct fieldspec scaled[] = { FIELD("", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name") };

static const struct fieldspec config_maps[] = {
	MOUNTED("volumes/configMap/name"),
	MOUNTED("containers/env/valueFrom/configMapKeyRef/name"),
	MOUNTED("initContainers/env/valueFrom/configMapKeyRef/name"),
	MOUNTED("containers/envFrom/configMapRef/name"),
	MOUNTED("initContainers/envFrom/configMapRef/name"),
	MOUNTED("volumes/projected/sources/configMap/name"),
	FIELD("", "", "Node", "spec/configSource/configMap"),
	FIELD("", "", "Role", "rules/resourceNames"),
	FIELD("", "", "ClusterRole", "rules/resourceNames"),
	FIELD("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"),
};

static const struct fieldspec secrets[] = {
	MOUNTED("volumes/secret/secretName"),
	MOUNTED("containers/env/valueFrom/secretKeyRef/name"),
	MOUNTED("initContainers/env/valueFrom/secretKeyRef/name"),
	MOUNTED("containers/envFrom/secretRef/name"),
	MOUNTED("initContainers/envFrom/secretRef/name"),
	MOUNTED("imagePullSecrets/name"),
	MOUNTED("volumes/projected/sources/secret/name"),
	FIELD("serving.knative.dev", "v1", "Service", TEMPLATE "containers/env/valueFrom/secretKeyRef/name"),
	FIELD("", "", "Ingress", "spec/tls/secretName"),
	FIELD("", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret"),
	FIELD("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret"),
	FIELD("", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret"),
	FIELD("", "", "ServiceAccount", "imagePullSecrets/name"),
	FIELD("", "", "StorageClass", "parameters/secretName"),
	FIELD("", "", "StorageClass", "parameters/adminSecretName"),
	FIELD("", "", "StorageClass", "parameters/userSecretName"),
	FIELD("", "", "StorageClass", "parameters/secretRef"),
	FIELD("", "", "Role", "rules/resourceNames"),
	FIELD("", "", "ClusterRole", "rules/resourceNames"),
	FIELD("", "", "PersistentVolume", "spec/azureFile/secretName"),
};

static const struct fieldspec services[] = {
	FIELD("apps", "", "StatefulSet", "spec/serviceName"),
	FIELD("", "", "Ingress", "spec/rules/http/paths/backend/serviceName"),
	FIELD("", "", "Ingress", "spec/backend/serviceName"),
	FIELD("", "", "Ingress", "spec/rules/http/paths/backend/service/name"),
	FIELD("", "", "Ingress", "spec/defaultBackend/service/name"),
	FIELD("apiregistration.k8s.io", "", "APIService", "spec/service/name"),
	FIELD(ADMISSION, "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
	FIELD(ADMISSION, "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
};

static const struct fieldspec roles[] = { FIELD(RBAC, "", "RoleBinding", "roleRef/name") };

static const struct fieldspec cluster_roles[] = {
	FIELD(RBAC, "", "RoleBinding", "roleRef/name"),
	FIELD(RBAC, "", "ClusterRoleBinding", "roleRef/name"),
};

static const struct fieldspec service_accounts[] = {
	FIELD(RBAC, "", "RoleBinding", "subjects"),
	FIELD(RBAC, "", "ClusterRoleBinding", "subjects"),
	RUN_WITH("serviceAccountName"),
};

static const struct fieldspec claims[] = { RUN_WITH("volumes/persistentVolumeClaim/claimName") };

static const struct fieldspec volumes[] = {
	FIELD("", "", "PersistentVolumeClaim", "spec/volumeName"),
	FIELD("", "", "ClusterRole", "rules/resourceNames"),
};

static const struct fieldspec storage_classes[] = {
	FIELD("", "", "PersistentVolume", "spec/storageClassName"),
	FIELD("", "", "PersistentVolumeClaim", "spec/storageClassName"),
	FIELD("", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"),
};

static const struct fieldspec priority_classes[] = { RUN_WITH("priorityClassName") };

static const struct fieldspec admission_policies[] = {
	FIELD(ADMISSION, "", "ValidatingAdmissionPolicyBinding", "spec/policyName"),
};

static const struct name_reference references[] = {
	{ { "storage.k8s.io", "v1", "StorageClass" }, LIST(storage_classes) },
	{ { "", "v1", "ServiceAccount" }, LIST(service_accounts) },
	{ { RBAC, "", "Role" }, LIST(roles) },
	{ { RBAC, "", "ClusterRole" }, LIST(cluster_roles) },
	{ { "", "v1", "ConfigMap" }, LIST(config_maps) },
	{ { "", "v1", "Secret" }, LIST(secrets) },
	{ { "", "v1", "Service" }, LIST(services) },
	{ { "scheduling.k8s.io", "v1", "PriorityClass" }, LIST(priority_classes) },
	{ { "", "v1", "PersistentVolume" }, LIST(volumes) },
	{ { "", "v1", "PersistentVolumeClaim" }, LIST(claims) },
	{ { "", "", "Deployment" }, LIST(scaled) },
	{ { "", "", "StatefulSet" }, LIST(scaled) },
	{ { ADMISSION, "", "ValidatingAdmissionPolicy" }, LIST(admission_policies) },
	{ { "", "", "ReplicaSet" }, LIST(scaled) },
	{ { "", "", "ReplicationController" }, LIST(scaled) },
};

static const struct field_config defaults = {
	.name_prefix = LIST(names),
	.name_suffix = LIST(names),
	.namespace_ = LIST(namespaces),
	.common_labels = LIST(common_labels),
	.template_labels = LIST(template_labels),
	.common_annotations = LIST(common_annotations),
	.name_reference = LIST(references),
	.var_reference = LIST(var_references),
	.images = LIST(images),
	.replicas = LIST(replicas),
};

const struct field_config *field_config_default(void)
{
	return &defaults;
}
