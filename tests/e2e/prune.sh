#!/bin/bash
# What Git dropped is deleted only with --prune, only what proves to be ours, and only when every brake is off.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hold_lib.sh"

it_keeps_what_git_dropped_until_a_sync_with_prune() {
	fresh
	configmaps 1 3 | write all.yaml
	commit 'Three'
	sync 0
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	expect_verdict ConfigMap/cm-3 kept
	expect_there configmap cm-3
	sync 0
	expect_verdict ConfigMap/cm-3 kept
	expect_there configmap cm-3
	sync 0 --prune
	expect_verdict ConfigMap/cm-3 pruned
	expect_gone configmap cm-3
	expect_there configmap cm-2
	sync 0 --prune
	expect_counts 'unchanged=2'
}

it_takes_back_what_comes_back_to_git() {
	fresh
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	configmaps 1 1 | write all.yaml
	commit 'One'
	sync 0
	configmaps 1 2 | write all.yaml
	commit 'Two again'
	sync 0 --prune
	expect_counts 'unchanged=2'
	sync 0 --prune
	expect_there configmap cm-2
}

it_stops_a_prune_that_is_too_large() {
	fresh
	configmaps 1 20 | write all.yaml
	commit 'Twenty'
	sync 0
	configmaps 1 14 | write all.yaml
	commit 'Six less: more than five and more than a fifth'
	sync 7 --prune
	expect_counts 'kept=6 unchanged=14'
	expect_result incomplete
	expect_match 'reason' '%|limit|prune' "$(object ConfigMap/cm-20 reason)"
	expect_error 'prune-limit'
	expect_there configmap cm-20
	sync 7 --prune --prune-limit 20
	expect_there configmap cm-20
	sync 0 --prune --prune-limit 50
	expect_counts 'pruned=6 unchanged=14'
	expect_gone configmap cm-20
	configmaps 1 9 | write all.yaml
	commit 'Five less: not more than five'
	sync 0 --prune
	expect_counts 'pruned=5 unchanged=9'
}

it_prunes_a_small_share_of_many() {
	fresh
	configmaps 1 40 | write all.yaml
	commit 'Forty'
	sync 0
	configmaps 1 32 | write all.yaml
	commit 'Eight less: a fifth'
	sync 0 --prune
	expect_counts 'pruned=8 unchanged=32'
}

# web becomes web2, a quota refuses web2: web must stay.
it_prunes_nothing_when_an_object_was_refused() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'web'
	sync 0
	kubectl create quota -n "$NS" one --hard=count/deployments.apps=1 >/dev/null
	eventually 20 'the quota counts' is_live quota one '.status.used.count/deployments\.apps' 1
	deployment web2 registry.test/web:1 1 | write web.yaml
	commit 'web becomes web2'
	sync 4 --prune --timeout "$BRIEF"
	expect_verdict Deployment/web2 failed 'quota'
	expect_verdict Deployment/web kept 'incomplete'
	expect_there deployment web
	kubectl delete quota -n "$NS" one >/dev/null
	sync 0 --prune
	expect_verdict Deployment/web2 created
	expect_verdict Deployment/web pruned
	expect_gone deployment web
}

# What is refused for good, what another manager sets, and what is another sync's: all leave the sync incomplete.
it_prunes_nothing_when_an_object_is_not_applied() {
	fresh
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	{
		configmap cm-1
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: bad-port}\nspec: {ports: [{port: 99999}]}\n'
	} | write all.yaml
	commit 'One of them is no Service'
	sync 4 --prune
	expect_verdict Service/bad-port failed
	expect_verdict ConfigMap/cm-2 kept 'incomplete'
	expect_there configmap cm-2
	configmap theirs theirs | kubectl apply -n "$NS" --server-side --field-manager=somebody -f - >/dev/null
	configmap anothers | kubectl apply -n "$NS" -f - >/dev/null
	kubectl label -n "$NS" configmap/anothers plumb.dev/name=other plumb.dev/namespace="$NS" >/dev/null
	local one
	for one in theirs anothers; do
		{
			configmap cm-1
			configmap "$one" ours
		} | write all.yaml
		commit "With $one"
		sync 7 --prune
		expect_verdict "ConfigMap/$one" blocked
		expect_verdict ConfigMap/cm-2 kept 'incomplete'
		expect_there configmap cm-2
	done
	configmap cm-1 | write all.yaml
	commit 'None of them'
	sync 0 --prune
	expect_verdict ConfigMap/cm-2 pruned
	expect_gone configmap cm-2
}

