#!/bin/bash
# What somebody else does to an object is healed where it touches what Git sets, and left alone where it does not.
. "$(dirname "$0")/lib.sh"

IMAGE='.spec.template.spec.containers[0].image'

# Deployments without replicas, so that nothing but the API server is busy.
many() { # NAME...
	local one
	for one; do
		deployment "$one" registry.test/web:1 0
	done
}

it_heals_what_others_changed_in_deployments() {
	fresh
	many set-image edited scaled labeled patched replaced removed deleted undone relabeled emptied noted | write web.yaml
	commit 'Add them'
	sync 0
	sed -i '/name: undone$/,/image:/ s/web:1/web:2/' "$WORK/web.yaml"
	sed -i 's|name: noted$|name: noted\n  annotations: {team: shop}|' "$WORK/web.yaml"
	commit 'Raise one image'
	sync 0
	expect_counts 'changed=2 unchanged=10'
	eventually 20 'the second revision' is_live deployment undone '.metadata.annotations.deployment\.kubernetes\.io/revision' 2

	kubectl set image -n "$NS" deployment/set-image main=registry.test/evil:1 >/dev/null
	KUBE_EDITOR='sed -i s/web:1/evil:1/' kubectl edit -n "$NS" deployment edited >/dev/null
	kubectl scale -n "$NS" deployment/scaled --replicas=2 >/dev/null
	kubectl label -n "$NS" deployment/labeled --overwrite app=evil >/dev/null
	kubectl patch -n "$NS" deployment patched --type=json \
		-p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "evil"}]' >/dev/null
	kubectl get -n "$NS" deployment replaced -o json | jq '.spec.template.spec.containers[0].image = "registry.test/evil:1"' |
		kubectl replace -f - >/dev/null
	kubectl patch -n "$NS" deployment removed --type=json \
		-p '[{"op": "remove", "path": "/spec/template/spec/containers/0/env"}]' >/dev/null
	kubectl delete -n "$NS" deployment deleted >/dev/null
	kubectl rollout undo -n "$NS" deployment/undone >/dev/null
	kubectl label -n "$NS" deployment/relabeled plumb.dev/name- plumb.dev/namespace- >/dev/null
	kubectl get -n "$NS" deployment emptied -o json | jq '.metadata.managedFields = [{}] | .spec.template.spec.containers[0].image = "registry.test/evil:1"' |
		kubectl replace -f - >/dev/null
	kubectl annotate -n "$NS" deployment noted team- >/dev/null
	expect_live deployment undone "$IMAGE" registry.test/web:1

	sync 0
	local one
	for one in set-image edited scaled labeled patched replaced removed deleted undone relabeled emptied noted; do
		expect_verdict "Deployment/$one" healed
	done
	for one in set-image edited replaced deleted emptied; do
		expect_live deployment "$one" "$IMAGE" registry.test/web:1
	done
	expect_match 'reason of set-image' 'image|kubectl-set' "$(object Deployment/set-image reason)"
	expect_match 'reason of scaled' 'replicas|kubectl' "$(object Deployment/scaled reason)"
	expect_live deployment scaled .spec.replicas 0
	expect_live deployment labeled .metadata.labels.app labeled
	expect_live deployment patched '.spec.template.spec.containers[0].env[0].value' plain
	expect_live deployment removed '.spec.template.spec.containers[0].env[0].value' plain
	expect_live deployment undone "$IMAGE" registry.test/web:2
	expect_live deployment relabeled '.metadata.labels.plumb\.dev/name' shop
	expect_live deployment relabeled '.metadata.labels.plumb\.dev/namespace' "$NS"
	expect_live deployment noted '.metadata.annotations.team' shop
	sync 0
	expect_counts 'unchanged=12'
}

