#!/bin/bash
# What depends on what in one commit; objects and namespaces that are on their way out.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hold_lib.sh"

crd() { # GROUP
	cat <<-X
		---
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: things.$1}
		spec:
		  group: $1
		  scope: Namespaced
		  names: {plural: things, singular: thing, kind: Thing}
		  versions:
		    - name: v1
		      served: true
		      storage: true
		      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
	X
}

thing() { # GROUP NAMESPACE SIZE
	printf -- '---\napiVersion: %s/v1\nkind: Thing\nmetadata: {name: one, namespace: %s}\nspec: {size: %s}\n' "$1" "$2" "$3"
}

it_brings_a_namespace_a_definition_and_their_objects_in_one_commit() {
	fresh
	local other group
	other=$(unique) group=$(unique).plumb.test
	at_exit kubectl delete namespace "$other" --wait=false --ignore-not-found
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	at_exit kubectl delete clusterrole "$other" --ignore-not-found
	{
		thing "$group" "$other" 3
		configmap cm | sed "s|name: cm|name: cm\n  namespace: $other|"
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: read, namespace: %s}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}\nsubjects: [{kind: ServiceAccount, name: default}]\n' "$other" "$other"
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n' "$other"
		crd "$group"
		printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' "$other"
	} | write all.yaml
	commit 'All at once'
	sync 0 --wait
	expect_result healthy
	expect_counts 'created=6'
	expect_eq 'the Thing' 3 "$(kubectl get "things.$group" -n "$other" one -o 'jsonpath={.spec.size}')"
	sync 0 --wait
	expect_counts 'unchanged=6'
	sed -i 's|size: 3|size: 4|' "$WORK/all.yaml"
	commit 'A larger Thing'
	sync 0
	expect_counts 'changed=1 unchanged=5'
	kubectl patch "things.$group" -n "$other" one --type=merge -p '{"spec": {"size": 9}}' >/dev/null
	sync 0
	expect_verdict Thing/one healed
}

it_waits_for_an_object_that_is_being_deleted() {
	fresh
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	kubectl patch -n "$NS" configmap cm-1 --type=merge -p '{"metadata": {"finalizers": ["plumb.test/hold"]}}' >/dev/null
	local uid
	uid=$(live configmap cm-1 .metadata.uid)
	kubectl delete -n "$NS" configmap cm-1 --wait=false >/dev/null
	sync 7 --timeout "$BRIEF"
	expect_verdict ConfigMap/cm-1 waiting 'finalizer.*plumb\.test/hold|plumb\.test/hold'
	expect_verdict ConfigMap/cm-2 unchanged
	(
		sleep 2
		kubectl patch -n "$NS" configmap cm-1 --type=merge -p '{"metadata": {"finalizers": null}}'
	) >/dev/null &
	sync 0
	wait
	expect_match 'verdict' 'created|healed' "$(verdict ConfigMap/cm-1)"
	expect_there configmap cm-1
	expect_no_match 'UID' "$uid" "$(live configmap cm-1 .metadata.uid)"
	expect_live configmap cm-1 .data.value one
}

# Deleted between the list and the apply, which the server accepts all the same.
it_makes_again_what_is_deleted_under_its_hands() {
	fresh
	at_exit kubectl delete clusterrole "$NS" --ignore-not-found
	configmap cm | write cm.yaml
	commit 'One'
	sync 0
	kubectl patch -n "$NS" configmap cm --type=merge -p '{"metadata": {"finalizers": ["plumb.test/hold"]}}' >/dev/null
	configmap cm two | write cm.yaml
	printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: []\n' "$NS" | write role.yaml
	commit 'Two, and a role of an earlier stage'
	hold_requests rbac.authorization.k8s.io/clusterroles "$NS"
	hold_works <"$WORK/role.yaml"
	local pid code=0
	sync_flags
	"$PLUMB" sync "${FLAGS[@]}" -o json >"$T/held.out" 2>"$T/held.err" &
	pid=$!
	eventually 60 'the sync is held' is_held
	kubectl delete -n "$NS" configmap cm --wait=false >/dev/null
	let_requests_go
	eventually 60 'it was applied to' is_live configmap cm .data.value two
	kubectl patch -n "$NS" configmap cm --type=merge -p '{"metadata": {"finalizers": null}}' >/dev/null
	wait "$pid" || code=$?
	OUT=$T/held.out ERRS=$T/held.err
	expect_eq 'exit code' 0 "$code"
	expect_match 'verdict' 'created|changed' "$(verdict ConfigMap/cm)"
	expect_live configmap cm .data.value two
	expect_live configmap cm .metadata.deletionTimestamp ''
	sync 0
	expect_counts 'unchanged=2'
}

it_waits_for_a_kind_that_somebody_else_brings() {
	fresh
	local group
	group=$(unique).plumb.test
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	{
		thing "$group" "$NS" 3
		configmap cm
	} | write all.yaml
	commit 'A Thing'
	(
		eventually 60 'the other object is there' is_live configmap cm .data.value one
		crd "$group" | kubectl apply -f -
	) >/dev/null &
	sync 0 --timeout 120s
	wait
	expect_verdict Thing/one created
	expect_verdict ConfigMap/cm created
}

it_backs_off_from_a_namespace_that_terminates() {
	fresh
	local dying
	dying=$(unique)
	kubectl create namespace "$dying" >/dev/null
	kubectl create -f - >/dev/null <<-X
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: hold, namespace: $dying, finalizers: [plumb.test/hold]}
	X
	at_exit kubectl patch configmap -n "$dying" hold --type=merge -p '{"metadata": {"finalizers": null}}'
	{
		configmap cm | sed "s|name: cm|name: cm\n  namespace: $dying|"
		configmap other
	} | write all.yaml
	commit 'Into it'
	kubectl delete namespace "$dying" --wait=false >/dev/null
	sync_flags
	local code=0
	"$PLUMB" sync "${FLAGS[@]}" --timeout "$BRIEF" -o json >"$T/dying" 2>"$T/dying.err" || code=$?
	expect_match 'exit code' '^[47]$' "$code"
	OUT=$T/dying
	expect_match 'verdict' '^(waiting|failed)$' "$(verdict ConfigMap/cm)"
	expect_match 'reason' '[Tt]erminat' "$(object ConfigMap/cm reason)"
	expect_there configmap other
}

it_retries_while_a_webhook_is_down() {
	fresh
	at_exit kubectl delete validatingwebhookconfiguration "$NS" --ignore-not-found
	kubectl label namespace "$NS" e2e="$NS" >/dev/null
	kubectl apply -f - >/dev/null <<-X
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingWebhookConfiguration
		metadata: {name: $NS}
		webhooks:
		  - name: down.plumb.test
		    admissionReviewVersions: [v1]
		    sideEffects: None
		    timeoutSeconds: 1
		    clientConfig: {url: "https://127.0.0.1:1/"}
		    namespaceSelector: {matchLabels: {e2e: $NS}}
		    rules: [{apiGroups: [""], apiVersions: [v1], resources: [secrets], operations: [CREATE, UPDATE]}]
	X
	eventually 20 'the webhook refuses' refused
	{
		printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: held}\n'
		configmap cm
	} | write all.yaml
	commit 'Add them'
	sync 4 --timeout "$BRIEF"
	expect_verdict Secret/held failed 'webhook'
	expect_verdict ConfigMap/cm created
	(
		sleep 2
		kubectl delete validatingwebhookconfiguration "$NS"
	) >/dev/null &
	sync 0
	wait
	expect_verdict Secret/held created
}

refused() {
	! kubectl create secret generic -n "$NS" probe --dry-run=server
}

run_cases "$@"