it_prunes_nothing_when_a_rollout_is_not_healthy() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'web'
	sync 0 --wait
	deployment web2 registry.test/web:1 1 | sed 's|terminationGracePeriodSeconds: 0|nodeSelector: {no: such}|' | write web.yaml
	commit 'web2 never starts'
	sync 6 --prune --wait --timeout "$BRIEF"
	expect_verdict Deployment/web kept 'incomplete|healthy|rollout'
	expect_there deployment web
	# Nor where there was time to.
	sed -i 's|^spec:|spec:\n  progressDeadlineSeconds: 1|' "$WORK/web.yaml"
	commit 'web2 is given up'
	sync 6 --prune --wait
	expect_verdict Deployment/web kept 'incomplete|healthy|rollout'
	expect_there deployment web
}

it_protects_kinds_that_hold_data() {
	fresh
	local other group
	other=$(unique)
	group=$(unique).plumb.test
	at_exit kubectl delete namespace "$other" --wait=false --ignore-not-found
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	{
		configmaps 1 1
		printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' "$other"
		printf -- '---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n'
		crd "$group"
	} | write all.yaml
	commit 'With data'
	sync 0
	configmaps 1 1 | write all.yaml
	commit 'Without'
	sync 0 --prune
	expect_verdict Namespace/"$other" kept
	expect_verdict PersistentVolumeClaim/data kept
	expect_verdict CustomResourceDefinition/things."$group" kept
	expect_there namespace "$other"
	expect_there pvc data
	expect_there crd "things.$group"
	expect_live pvc data .metadata.deletionTimestamp ''
	expect_live namespace "$other" .metadata.deletionTimestamp ''
	kubectl annotate pvc -n "$NS" data plumb.dev/prune=enabled >/dev/null
	kubectl annotate namespace "$other" plumb.dev/prune=enabled >/dev/null
	sync 0 --prune
	expect_verdict Namespace/"$other" pruned
	expect_verdict PersistentVolumeClaim/data pruned
	expect_verdict CustomResourceDefinition/things."$group" kept
	eventually 20 'the namespace goes' is_gone namespace "$other"
}

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
		      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
	X
}

it_deletes_only_what_proves_to_be_ours() {
	fresh
	configmaps 1 5 | write all.yaml
	commit 'Five'
	sync 0
	kubectl label -n "$NS" configmap/cm-1 plumb.dev/name- plumb.dev/namespace- >/dev/null
	kubectl label -n "$NS" configmap/cm-2 --overwrite plumb.dev/name=other >/dev/null
	kubectl delete -n "$NS" configmap cm-3 >/dev/null
	kubectl create configmap -n "$NS" cm-3 --from-literal=value=somebody >/dev/null
	kubectl delete -n "$NS" configmap cm-4 >/dev/null
	kubectl create configmap -n "$NS" cm-4 --from-literal=value=restored >/dev/null
	kubectl label -n "$NS" configmap/cm-4 plumb.dev/name=shop plumb.dev/namespace="$NS" >/dev/null
	configmap else | write all.yaml
	commit 'None of them'
	sync 0 --prune
	local n
	for n in 1 2 3 4; do
		expect_no_match "verdict of cm-$n" pruned "$(verdict "ConfigMap/cm-$n")"
		expect_there configmap "cm-$n"
	done
	expect_verdict ConfigMap/cm-5 pruned
	expect_gone configmap cm-5
	expect_live configmap cm-3 .data.value somebody
	expect_live configmap cm-4 .data.value restored
}

# As after a restore from a backup: another UID under our label.
it_adopts_again_what_was_restored() {
	fresh
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	kubectl delete -n "$NS" configmap cm-1 >/dev/null
	configmap cm-1 | kubectl create -n "$NS" -f - >/dev/null
	kubectl label -n "$NS" configmap/cm-1 plumb.dev/name=shop plumb.dev/namespace="$NS" >/dev/null
	local uid
	uid=$(live configmap cm-1 .metadata.uid)
	sync 0 --prune
	expect_verdict ConfigMap/cm-1 adopted 'restored'
	expect_live configmap cm-1 .metadata.uid "$uid"
	configmaps 2 2 | write all.yaml
	commit 'One'
	sync 0 --prune
	expect_verdict ConfigMap/cm-1 pruned
	expect_gone configmap cm-1
}

