#include "render/scope.h"

#include <stddef.h>
#include <string.h>

#include "render/base/macros.h"

struct kind {
	const char *group;
	const char *kind;
};

/* From the API reference of Kubernetes 1.36 and earlier ones back to 1.25. */
static const struct kind cluster_kinds[] = {
	{ "", "ComponentStatus" },
	{ "", "Namespace" },
	{ "", "Node" },
	{ "", "PersistentVolume" },
	{ "admissionregistration.k8s.io", "MutatingAdmissionPolicy" },
	{ "admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding" },
	{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration" },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicy" },
	{ "admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding" },
	{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration" },
	{ "apiextensions.k8s.io", "CustomResourceDefinition" },
	{ "apiregistration.k8s.io", "APIService" },
	{ "authentication.k8s.io", "SelfSubjectReview" },
	{ "authentication.k8s.io", "TokenReview" },
	{ "authorization.k8s.io", "SelfSubjectAccessReview" },
	{ "authorization.k8s.io", "SelfSubjectRulesReview" },
	{ "authorization.k8s.io", "SubjectAccessReview" },
	{ "certificates.k8s.io", "CertificateSigningRequest" },
	{ "certificates.k8s.io", "ClusterTrustBundle" },
	{ "flowcontrol.apiserver.k8s.io", "FlowSchema" },
	{ "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration" },
	{ "internal.apiserver.k8s.io", "StorageVersion" },
	{ "networking.k8s.io", "IPAddress" },
	{ "networking.k8s.io", "IngressClass" },
	{ "networking.k8s.io", "ServiceCIDR" },
	{ "node.k8s.io", "RuntimeClass" },
	{ "policy", "PodSecurityPolicy" },
	{ "rbac.authorization.k8s.io", "ClusterRole" },
	{ "rbac.authorization.k8s.io", "ClusterRoleBinding" },
	{ "resource.k8s.io", "DeviceClass" },
	{ "resource.k8s.io", "DeviceTaintRule" },
	{ "resource.k8s.io", "ResourceSlice" },
	{ "scheduling.k8s.io", "PriorityClass" },
	{ "storage.k8s.io", "CSIDriver" },
	{ "storage.k8s.io", "CSINode" },
	{ "storage.k8s.io", "StorageClass" },
	{ "storage.k8s.io", "VolumeAttachment" },
	{ "storage.k8s.io", "VolumeAttributesClass" },
	{ "storagemigration.k8s.io", "StorageVersionMigration" },
};

/* Groups whose other kinds are namespaced. */
static const char *const own_groups[] = {
	"",
	"apps",
	"autoscaling",
	"batch",
	"policy",
	"networking.k8s.io",
	"rbac.authorization.k8s.io",
	"coordination.k8s.io",
	"discovery.k8s.io",
	"events.k8s.io",
	"storage.k8s.io",
	"resource.k8s.io",
	"certificates.k8s.io",
	"authorization.k8s.io",
};

enum scope scope_of(const char *group, const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(cluster_kinds); i++) {
		if (strcmp(cluster_kinds[i].group, group) == 0 && strcmp(cluster_kinds[i].kind, kind) == 0) {
			return SCOPE_CLUSTER;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(own_groups); i++) {
		if (strcmp(own_groups[i], group) == 0) {
			return SCOPE_NAMESPACED;
		}
	}
	return SCOPE_UNKNOWN;
}
