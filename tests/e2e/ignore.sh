#!/bin/bash
# Fields that a Sync's ignore rules name, and its targetNamespace.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

IMAGE='.spec.template.spec.containers[0].image'
RULES='  ignore: [{group: apps, kind: Deployment, name: web, paths: [/spec/template/spec/containers/0/image, /spec/replicas]}]'

# Syncs from the document with these lines in its spec.
sync_with() { # EXIT MORE [FLAG...]
	local want=$1
	sync_document "$2" >"$T/sync.yaml"
	shift 2
	plumb "$want" sync -f "$T/sync.yaml" -o json "$@"
}

# Managers that own an image, of the Deployment.
image_owners() {
	kubectl get deployment -n "$NS" web --show-managed-fields -o json |
		jq -r '[.metadata.managedFields[] | select(.fieldsV1["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"main\"}"]["f:image"]) |
			.manager] | sort | join(" ")'
}

it_gives_ignored_fields_their_first_value_and_leaves_them_then() {
	fresh
	deployment web registry.test/web:1 2 | write web.yaml
	commit 'Add web'
	sync_with 0 "$RULES"
	expect_counts 'created=1'
	expect_live deployment web "$IMAGE" registry.test/web:1
	expect_live deployment web .spec.replicas 2
	sync_with 0 "$RULES"
	expect_counts 'unchanged=1'
	kubectl set image -n "$NS" deployment/web main=registry.test/web:5 >/dev/null
	kubectl scale -n "$NS" deployment/web --replicas=3 >/dev/null
	sync_with 0 "$RULES"
	expect_counts 'unchanged=1'
	expect_live deployment web "$IMAGE" registry.test/web:5
	expect_live deployment web .spec.replicas 3
	sync_with 0 "$RULES" --verify
	expect_counts 'unchanged=1'
	deployment web registry.test/web:1 2 | sed 's/value: plain/value: other/' | write web.yaml
	commit 'Change the mode'
	sync_with 0 "$RULES"
	expect_counts 'changed=1'
	expect_live deployment web "$IMAGE" registry.test/web:5
	expect_live deployment web .spec.replicas 3
	expect_live deployment web '.spec.template.spec.containers[0].env[0].value' other
	kubectl set env -n "$NS" deployment/web MODE=bad >/dev/null
	sync_with 0 "$RULES"
	expect_counts 'healed=1'
	expect_live deployment web "$IMAGE" registry.test/web:5
}

it_does_not_reset_what_it_gives_up() {
	fresh
	deployment web registry.test/web:1 4 | write web.yaml
	commit 'Add web'
	sync_with 0 ''
	expect_eq 'owners of the image' plumb "$(image_owners)"
	deployment web registry.test/web:2 4 | sed 's/value: plain/value: other/' | write web.yaml
	commit 'Change image and mode'
	sync_document "$RULES" >"$T/sync.yaml"
	plumb 1 diff -f "$T/sync.yaml"
	expect_match diff '\+ +value: other' "$(<"$OUT")"
	expect_no_match diff 'image:|replicas:' "$(grep '^[-+]' "$OUT")"
	sync_with 0 "$RULES"
	expect_counts 'changed=1'
	expect_live deployment web "$IMAGE" registry.test/web:1
	expect_live deployment web .spec.replicas 4
	expect_eq 'owners of the image' plumb-handover "$(image_owners)"
	sync_with 0 "$RULES"
	expect_counts 'unchanged=1'
	sync_with 0 ''
	expect_live deployment web "$IMAGE" registry.test/web:2
	expect_eq 'owners of the image' plumb "$(image_owners)"
}

it_leaves_ignored_fields_to_whom_they_belong_at_first_contact() {
	fresh
	configmap cm theirs | sed "s/^data:/data:\n  note: kept/" | kubectl apply -n "$NS" -f - >/dev/null
	configmap cm ours | sed "s/^data:/data:\n  note: git/" | write cm.yaml
	commit 'Come to Git'
	sync_with 0 '  ignore: [{kind: ConfigMap, paths: [/data/note]}]'
	expect_verdict ConfigMap/cm adopted
	expect_live configmap cm .data.value ours
	expect_live configmap cm .data.note kept
	configmap cm more | sed "s/^data:/data:\n  note: git/" | write cm.yaml
	commit 'Change it'
	sync_with 0 '  ignore: [{kind: ConfigMap, paths: [/data/note]}]'
	expect_live configmap cm .data.value more
	expect_live configmap cm .data.note kept
}

it_ignores_keys_of_secrets_and_leaves_what_flux_owned() {
	fresh
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {rotated: git, fixed: one}\n' | write s.yaml
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {rotated: live, fixed: one}\n' |
		kubectl apply -n "$NS" --server-side --field-manager=kustomize-controller -f - >/dev/null
	commit 'Come to Git'
	sync_with 0 '  ignore: [{kind: Secret, paths: [/data/rotated]}]' --take-over kustomize-controller
	expect_verdict Secret/s adopted
	expect_live secret s .data.rotated "$(printf live | base64)"
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {rotated: git, fixed: two}\n' | write s.yaml
	commit 'Another value'
	sync_with 0 '  ignore: [{kind: Secret, paths: [/data/rotated]}]'
	expect_live secret s .data.rotated "$(printf live | base64)"
	expect_live secret s .data.fixed "$(printf two | base64)"
}

it_makes_a_deleted_object_anew_with_all_that_git_says() {
	fresh
	deployment web registry.test/web:1 2 | write web.yaml
	commit 'Add web'
	sync_with 0 "$RULES"
	kubectl delete deployment -n "$NS" web >/dev/null
	sync_with 0 "$RULES"
	expect_counts 'healed=1'
	expect_live deployment web "$IMAGE" registry.test/web:1
	expect_live deployment web .spec.replicas 2
}

it_puts_all_namespaced_objects_into_the_target_namespace() {
	fresh
	local home=$NS target
	namespace_new
	target=$NS NS=$home
	{
		configmap bare
		configmap named | sed "s/name: named/name: named\n  namespace: elsewhere/"
		printf -- '---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: bot, namespace: elsewhere}\n'
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: bot}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}\nsubjects: [{kind: ServiceAccount, name: bot, namespace: elsewhere}]\n'
	} | write all.yaml
	commit 'All'
	sync_with 0 "  targetNamespace: $target"
	expect_counts 'created=4'
	NS=$target
	expect_there configmap bare
	expect_there configmap named
	expect_live rolebinding bot '.subjects[0].namespace' "$target"
	expect_live configmap bare '.metadata.labels.plumb\.dev/namespace' "$home"
	NS=$home
	expect_gone configmap bare
	expect_eq 'records' 1 "$(records outcome | wc -l)"
	sync_with 0 "  targetNamespace: $target"
	expect_counts 'unchanged=4'
}

it_prunes_nothing_after_another_target_namespace_unless_it_is_told_to() {
	fresh
	local home=$NS target
	namespace_new
	target=$NS NS=$home
	configmap cm | write cm.yaml
	commit 'One'
	sync_with 0 ''
	expect_there configmap cm
	sync_with 7 "  targetNamespace: $target"$'\n  prune: true'
	expect_warning 'the target namespace changed'
	expect_there configmap cm
	sync_with 0 "  targetNamespace: $target"$'\n  prune: true' --source-changed
	expect_gone configmap cm
	NS=$target
	expect_there configmap cm
}

run_cases "$@"