# The row of an object that could not be made has no UID.
it_deletes_nothing_that_it_never_made() {
	fresh
	kubectl create quota -n "$NS" none --hard=count/secrets=0 >/dev/null
	eventually 20 'the quota counts' is_live quota none '.status.hard.count/secrets' 0
	{
		configmap cm
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: over}\n'
	} | write all.yaml
	commit 'A Secret over the quota'
	sync 4 --timeout 3s
	kubectl delete quota -n "$NS" none >/dev/null
	kubectl create secret generic -n "$NS" over >/dev/null
	kubectl label -n "$NS" secret/over plumb.dev/name=shop plumb.dev/namespace="$NS" >/dev/null
	configmap cm | write all.yaml
	commit 'Without it'
	sync 0 --prune
	expect_verdict Secret/over kept 'not proven'
	expect_there secret over
}

# Between the list and the DELETE, which therefore names UID and resource version.
it_deletes_only_what_is_still_as_it_was_seen() {
	fresh
	configmaps 1 4 | write all.yaml
	commit 'Four'
	sync 0
	hold_requests configmaps slow
	configmap slow | hold_works
	configmap slow | write all.yaml
	commit 'None of them'
	sync_flags
	local pid code=0
	"$PLUMB" sync "${FLAGS[@]}" --prune -o json >"$T/held.out" 2>"$T/held.err" &
	pid=$!
	eventually 60 'the sync is held' is_held
	kubectl label -n "$NS" configmap/cm-1 plumb.dev/name- plumb.dev/namespace- >/dev/null
	kubectl delete -n "$NS" configmap cm-2 >/dev/null
	configmap cm-2 restored | kubectl create -n "$NS" -f - >/dev/null
	kubectl label -n "$NS" configmap/cm-2 plumb.dev/name=shop plumb.dev/namespace="$NS" >/dev/null
	kubectl patch -n "$NS" configmap cm-3 -p '{"data": {"value": "moved"}}' >/dev/null
	let_requests_go
	wait "$pid" || code=$?
	OUT=$T/held.out ERRS=$T/held.err
	expect_eq 'exit code' 0 "$code"
	expect_verdict ConfigMap/slow created
	expect_verdict ConfigMap/cm-1 kept 'proven'
	expect_verdict ConfigMap/cm-2 kept 'proven'
	expect_verdict ConfigMap/cm-3 pruned
	expect_verdict ConfigMap/cm-4 pruned
	expect_there configmap cm-1
	expect_live configmap cm-2 .data.value restored
	expect_gone configmap cm-3
}

it_honours_protection_on_the_manifest_and_on_the_live_object() {
	fresh
	{
		configmaps 1 6
		annotated by-manifest 'plumb.dev/prune: disabled'
		annotated by-flux 'kustomize.toolkit.fluxcd.io/prune: disabled'
		annotated by-argo 'argocd.argoproj.io/sync-options: Replace=true,Prune=false'
		annotated by-argo-asked 'argocd.argoproj.io/sync-options: Prune=confirm'
		annotated by-helm 'helm.sh/resource-policy: keep'
	} | write all.yaml
	commit 'Eleven'
	sync 0
	kubectl annotate -n "$NS" configmap/cm-1 plumb.dev/prune=disabled >/dev/null
	kubectl annotate -n "$NS" configmap/cm-2 kustomize.toolkit.fluxcd.io/prune=disabled >/dev/null
	kubectl annotate -n "$NS" configmap/cm-3 argocd.argoproj.io/sync-options=Prune=false >/dev/null
	kubectl annotate -n "$NS" configmap/cm-4 helm.sh/resource-policy=keep >/dev/null
	kubectl annotate -n "$NS" configmap/cm-5 plumb.dev/reconcile=disabled >/dev/null
	configmap else | write all.yaml
	commit 'None of them'
	sync 0 --prune --prune-limit 100
	local one
	for one in by-manifest by-flux by-argo by-argo-asked by-helm cm-1 cm-2 cm-3 cm-4; do
		expect_verdict "ConfigMap/$one" kept
		expect_there configmap "$one"
	done
	expect_there configmap cm-5
	expect_verdict ConfigMap/cm-6 pruned
	sync 0 --prune --prune-limit 100
	expect_there configmap by-manifest
}

