#!/bin/bash
# One owner an object, and a field that Git gives up keeps its value.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hold_lib.sh"

it_hands_replicas_over_when_git_gives_them_up() {
	fresh
	{
		deployment web registry.test/web:1 3
		statefulset db 2
	} | write all.yaml
	commit 'With replicas'
	sync 0
	{
		deployment web registry.test/web:1 ''
		statefulset db ''
	} | write all.yaml
	commit 'Without'
	sync 0
	expect_counts 'changed=2'
	expect_live deployment web .spec.replicas 3
	expect_live statefulset db .spec.replicas 2
	expect_eq 'owner of replicas' plumb-handover "$(owner deployment web)"
	sync 0
	expect_counts 'unchanged=2'
	kubectl scale -n "$NS" deployment/web --replicas=5 >/dev/null
	sync 0
	expect_counts 'unchanged=2'
	expect_live deployment web .spec.replicas 5
	deployment web registry.test/web:2 '' | write all.yaml
	statefulset db '' >>"$WORK/all.yaml"
	commit 'Another image'
	sync 0
	expect_live deployment web .spec.replicas 5
	deployment web registry.test/web:2 4 | write all.yaml
	statefulset db 1 >>"$WORK/all.yaml"
	commit 'With replicas again'
	sync 0
	expect_live deployment web .spec.replicas 4
	expect_live statefulset db .spec.replicas 1
	kubectl scale -n "$NS" deployment/web --replicas=1 >/dev/null
	sync 0
	expect_live deployment web .spec.replicas 4
}

it_hands_over_in_the_same_sync_that_changes_something_else() {
	fresh
	deployment web registry.test/web:1 3 | write all.yaml
	commit 'With replicas'
	sync 0
	kubectl scale -n "$NS" deployment/web --replicas=4 >/dev/null
	deployment web registry.test/web:2 '' | write all.yaml
	commit 'Without, and another image'
	sync 0
	expect_live deployment web .spec.replicas 4
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
}

owner() { # KIND NAME
	kubectl get "$1" -n "$NS" "$2" --show-managed-fields -o json |
		jq -r '[.metadata.managedFields[] | select(.fieldsV1["f:spec"]["f:replicas"]) | .manager] | join(" ")'
}

statefulset() { # NAME REPLICAS
	cat <<-X
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: $1}
		spec:
		  ${2:+replicas: $2}
		  serviceName: $1
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: main, image: "registry.test/db:1"}]
	X
}

it_lets_only_one_sync_have_an_object() {
	fresh a
	configmap cm first | write a/cm.yaml
	configmap cm second | write b/cm.yaml
	configmap own | write b/own.yaml
	commit 'Two syncs want one object'
	DIR=a
	sync 0
	DIR=b NAME=b
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $NS/a"
	expect_verdict ConfigMap/own created
	expect_live configmap cm .data.value first
	expect_live configmap cm '.metadata.labels.plumb\.dev/name' a
	sync 7 --prune
	expect_live configmap cm .data.value first
	DIR=a NAME=a
	sync 0
	expect_counts 'unchanged=1'
}

# Both plan before either of them writes; they have leases of their own.
it_lets_only_one_of_two_at_once_have_an_object() {
	fresh a
	at_exit kubectl delete clusterrole "$NS" --ignore-not-found
	configmap adopted | kubectl apply -n "$NS" -f - >/dev/null
	# Nothing of it is to be taken over, so that nobody looks at it first.
	configmap shared | sed 's|value:|more:|' | kubectl apply -n "$NS" --server-side --field-manager=somebody -f - >/dev/null
	{
		configmap made first
		configmap adopted first
		configmap shared first
	} | write a/all.yaml
	{
		printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: []\n' "$NS"
		configmap made second
		configmap adopted second
		configmap shared second
		configmap own second
	} | write b/all.yaml
	commit 'Two syncs want the same objects'
	hold_requests rbac.authorization.k8s.io/clusterroles "$NS"
	head -n 4 "$WORK/b/all.yaml" | hold_works
	DIR=b NAME=b
	sync_flags
	local pid code=0
	"$PLUMB" sync "${FLAGS[@]}" --store "$T/b" -o json >"$T/held.out" 2>"$T/held.err" &
	pid=$!
	eventually 60 'the sync is held' is_held
	DIR=a NAME=a
	sync 0
	expect_counts 'adopted=2 created=1'
	let_requests_go
	wait "$pid" || code=$?
	OUT=$T/held.out ERRS=$T/held.err
	expect_eq 'exit code of b' 7 "$code"
	local one
	for one in made adopted shared; do
		expect_verdict "ConfigMap/$one" blocked "owned by $NS/a"
		expect_live configmap "$one" .data.value first
		expect_live configmap "$one" '.metadata.labels.plumb\.dev/name' a
	done
	expect_verdict ConfigMap/own created
	sync 0
	expect_counts 'unchanged=3'
}