it_heals_other_kinds() {
	fresh
	{
		configmap patched
		configmap deleted
		configmap forced
		configmap digest
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: correct-horse}\n'
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n'
	} | write all.yaml
	commit 'Add them'
	sync 0
	kubectl patch -n "$NS" configmap patched -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl delete -n "$NS" configmap deleted >/dev/null
	configmap forced evil | kubectl apply -n "$NS" --server-side --force-conflicts --field-manager=somebody -f - >/dev/null
	kubectl annotate -n "$NS" configmap digest plumb.dev/digest- >/dev/null
	kubectl patch -n "$NS" secret password -p '{"data": {"password": "ZXZpbA=="}}' >/dev/null
	kubectl patch -n "$NS" service web -p '{"spec": {"selector": {"app": "evil"}}}' >/dev/null
	kubectl patch -n "$NS" role reader --type=json -p '[{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}]' >/dev/null
	sync 0
	expect_counts 'healed=7'
	expect_live configmap patched .data.value one
	expect_live configmap deleted .data.value one
	expect_live configmap forced .data.value one
	expect_live secret password .data.password "$(printf correct-horse | base64)"
	expect_live service web .spec.selector.app web
	expect_live role reader '.rules[0].verbs' '["get"]'
	sync 0
	expect_counts 'unchanged=7'
}

it_leaves_alone_what_git_does_not_set() {
	fresh
	{
		many restarted annotated sidecar equal
		deployment quantities registry.test/web:1 0 | sed 's|^\( *\)env:.*|\1resources: {requests: {cpu: 0.5, memory: 1024Mi}, limits: {cpu: 1000m, memory: 1073741824}}|'
		deployment free registry.test/web:1 ''
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: defaulted}\nspec:\n  type: LoadBalancer\n  selector: {app: web}\n  ports: [{port: 80}]\n'
		configmap extended
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: bare}\n'
	} | write all.yaml
	commit 'Add them'
	sync 0
	kubectl rollout restart -n "$NS" deployment/restarted >/dev/null
	kubectl annotate -n "$NS" deployment/annotated other.test/note=theirs >/dev/null
	kubectl label -n "$NS" deployment/annotated other.test/label=theirs >/dev/null
	kubectl patch -n "$NS" deployment annotated -p '{"spec": {"minReadySeconds": 3}}' >/dev/null
	kubectl apply -n "$NS" --server-side --field-manager=mesh -f - >/dev/null <<-X
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: sidecar}
		spec:
		  template:
		    spec:
		      containers: [{name: proxy, image: "registry.test/proxy:1"}]
	X
	kubectl set image -n "$NS" deployment/equal main=registry.test/web:1 >/dev/null
	kubectl patch -n "$NS" deployment quantities -p '{"spec": {"template": {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "1"}}}]}}}}' >/dev/null
	kubectl scale -n "$NS" deployment/free --replicas=3 >/dev/null
	kubectl patch -n "$NS" service defaulted --subresource=status -p '{"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}' >/dev/null
	kubectl patch -n "$NS" configmap extended -p '{"data": {"more": "theirs"}}' >/dev/null
	kubectl patch -n "$NS" configmap bare -p '{"data": {"more": "theirs"}}' >/dev/null
	sync 0
	expect_counts 'unchanged=9'
	expect_match 'restartedAt' 20 "$(live deployment restarted '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt')"
	expect_live deployment annotated '.metadata.annotations.other\.test/note' theirs
	expect_live deployment annotated '.metadata.labels.other\.test/label' theirs
	expect_live deployment annotated .spec.minReadySeconds 3
	expect_live deployment sidecar '.spec.template.spec.containers[*].name' 'main proxy'
	expect_live deployment free .spec.replicas 3
	expect_live configmap extended .data.more theirs
	expect_live configmap bare .data.more theirs
	sync 0 --verify
	expect_counts 'unchanged=9'
	expect_match 'restartedAt after --verify' 20 "$(live deployment restarted '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt')"
	expect_live deployment sidecar '.spec.template.spec.containers[*].name' 'main proxy'
}