annotated() { # NAME ANNOTATION
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  annotations: {"%s": "%s"}\n' "$1" "${2%%: *}" "${2#*: }"
}

it_prunes_nothing_when_the_source_is_another() {
	fresh
	configmaps 1 3 | write a/all.yaml
	configmaps 1 1 | write b/all.yaml
	commit 'Two directories'
	DIR=a
	sync 0
	DIR=b
	sync 7 --prune
	expect_verdict ConfigMap/cm-2 kept 'source'
	expect_error 'source-changed'
	expect_there configmap cm-2
	expect_there configmap cm-3
	sync 0 --prune --source-changed
	expect_verdict ConfigMap/cm-2 pruned
	expect_gone configmap cm-3
	configmaps 1 2 | write b/all.yaml
	commit 'Two again'
	sync 0 --prune
	configmaps 1 1 | write b/all.yaml
	commit 'One'
	git clone -q --bare "$REPO" "$WORK-moved.git"
	REPO=$WORK-moved.git
	sync 7 --prune
	expect_there configmap cm-2
	sync 0 --prune --source-changed
	expect_gone configmap cm-2
}

# The inventory knows no version.
it_does_not_prune_what_comes_in_another_version() {
	fresh
	autoscaler v1 'targetCPUUtilizationPercentage: 80' | write hpa.yaml
	commit 'autoscaling/v1'
	sync 0
	local uid
	uid=$(live hpa web .metadata.uid)
	autoscaler v2 'metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]' | write hpa.yaml
	commit 'autoscaling/v2'
	sync 0 --prune
	expect_verdict HorizontalPodAutoscaler/web changed
	expect_counts 'changed=1'
	expect_live hpa web .metadata.uid "$uid"
	sync 0 --prune
	expect_counts 'unchanged=1'
	expect_live hpa web .metadata.uid "$uid"
}

autoscaler() { # VERSION MORE
	printf 'apiVersion: autoscaling/%s\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: none}\n  maxReplicas: 3\n  %s\n' "$1" "$2"
}

it_finds_what_it_applied_in_a_version_that_is_no_longer_served() {
	fresh
	local group
	group=$(unique).plumb.test
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	two_versions "$group" true | kubectl apply -f - >/dev/null
	kubectl wait --for=condition=Established "crd/things.$group" >/dev/null
	{
		configmap cm
		printf -- '---\napiVersion: %s/v1\nkind: Thing\nmetadata: {name: one}\n' "$group"
		printf -- '---\napiVersion: %s/v1\nkind: Thing\nmetadata: {name: two}\n' "$group"
	} | write all.yaml
	commit 'Things of v1'
	sync 0
	two_versions "$group" false | kubectl apply -f - >/dev/null
	eventually 60 'v1 is not served any more' not_served_version "$group" v1
	{
		configmap cm
		printf -- '---\napiVersion: %s/v2\nkind: Thing\nmetadata: {name: one}\n' "$group"
	} | write all.yaml
	commit 'One Thing of v2'
	sync 0 --prune
	expect_verdict Thing/one changed
	expect_verdict Thing/two pruned
	expect_there "things.$group" one
	expect_gone "things.$group" two
}

# Versions v1, where it is served, and v2.
two_versions() { # GROUP SERVED
	crd "$1" | sed "s|name: v1$|name: v2|"
	printf '    - name: v1\n      served: %s\n      storage: false\n      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n' "$2"
}

not_served_version() { # GROUP VERSION
	! kubectl get --raw "/apis/$1/$2" && ! kubectl get --raw "/apis/$1" | grep -q "\"version\":\"$2\""
}

