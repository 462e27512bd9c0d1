#!/bin/bash
# First contact with objects that others made: kubectl's fields are taken over, those of Flux and Argo CD with --take-over,
# any other manager's block the object. What Git leaves out and a cluster sets stays.
. "$(dirname "$0")/lib.sh"

apply() { # FLAG...
	kubectl apply -n "$NS" "$@" -f - >/dev/null
}

it_takes_over_from_kubectl_apply() {
	fresh
	{
		deployment same registry.test/web:1 1
		deployment less registry.test/web:1 3
		deployment other registry.test/web:1 0
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {keep: "1", drop: "1"}\n'
	} | apply
	kubectl rollout restart -n "$NS" deployment/less >/dev/null
	kubectl patch -n "$NS" configmap cm -p '{"data": {"theirs": "1"}}' >/dev/null
	local same ip port
	kubectl rollout status -n "$NS" deployment/same --timeout=30s >/dev/null
	same=$(live deployment same '.metadata.annotations.deployment\.kubernetes\.io/revision')
	ip=$(live service web .spec.clusterIP) port=$(live service web '.spec.ports[0].nodePort')
	{
		deployment same registry.test/web:1 1
		deployment less registry.test/web:1 '' | sed '/env:/d'
		deployment other registry.test/web:2 0
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {keep: "1"}\n'
	} | write all.yaml
	commit 'The shop comes to Git'
	sync 0
	expect_counts 'adopted=5'
	expect_eq 'revision of what is the same' "$same" "$(live deployment same '.metadata.annotations.deployment\.kubernetes\.io/revision')"
	expect_eq 'ReplicaSets of what is the same' 1 "$(kubectl get rs -n "$NS" -l app=same -o name | wc -l)"
	expect_live deployment same '.metadata.annotations.kubernetes\.io/change-cause' ''
	expect_live deployment less .spec.replicas 3
	expect_live deployment less '.spec.template.spec.containers[0].env' ''
	expect_match 'restartedAt' 20 "$(live deployment less '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt')"
	expect_live deployment other '.spec.template.spec.containers[0].image' registry.test/web:2
	expect_live service web .spec.clusterIP "$ip"
	expect_live service web '.spec.ports[0].nodePort' "$port"
	expect_live configmap cm .data.drop ''
	expect_live configmap cm .data.theirs 1
	sync 0
	expect_counts 'unchanged=5'
	expect_live deployment less .spec.replicas 3

	sed -i '/env:/d' "$WORK/all.yaml"
	commit 'Drop a field that kubectl had set'
	sync 0
	expect_live deployment same '.spec.template.spec.containers[0].env' ''
	expect_live deployment less .spec.replicas 3
}

it_takes_over_from_kubectl_create_and_server_side_apply() {
	fresh
	deployment made registry.test/web:1 0 | kubectl create -n "$NS" -f - >/dev/null
	deployment applied registry.test/web:1 0 | apply --server-side
	deployment scaled registry.test/web:1 0 | apply
	kubectl scale -n "$NS" deployment/scaled --replicas=1 >/dev/null
	{
		deployment made registry.test/web:2 0
		deployment applied registry.test/web:2 0
		deployment scaled registry.test/web:1 ''
	} | write all.yaml
	commit 'Come to Git'
	sync 0
	expect_counts 'adopted=3'
	expect_live deployment scaled .spec.replicas 1
	sed -i '/env:/d' "$WORK/all.yaml"
	commit 'Drop a field'
	sync 0
	expect_live deployment made '.spec.template.spec.containers[0].env' ''
	expect_live deployment applied '.spec.template.spec.containers[0].env' ''
	expect_live deployment scaled .spec.replicas 1
}

it_absorbs_before_first_apply() {
	fresh
	kubectl create configmap -n "$NS" old --from-literal=keep=1 --from-literal=drop=1 >/dev/null
	kubectl get configmap -n "$NS" old -o json | jq '.metadata.managedFields = [{}]' | kubectl replace -f - >/dev/null
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata: {keep: "1", drop: "1"}\n' | write cm.yaml
	commit 'Both'
	sync 0
	expect_verdict ConfigMap/old adopted
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata: {keep: "1"}\n' | write cm.yaml
	commit 'One'
	sync 0
	expect_live configmap old .data '{"keep":"1"}'
}

it_blocks_what_another_manager_sets_until_it_is_named() {
	fresh
	{
		deployment web registry.test/web:1 2
		configmap cm theirs
		configmap equal
	} | apply --server-side --field-manager=kustomize-controller
	configmap argo theirs | apply --field-manager=argocd-controller
	{
		deployment web registry.test/web:2 '' | sed '/env:/d'
		configmap cm ours
		configmap equal
		configmap argo ours
		configmap new
	} | write all.yaml
	commit 'Come to Git'
	sync 7
	expect_verdict Deployment/web blocked kustomize-controller
	expect_verdict ConfigMap/cm blocked kustomize-controller
	expect_verdict ConfigMap/argo blocked argocd-controller
	expect_verdict ConfigMap/equal adopted
	expect_verdict ConfigMap/new created
	expect_live configmap cm .data.value theirs
	expect_live configmap cm '.metadata.labels.plumb\.dev/name' ''
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:1
	sync 0 --take-over kustomize-controller --take-over argocd-controller
	expect_verdict Deployment/web adopted
	expect_verdict ConfigMap/cm adopted
	expect_verdict ConfigMap/argo adopted
	expect_live configmap cm .data.value ours
	expect_live configmap argo .data.value ours
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
	expect_live deployment web '.spec.template.spec.containers[0].env' ''
	expect_live deployment web .spec.replicas 2
	expect_no_match 'managers of cm' kustomize-controller \
		"$(kubectl get configmap -n "$NS" cm --show-managed-fields -o 'jsonpath={.metadata.managedFields[*].manager}')"
	sync 0
	expect_counts 'unchanged=5'
}

it_takes_by_force_what_the_manifest_says() {
	fresh
	configmap cm theirs | apply --server-side --field-manager=somebody
	configmap cm ours | write cm.yaml
	commit 'Come to Git'
	sync 7
	expect_verdict ConfigMap/cm blocked somebody
	configmap cm ours | sed 's|name: cm|name: cm\n  annotations: {plumb.dev/conflicts: force}|' | write cm.yaml
	commit 'By force'
	sync 0
	expect_live configmap cm .data.value ours
	configmap cm again | apply --server-side --field-manager=somebody --force-conflicts
	sync 0
	expect_verdict ConfigMap/cm healed
	expect_live configmap cm .data.value ours
}

it_heals_with_force_after_the_first_contact() {
	fresh
	configmap cm ours | write cm.yaml
	commit 'Add it'
	sync 0
	configmap cm theirs | apply --server-side --field-manager=kustomize-controller --force-conflicts
	sync 0
	expect_verdict ConfigMap/cm healed kustomize-controller
	expect_live configmap cm .data.value ours
}

run_cases "$@"
