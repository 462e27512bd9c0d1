#!/bin/bash
# Agents that share a cluster, and who else is there: two agents of which one leads, a one-shot of the same name, two tenants.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"
. "$(dirname "$0")/agents_lib.sh"

begin() { # [NAME]
	fresh "${1:-shop}"
	crd
}

leader() {
	kubectl get lease -n "$NS" plumb-agent -o 'jsonpath={.spec.holderIdentity}' --ignore-not-found
}

leads() { # ID
	[[ $(leader) == *"/$(agent_pid "$1")/"* ]]
}

intents() {
	records intent | wc -l
}

it_has_one_leader_and_the_other_takes_over_at_once_when_it_ends() {
	begin
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	agent_start a --leader-elect
	eventually 20 'the first one leads' leads a
	agent_start b --leader-elect
	declare_sync
	synced
	expect_eq 'intents' 1 "$(intents)"
	agent_stop a
	# It was given back: nobody has to wait until it is old.
	! leads a || fail 'the first one ended, and its lease is still its own'
	eventually 10 'the second one leads' leads b
	deployment web registry.test/web:2 1 | write web.yaml
	commit 'Two'
	synced
	expect_eq 'intents' 2 "$(intents)"
}

# Killed in the middle of a sync: the second one finishes it, and nobody writes beside it.
it_writes_nothing_twice_when_the_leader_is_killed() {
	begin
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do deployment "web-$i" registry.test/web:1 1; done | write web.yaml
	commit 'One'
	agent_start a --leader-elect
	eventually 20 'the first one leads' leads a
	agent_start b --leader-elect
	declare_sync
	synced
	sed -i 's/web:1/web:2/' "$WORK/web.yaml"
	commit 'Two'
	eventually 20 'the sync began' is_live deployment web-1 '.spec.template.spec.containers[0].image' registry.test/web:2
	agent_kill a
	eventually 60 'the second one leads' leads b
	synced
	for i in 1 2 3 4 5 6 7 8 9 10; do
		# The server counts changed annotations too: one write, and none after it.
		expect_live deployment "web-$i" '.metadata.generation' 2
		expect_live deployment "web-$i" '.metadata.annotations.plumb\.dev/template-commit' "$COMMIT"
		expect_live deployment "web-$i" '.metadata.annotations.deployment\.kubernetes\.io/revision' 2
	done
	# Each sync has one intent and one outcome.
	expect_eq 'numbers of intents' "$(seq 1 "$(intents)" | tr '\n' ' ')" \
		"$(kubectl get controllerrevisions -n "$NS" -l plumb.dev/record=intent -o json | jq -r '[.items[].revision] | sort | map(tostring) | join(" ")') "
}

made() {
	kubectl get configmap -n "$NS" -l "plumb.dev/name=$NAME" -o name | wc -l
}

any_made() {
	(($(made) > 0))
}

# Safety rule 21: it does not know that it was away, and its Sync's own lease is still fresh.
it_writes_nothing_more_when_it_was_away_for_longer_than_its_lease() {
	begin
	configmaps 1 3000 | write all.yaml
	commit 'Many'
	agent_start a --leader-elect
	eventually 20 'the first one leads' leads a
	agent_start b --leader-elect
	declare_sync
	eventually 30 'the sync began' any_made
	kill -STOP "$(agent_pid a)"
	eventually 90 'the second one leads' leads b
	local before by_a
	before=$(made)
	((before < 3000)) || die 'all was made before the agent was stopped'
	kill -CONT "$(agent_pid a)"
	eventually 30 'it notices' says a 'not the leader any more: everything that runs is ended'
	eventually 30 'its sync ends' says a 'sync: (incomplete|failed)'
	by_a=$(agent_log a | grep -c ' created: it was not there' || true)
	((by_a <= before)) || fail "the first one made $by_a objects, $before of them before it was away"
	# It gave the Sync's lease back, which the second one waited for.
	eventually 60 'the second one makes the rest' is_synced "$COMMIT" "$NAME"
	expect_eq 'objects' 3000 "$(made)"
}

it_refuses_the_name_of_a_sync_to_a_one_shot_and_shares_the_lease_where_files_declare_it() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	declare_sync
	synced
	sync 7
	expect_error "holds this name"
	plumb 0 suspend "$NAME" -n "$NS"
	eventually 20 'suspended' has_reason Suspended
	sync 0
	agent_stop a
	kubectl delete sync -n "$NS" "$NAME" >/dev/null

	# By file: the lease is what both have.
	mkdir "$T/config-$NS"
	# It may look at it only for some seconds at a time: that adds up.
	sync_document $'  interval: 5s\n  timeout: 10s' >"$T/config-$NS/one.yaml"
	kubectl create -f - >/dev/null <<-X
		apiVersion: coordination.k8s.io/v1
		kind: Lease
		metadata: {name: plumb-$NAME, namespace: $NS}
		spec: {holderIdentity: somebody/else, leaseDurationSeconds: 40, renewTime: "$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)"}
	X
	configmap one two | write one.yaml
	commit 'Two'
	agent_start b --config="$T/config-$NS"
	sleep 5
	expect_live configmap one .data.value one
	eventually 90 'when the other one is gone' is_live configmap one .data.value two
	sync 0
	expect_counts 'unchanged=1'
}

it_keeps_tenants_apart() {
	begin
	local own=$NS other
	namespace_new
	other=$NS
	NS=$own
	kubectl create serviceaccount -n "$NS" tenant >/dev/null
	kubectl create role -n "$NS" tenant --verb='*' --resource=configmaps,secrets,deployments.apps >/dev/null
	kubectl create rolebinding -n "$NS" tenant --role=tenant --serviceaccount="$NS:tenant" >/dev/null
	configmap mine | write mine.yaml
	configmap theirs | sed "s|^  name: theirs|&\n  namespace: $other|" | write theirs.yaml
	commit 'One'
	agent_start a
	declare_sync '  serviceAccountName: tenant'
	eventually 30 'the condition' has_reason ClusterFailed
	expect_match 'message' 'forbidden|may not|denied' "$(message)"
	expect_eq 'in the other namespace' '' "$(kubectl get configmap -n "$other" theirs --ignore-not-found)"
	git -C "$WORK" rm -q theirs.yaml
	commit 'Two'
	synced
	expect_live configmap mine '.metadata.managedFields[?(@.manager=="plumb")].operation' Apply
	kubectl patch -n "$NS" configmap mine -p '{"data": {"value": "drifted"}}' >/dev/null
	eventually 20 'healed with the rights of the tenant' is_live configmap mine .data.value one
	# An account that is not there has no rights at all.
	agent_stop a
	agent_start b --default-service-account=nobody
	NAME=second declare_sync
	eventually 30 'the condition' has_reason ClusterFailed second
}

it_does_not_read_a_secret_that_the_tenant_may_not_read() {
	begin
	kubectl create serviceaccount -n "$NS" tenant >/dev/null
	kubectl create secret generic -n "$NS" login --from-literal=username=ana --from-literal=password=hunter2 >/dev/null
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	sync_document '  serviceAccountName: tenant' | sed 's|ref: {branch: main}|secretRef: {name: login}, &|' | kubectl apply -f - >/dev/null
	eventually 20 'the condition' has_reason CredentialsFailed
	expect_match 'message' "secret 'login'.*forbidden" "$(message)"
}

run_cases "$@"
