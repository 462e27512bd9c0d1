#!/bin/bash
# A change of an immutable field is refused with words that help; plumb.dev/recreate allows it, under proof.
. "$(dirname "$0")/lib.sh"

# A Deployment whose selector has one more label.
selecting() { # NAME LABEL [RECREATE]
	deployment "$1" registry.test/web:1 1 |
		sed "s|matchLabels: {app: $1}|matchLabels: {app: $1, tier: $2}|; s|      labels: {app: $1}|      labels: {app: $1, tier: $2}|" |
		if [[ ${3:-} ]]; then sed "0,/labels: {app: $1}/s||labels: {app: $1}\n  annotations: {plumb.dev/recreate: $3}|"; else cat; fi
}

it_names_the_field_and_the_annotation() {
	fresh
	{
		selecting web one
		configmap cm
	} | write all.yaml
	commit 'One'
	sync 0 --wait
	local uid
	uid=$(live deployment web .metadata.uid)
	{
		selecting web two
		configmap cm two
	} | write all.yaml
	commit 'Another selector'
	sync 4
	expect_result failed
	expect_verdict Deployment/web failed 'spec\.selector'
	expect_match 'reason' 'plumb\.dev/recreate' "$(object Deployment/web reason)"
	expect_verdict ConfigMap/cm changed
	expect_live deployment web .metadata.uid "$uid"
	expect_live configmap cm .data.value two

	selecting web two spec.template | write all.yaml
	configmap cm two >>"$WORK/all.yaml"
	commit 'Allows another field'
	sync 4
	expect_verdict Deployment/web failed 'spec\.selector'
	expect_live deployment web .metadata.uid "$uid"

	selecting web two spec.selector | write all.yaml
	configmap cm two >>"$WORK/all.yaml"
	commit 'Allows it'
	plumb 1 diff "${FLAGS[@]}"
	expect_match 'what the plan says' 'web.* with downtime' "$(cat "$ERRS")"
	sync 0 --wait
	expect_match 'verdict' 'changed|created' "$(verdict Deployment/web)"
	expect_no_match 'UID' "$uid" "$(live deployment web .metadata.uid)"
	expect_live deployment web .spec.selector.matchLabels.tier two
	expect_live deployment web .status.readyReplicas 1
	expect_warning 'web.* is deleted and made anew, with downtime: spec\.selector is immutable'
	expect_match 'reason' 'recreated: spec\.selector is immutable' "$(object Deployment/web reason)"
	sync 0 --wait
	expect_counts 'unchanged=2'
}

it_deletes_nothing_when_the_new_object_would_be_refused() {
	fresh
	selecting web one | write all.yaml
	commit 'One'
	sync 0
	local uid
	uid=$(live deployment web .metadata.uid)
	selecting web two spec.selector | sed '0,/tier: two}/! s|tier: two}|tier: three}|' | write all.yaml
	commit 'A selector that does not select the template'
	sync 4
	expect_verdict Deployment/web failed
	expect_live deployment web .metadata.uid "$uid"
	expect_live deployment web .metadata.deletionTimestamp ''
}

# Of which the update says nothing.
it_deletes_nothing_when_the_new_object_may_not_be_made() {
	fresh
	at_exit kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding "$NS" --ignore-not-found
	selecting web one | write all.yaml
	commit 'One'
	sync 0
	local uid
	uid=$(live deployment web .metadata.uid)
	kubectl apply -f - >/dev/null <<-X
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingAdmissionPolicy
		metadata: {name: $NS}
		spec:
		  matchConstraints:
		    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $NS}}
		    resourceRules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments], operations: [CREATE]}]
		  validations: [{expression: "false", message: nothing new here}]
		---
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingAdmissionPolicyBinding
		metadata: {name: $NS}
		spec: {policyName: $NS, validationActions: [Deny]}
	X
	eventually 60 'the policy denies' denied
	selecting web two spec.selector | write all.yaml
	commit 'Another selector'
	sync 4
	expect_verdict Deployment/web failed 'nothing new here'
	expect_live deployment web .metadata.uid "$uid"
	expect_live deployment web .metadata.deletionTimestamp ''
}

denied() {
	! kubectl create deployment probe --image=registry.test/web:1 -n "$NS" --dry-run=server
}

# The intent is recorded before the deletion: a kill between it and the create ends in a create.
it_makes_it_again_when_it_is_killed_in_between() {
	fresh
	selecting web one | write all.yaml
	commit 'One'
	sync 0
	# A finalizer holds the deletion, so that there is a time in between.
	kubectl patch -n "$NS" deployment web --type=merge -p '{"metadata": {"finalizers": ["plumb.test/hold"]}}' >/dev/null
	selecting web two spec.selector | write all.yaml
	commit 'Another selector'
	sync_flags
	"$PLUMB" sync "${FLAGS[@]}" >/dev/null 2>&1 &
	local pid=$!
	eventually 60 'the old one is being deleted' is_being_deleted
	kill -9 "$pid"
	wait "$pid" 2>/dev/null || true
	expect_eq 'intents, of which one is without an outcome' '2 1' "$(records intent | wc -l) $(records outcome | wc -l)"
	kubectl patch -n "$NS" deployment web --type=merge -p '{"metadata": {"finalizers": null}}' >/dev/null
	eventually 60 'the old one is gone' is_gone deployment web
	sync 0
	expect_match 'verdict' 'created|healed' "$(verdict Deployment/web)"
	expect_live deployment web .spec.selector.matchLabels.tier two
	history 0
	expect_eq 'syncs' 2 "$(answer '.syncs | length')"
	expect_eq 'results' 'applied applied' "$(answer '[.syncs[].result] | join(" ")')"
}