# A group whose discovery fails is unknown, never gone.
it_prunes_nothing_while_a_group_cannot_be_discovered() {
	need curl
	fresh
	local group
	group=$(unique).plumb.test
	at_exit kubectl delete crd "things.$group" --wait=false --ignore-not-found
	at_exit kubectl delete apiservice "v1.$group" --ignore-not-found
	crd "$group" | kubectl apply -f - >/dev/null
	kubectl wait --for=condition=Established "crd/things.$group" --timeout=180s >/dev/null
	{
		configmaps 1 2
		printf -- '---\napiVersion: %s/v1\nkind: Thing\nmetadata: {name: one}\nspec: {a: 1}\n' "$group"
	} | write all.yaml
	commit 'With a Thing'
	sync 0
	kubectl delete crd "things.$group" >/dev/null
	eventually 20 'the group is gone' not_served "$group"
	kubectl apply -f - >/dev/null <<-X
		apiVersion: apiregistration.k8s.io/v1
		kind: APIService
		metadata: {name: v1.$group}
		spec: {group: $group, version: v1, groupPriorityMinimum: 1000, versionPriority: 15, insecureSkipTLSVerify: true, service: {name: none, namespace: default}}
	X
	kubectl proxy --port=0 >"$T/proxy.out" 2>"$T/proxy.log" &
	at_exit kill $!
	eventually 10 'the proxy listens' grep -q 'Starting to serve' "$T/proxy.out"
	eventually 20 'the group is there and cannot be discovered' is_unknown "$group"
	configmaps 1 1 | write all.yaml
	commit 'Without'
	sync 7 --prune
	expect_verdict ConfigMap/cm-2 kept
	expect_verdict Thing/one kept 'did not tell'
	expect_there configmap cm-2
	# It is not forgotten either.
	sync 7 --prune
	expect_verdict Thing/one kept 'did not tell'
	kubectl delete apiservice "v1.$group" >/dev/null
}

# As plumb asks for it, which kubectl does not show.
is_unknown() { # GROUP
	curl -s -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' \
		"http://$(grep -oE '127\.0\.0\.1:[0-9]+' "$T/proxy.out" | head -n 1)/apis" |
		jq -e --arg group "$1" 'any(.items[]; .metadata.name == $group and any(.versions[]; .freshness == "Stale"))'
}

not_served() { # GROUP
	! kubectl get --raw /apis | grep -q "\"$1\""
}

it_deletes_in_the_foreground_unless_told_otherwise() {
	fresh
	{
		deployment one registry.test/web:1 1
		deployment two registry.test/web:1 1
		configmap else
	} | write all.yaml
	commit 'Two Deployments'
	sync 0 --wait
	{
		deployment two registry.test/web:1 1
		configmap else
	} | write all.yaml
	commit 'One'
	sync 0 --prune
	expect_verdict Deployment/one pruned
	eventually 20 'the Deployment goes' is_gone deployment one
	expect_eq 'ReplicaSets of one, once the Deployment is gone' '' "$(kubectl get rs,pods -n "$NS" -l app=one -o name)"
	configmap else | write all.yaml
	commit 'None'
	sync 0 --prune --prune-propagation orphan
	expect_verdict Deployment/two pruned
	eventually 20 'the Deployment goes' is_gone deployment two
	sleep 1
	expect_match 'ReplicaSets of two' replicaset "$(kubectl get rs -n "$NS" -l app=two -o name)"
	expect_match 'Pods of two' pod "$(kubectl get pods -n "$NS" -l app=two -o name)"
}

# An Event is the same object in two groups.
it_does_not_prune_what_is_desired_under_another_group() {
	fresh
	event v1 | write event.yaml
	commit 'An event of the core group'
	sync 0
	local uid
	uid=$(live events.v1. note .metadata.uid)
	event events.k8s.io/v1 | write event.yaml
	commit 'The same of events.k8s.io'
	sync 0 --prune
	expect_eq 'UID' "$uid" "$(live events.v1. note .metadata.uid)"
	expect_no_match 'verdicts' pruned "$(counts)"
	sync 0 --prune
	expect_eq 'UID' "$uid" "$(live events.v1. note .metadata.uid)"
}

event() { # APIVERSION
	local about=involvedObject text=message
	[[ $1 == v1 ]] || about=regarding text=note
	printf 'apiVersion: %s\nkind: Event\nmetadata: {name: note}\n%s: {apiVersion: v1, kind: ConfigMap, name: x, namespace: %s}\nreason: Tested\n%s: hello\ntype: Normal\n' "$1" "$about" "$NS" "$text"
	printf 'eventTime: "2026-01-01T00:00:00.000000Z"\naction: Test\nreporting%s: plumb.test/e2e\nreportingInstance: e2e\n' "$([[ $1 == v1 ]] && echo Component || echo Controller)"
}

run_cases "$@"