it_moves_an_object_from_one_sync_to_another() {
	fresh a
	{
		configmap cm first
		configmap rest
	} | write a/cm.yaml
	commit 'a has it'
	DIR=a
	sync 0
	local uid
	uid=$(live configmap cm .metadata.uid)
	configmap rest | write a/cm.yaml
	configmap cm second | sed "s|name: cm|name: cm\n  annotations: {plumb.dev/transfer-from: $NS/a}|" | write b/cm.yaml
	commit 'b takes it'
	DIR=b NAME=b
	sync 0
	expect_live configmap cm .data.value second
	expect_live configmap cm '.metadata.labels.plumb\.dev/name' b
	expect_eq 'UID' "$uid" "$(live configmap cm .metadata.uid)"
	DIR=a NAME=a
	sync 0 --prune
	expect_no_match 'counts of a' pruned "$(counts)"
	expect_eq 'UID after the prune of a' "$uid" "$(live configmap cm .metadata.uid)"
	expect_live configmap cm .data.value second
	sync 0 --prune
	expect_counts 'unchanged=1'
	DIR=b NAME=b
	sync 0
	expect_counts 'unchanged=1'
}

# Its labels are what an owner has: without them it is nobody's.
it_takes_what_another_sync_released() {
	fresh a
	configmap cm first | write a/cm.yaml
	configmap cm second | write b/cm.yaml
	commit 'a has it, b wants it'
	DIR=a
	sync 0
	DIR=b NAME=b
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $NS/a"
	kubectl label -n "$NS" configmap/cm plumb.dev/name- plumb.dev/namespace- >/dev/null
	sync 0
	expect_verdict ConfigMap/cm adopted
	expect_live configmap cm .data.value second
	expect_live configmap cm '.metadata.labels.plumb\.dev/name' b
	DIR=a NAME=a
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $NS/b"
	expect_live configmap cm .data.value second
}

it_does_not_let_a_transfer_name_the_wrong_sync() {
	fresh a
	configmap cm first | write a/cm.yaml
	configmap cm second | sed "s|name: cm|name: cm\n  annotations: {plumb.dev/transfer-from: $NS/c}|" | write b/cm.yaml
	commit 'b takes it from c, but a has it'
	DIR=a
	sync 0
	DIR=b NAME=b
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $NS/a"
	expect_live configmap cm .data.value first
}

it_blocks_the_old_owner_that_still_has_the_object_in_git() {
	fresh a
	configmap cm first | write a/cm.yaml
	configmap cm second | sed "s|name: cm|name: cm\n  annotations: {plumb.dev/transfer-from: $NS/a}|" | write b/cm.yaml
	commit 'Both want it'
	DIR=a
	sync 0
	DIR=b NAME=b
	sync 0
	DIR=a NAME=a
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $NS/b"
	expect_live configmap cm .data.value second
}

it_keeps_syncs_of_the_same_name_in_other_namespaces_apart() {
	fresh shop
	configmap cm first | sed "s|name: cm|name: cm\n  namespace: $NS|" | write cm.yaml
	commit 'Add it'
	sync 0
	local first=$NS second
	second=$(unique)
	kubectl create namespace "$second" >/dev/null
	at_exit kubectl delete namespace "$second" --wait=false
	NS=$second
	sync 7
	expect_verdict ConfigMap/cm blocked "owned by $first/shop"
}

run_cases "$@"