is_being_deleted() {
	[[ $(live deployment web .metadata.deletionTimestamp) ]]
}

it_never_recreates_what_holds_data() {
	fresh
	claim ReadWriteOnce | write pvc.yaml
	commit 'A claim'
	sync 0
	local uid
	uid=$(live pvc data .metadata.uid)
	claim ReadOnlyMany 'annotations: {plumb.dev/recreate: spec.accessModes}' | write pvc.yaml
	commit 'Another mode'
	sync 4
	expect_verdict PersistentVolumeClaim/data failed
	expect_live pvc data .metadata.uid "$uid"
	expect_live pvc data .metadata.deletionTimestamp ''
	claim ReadOnlyMany 'annotations: {plumb.dev/recreate: spec}' | write pvc.yaml
	commit 'Any field'
	sync 4
	expect_live pvc data .metadata.uid "$uid"
	expect_live pvc data .metadata.deletionTimestamp ''
}

# Whatever field the annotation names: the one that the error names, above all.
it_never_recreates_a_definition_or_a_volume() {
	fresh
	local group kind field volume definition
	group=$(unique).plumb.test
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	at_exit kubectl delete pv "$NS" --wait=false --ignore-not-found
	lasting "$group" Namespaced /one '' | write all.yaml
	commit 'Both'
	sync 0
	volume=$(live pv "$NS" .metadata.uid) definition=$(live crd "things.$group" .metadata.uid)
	lasting "$group" Cluster /two '' | write all.yaml
	commit 'Other fields'
	sync 4
	for kind in "PersistentVolume/$NS" "CustomResourceDefinition/things.$group"; do
		expect_verdict "$kind" failed 'immutable, and a .* is never recreated'
		field=$(object "$kind" reason | sed 's/ is immutable.*//')
		lasting "$group" Cluster /two "annotations: {plumb.dev/recreate: \"$field\"}" | write all.yaml
		commit "Allows $field"
		sync 4
		expect_verdict "$kind" failed 'never recreated'
	done
	expect_live pv "$NS" .metadata.uid "$volume"
	expect_live pv "$NS" .metadata.deletionTimestamp ''
	expect_live crd "things.$group" .metadata.uid "$definition"
	expect_live crd "things.$group" .metadata.deletionTimestamp ''
}

lasting() { # GROUP SCOPE PATH METADATA
	cat <<-X
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata:
		  name: things.$1
		  $4
		spec:
		  group: $1
		  scope: $2
		  names: {plural: things, singular: thing, kind: Thing}
		  versions:
		    - name: v1
		      served: true
		      storage: true
		      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
		---
		apiVersion: v1
		kind: PersistentVolume
		metadata:
		  name: $NS
		  $4
		spec:
		  capacity: {storage: 1Gi}
		  accessModes: [ReadWriteOnce]
		  hostPath: {path: $3}
	X
}

claim() { # MODE [METADATA]
	printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  %s\nspec: {accessModes: [%s], resources: {requests: {storage: 1Gi}}}\n' "${2:-}" "$1"
}

it_keeps_the_pods_of_a_stateful_set() {
	fresh
	stateful one | write db.yaml
	commit 'A StatefulSet'
	sync 0 --wait
	local uid pod field
	uid=$(live statefulset db .metadata.uid) pod=$(live pod db-0 .metadata.uid)
	stateful two | write db.yaml
	commit 'Another service'
	sync 4
	expect_verdict StatefulSet/db failed 'plumb\.dev/recreate'
	field=$(object StatefulSet/db reason | grep -oE 'plumb\.dev/recreate: ?[A-Za-z.]+' | sed 's/.*: *//; s/\.$//' || true)
	stateful two "annotations: {plumb.dev/recreate: ${field:-spec}}" | write db.yaml
	commit 'Allowed'
	sync 0 --wait
	expect_no_match 'UID' "$uid" "$(live statefulset db .metadata.uid)"
	expect_live statefulset db .spec.serviceName two
	expect_live pod db-0 .metadata.uid "$pod"
}

stateful() { # SERVICE [METADATA]
	cat <<-X
		apiVersion: apps/v1
		kind: StatefulSet
		metadata:
		  name: db
		  ${2:-}
		spec:
		  replicas: 1
		  serviceName: $1
		  selector: {matchLabels: {app: db}}
		  template:
		    metadata: {labels: {app: db}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: main, image: "registry.test/db:1"}]
	X
}

run_cases "$@"
