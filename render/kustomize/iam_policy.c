#include "render/kustomize/iam_policy.h"

#include <stddef.h>
#include <string.h>

#include "render/kustomize/decode.h"
#include "render/kustomize/read.h"

struct account {
	const char *name;
	const char *project;
};

static const struct field account_fields[] = {
	{ "name", FIELD_TEXT, offsetof(struct account, name), NULL },
	{ "projectId", FIELD_TEXT, offsetof(struct account, project), NULL },
};
static const struct shape account_shape = {
	.name = "a serviceAccount", .size = sizeof(struct account), .fields = account_fields, .count = ARRAY_LEN(account_fields)
};

struct policy {
	const char *cloud;
	struct object_meta service; /* its name and namespace */
	struct account account;
};

static const struct field policy_fields[] = {
	{ "cloud", FIELD_TEXT, offsetof(struct policy, cloud), NULL },
	{ "kubernetesService", FIELD_STRUCT, offsetof(struct policy, service), &shape_object_meta },
	{ "serviceAccount", FIELD_STRUCT, offsetof(struct policy, account), &account_shape },
};
static const struct shape policy_shape = {
	.name = "an IAMPolicyGenerator", .size = sizeof(struct policy), .fields = policy_fields, .count = ARRAY_LEN(policy_fields)
};

/* Upstream puts the values into a text that it reads again, and so what they mean shows there. */
bool iam_policy_generate(const struct build *build, const char *file, const struct tree *config, struct resmap *out,
                         struct err *err)
{
	struct decoder decoder = { .arena = build->arena, .file = file };
	struct policy policy;
	if (!decode(&decoder, &policy_shape, config, &policy, err)) {
		return false;
	}
	if (strcmp(policy.cloud, "gke") != 0) {
		return err_set(err, ERR_INPUT, "cloud: must be gke");
	}
	const char *text = arena_printf(build->arena,
	                                "\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n"
	                                "    iam.gke.io/gcp-service-account: %s@%s.iam.gserviceaccount.com\n  name: %s\n%s%s",
	                                policy.account.name, policy.account.project, policy.service.name,
	                                *policy.service.ns ? "\n  namespace: " : "", policy.service.ns);
	struct tree *root;
	if (!tree_read_made(build, file, text, &root, err)) {
		return false;
	}
	if (!tree_is_empty(root)) {
		resmap_add(out, resource_new(build->arena, root, NULL));
	}
	return true;
}