it_leaves_replicas_to_an_autoscaler() {
	fresh
	{
		deployment free registry.test/web:1 ''
		deployment set registry.test/web:1 1
		printf -- '---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: %s}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: %s}\n  minReplicas: 2\n  maxReplicas: 5\n' \
			free free set set
	} | write all.yaml
	commit 'Add a Deployment with an autoscaler'
	sync 0
	eventually 60 'the autoscaler raised the replicas' is_live deployment free .spec.replicas 2
	eventually 60 'the autoscaler raised the replicas' is_live deployment set .spec.replicas 2
	sync 0
	expect_live deployment free .spec.replicas 2
	expect_live deployment set .spec.replicas 2
	expect_verdict Deployment/free unchanged
	expect_warning 'replicas'
	sync 0
	expect_counts 'unchanged=4'
	sync 0 --verify
	expect_live deployment free .spec.replicas 2
	expect_live deployment set .spec.replicas 2
}

# Rule 9: what managedFields does not tell, the generation does, or --verify.
it_finds_what_ownership_does_not_show() {
	fresh
	{
		deployment ordered registry.test/web:1 0 | sed 's|^\( *\)env:.*|\1args: [one, two]\n\1env: [{name: A, value: a}, {name: B, value: b}]|'
		configmap restored
	} | write all.yaml
	commit 'Add them'
	sync 0
	kubectl get -n "$NS" deployment ordered -o json | jq '.spec.template.spec.containers[0].env |= reverse' | kubectl replace -f - >/dev/null
	local fields
	fields=$(kubectl get -n "$NS" configmap restored --show-managed-fields -o json | jq -c .metadata.managedFields)
	kubectl patch -n "$NS" configmap restored -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl patch -n "$NS" configmap restored --type=merge -p "{\"metadata\": {\"managedFields\": $fields}}" >/dev/null
	sync 0
	expect_verdict Deployment/ordered healed
	expect_live deployment ordered '.spec.template.spec.containers[0].env[*].name' 'A B'
	sync 0 --verify
	expect_verdict ConfigMap/restored healed
	expect_live configmap restored .data.value one
	expect_verdict Deployment/ordered unchanged
	sync 0
	expect_counts 'unchanged=2'
}

# A writer who restores managedFields is found when the time has come, without anybody asking.
it_verifies_by_itself_when_the_interval_has_passed() {
	fresh
	configmap restored | write all.yaml
	commit 'Add it'
	sync 0
	local fields
	fields=$(kubectl get -n "$NS" configmap restored --show-managed-fields -o json | jq -c .metadata.managedFields)
	kubectl patch -n "$NS" configmap restored -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl patch -n "$NS" configmap restored --type=merge -p "{\"metadata\": {\"managedFields\": $fields}}" >/dev/null
	sync 0
	expect_verdict ConfigMap/restored unchanged
	sleep 2
	sync 0 --verify-interval 0
	expect_verdict ConfigMap/restored unchanged
	sync 0 --verify-interval 1s
	expect_verdict ConfigMap/restored healed
	expect_live configmap restored .data.value one
	# That was the time of the last one, and stands on its record.
	local at
	at=$(kubectl get controllerrevision -n "$NS" plumb-shop-2-outcome -o 'jsonpath={.metadata.annotations.plumb\.dev/verified-at}')
	expect_match 'the time of it' '^20[0-9-]+T[0-9:]+Z$' "$at"
	sync 0 --verify-interval 1h
	expect_counts 'unchanged=1'
}

it_gives_up_fields_that_git_drops() {
	fresh
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, labels: {a: b}}\ndata: {keep: "1", drop: "1"}\n' | write cm.yaml
	deployment web registry.test/web:1 0 | write web.yaml
	commit 'With a field'
	sync 0
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {keep: "1"}\n' | write cm.yaml
	deployment web registry.test/web:1 0 | sed '/env:/d' | write web.yaml
	commit 'Without it'
	sync 0
	expect_counts 'changed=2'
	expect_live configmap cm .data '{"keep":"1"}'
	expect_live configmap cm .metadata.labels.a ''
	expect_live deployment web '.spec.template.spec.containers[0].env' ''
}

run_cases "$@"
