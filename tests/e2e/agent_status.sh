#!/bin/bash
# The agent and its Sync resources: what is pushed is synced, and status, columns and events tell the truth about it.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

OFTEN='  interval: 5s'

has_event() { # KIND/NAME REGEX
	kubectl events -n "$NS" --for "$1" | grep -qE -- "$2"
}

it_syncs_what_is_pushed_and_tells_it_by_conditions_columns_and_events() {
	crd
	fresh
	deployment web registry.test/web:1 | write web.yaml
	commit 'Add web'
	declare_sync "$OFTEN"
	agent_run
	kubectl wait --for=condition=Ready "sync/$NAME" -n "$NS" --timeout=180s >/dev/null || fail 'not Ready'
	expect_live sync "$NAME" .status.lastAppliedCommit "$COMMIT"
	expect_live sync "$NAME" .status.lastHealthyCommit "$COMMIT"
	expect_live sync "$NAME" .status.inventory.count 1
	expect_live sync "$NAME" '.status.history[0].result' healthy
	expect_eq observedGeneration "$(live sync "$NAME" .metadata.generation)" "$(live sync "$NAME" .status.observedGeneration)"
	expect_match columns "^$NAME +True +main@sha1:${COMMIT:0:7}, 1 object, healthy +$COMMIT +" "$(kubectl get syncs -n "$NS" --no-headers)"
	eventually 10 'an event on the Sync' has_event "sync/$NAME" "Normal.*Synced.*main@sha1:$COMMIT Add web \(Ana\): 1 created"
	eventually 10 'an event on the Deployment' has_event deployment/web "Synced.*main@sha1:$COMMIT Add web \(Ana\)"
	expect_match 'describe' "Synced" "$(kubectl describe deployment -n "$NS" web)"
	deployment web registry.test/web:2 | write web.yaml
	commit 'Raise the version'
	soon_applied
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
	plumb 0 wait "$NAME" -n "$NS" --commit "$COMMIT" --timeout 180s
	plumb 0 status "$NAME" -n "$NS"
	expect_match status 'Ready True, Succeeded' "$(<"$OUT")"
	agent_end
}

it_says_why_a_commit_is_not_in_the_cluster() {
	crd
	fresh
	configmap cm | write cm.yaml
	commit 'Fine'
	local fine=$COMMIT
	declare_sync "$OFTEN"
	agent_run
	soon_applied
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, name: cm}\n' | write cm.yaml
	commit 'Broken'
	soon_condition Stalled reason ManifestsFailed
	expect_eq Ready False "$(condition Ready status)"
	expect_match message "^${COMMIT:0:7}: cm.yaml:3: .*duplicate key" "$(condition Ready message)"
	expect_live sync "$NAME" .status.lastAttemptedCommit "$COMMIT"
	expect_live sync "$NAME" .status.lastAppliedCommit "$fine"
	plumb 4 wait "$NAME" -n "$NS" --commit "$COMMIT" --timeout 180s
	eventually 10 'a warning' has_event "sync/$NAME" "Warning.*ManifestsFailed.*${COMMIT:0:7}: cm.yaml:3"
	expect_eq 'events of one failure' 1 "$(kubectl events -n "$NS" --for "sync/$NAME" | grep -c ManifestsFailed)"
	configmap cm two | write cm.yaml
	commit 'Fixed'
	soon_applied
	expect_eq Stalled '' "$(condition Stalled status)"
	expect_live configmap cm .data.value two
	agent_end
}

it_refuses_what_the_schema_lets_through_and_says_so() {
	crd
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	declare_sync "$OFTEN"$'\n'"  dependsOn: [{name: $NAME, namespace: $NS}]"
	agent_run
	soon_condition Stalled reason InvalidSpec
	expect_match message 'spec.dependsOn\[0\]: is this Sync itself' "$(condition Ready message)"
	eventually 10 'a warning' has_event "sync/$NAME" 'Warning.*InvalidSpec.*is this Sync itself'
	kubectl patch sync -n "$NS" "$NAME" --type json -p '[{"op": "remove", "path": "/spec/dependsOn"}]' >/dev/null
	soon_applied
	expect_eq Stalled '' "$(condition Stalled status)"
	agent_end
}

it_gives_the_name_to_a_one_shot_only_while_it_is_suspended() {
	crd
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	declare_sync "$OFTEN"
	agent_run
	soon_applied
	sync 7
	plumb 0 suspend "$NAME" -n "$NS"
	soon_condition Ready reason Suspended
	eventually 10 'an event' has_event "sync/$NAME" 'Normal.*Suspended.*suspended at'
	configmap cm two | write cm.yaml
	commit 'Two'
	sync 0
	expect_counts 'changed=1'
	plumb 0 resume "$NAME" -n "$NS"
	soon_applied
	agent_end
	plumb 0 history --name "$NAME" -n "$NS" -o json
	expect_eq 'syncs of the second commit' 1 "$(answer "[.syncs[] | select(.commit == \"$COMMIT\")] | length")"
}

it_prunes_nothing_of_another_path_until_the_commit_is_approved() {
	crd
	fresh
	configmap one | write one/cm.yaml
	configmap two | write two/cm.yaml
	commit 'Both'
	DIR=one declare_sync "$OFTEN"$'\n  prune: true'
	agent_run
	soon_applied
	DIR=two declare_sync "$OFTEN"$'\n  prune: true'
	soon_condition Stalled reason SourceChanged
	expect_there configmap one
	expect_there configmap two
	kubectl annotate sync -n "$NS" "$NAME" "plumb.dev/approve-prune=$COMMIT" >/dev/null
	soon_condition Ready status True
	expect_gone configmap one
	expect_there configmap two
	agent_end
}

it_leaves_ignored_fields_to_others_and_heals_the_rest() {
	crd
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'Add web'
	declare_sync "$OFTEN"$'\n  heal: {delay: 100ms}\n  ignore: [{kind: Deployment, paths: [/spec/template/spec/containers/0/image]}]'
	agent_run
	soon_applied
	local image='.spec.template.spec.containers[0].image'
	kubectl set image -n "$NS" deployment/web main=registry.test/web:7 >/dev/null
	kubectl scale -n "$NS" deployment/web --replicas=3 >/dev/null
	eventually 15 'replicas are healed' is_live deployment web .spec.replicas 1
	expect_live deployment web "$image" registry.test/web:7
	kubectl delete deployment -n "$NS" web >/dev/null
	eventually 15 'it is made anew with the image of Git' is_live deployment web "$image" registry.test/web:1
	agent_end
}

it_says_that_drift_is_there_where_it_only_detects() {
	crd
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	declare_sync "$OFTEN"$'\n  heal: {mode: Detect, delay: 100ms}'
	agent_run
	soon_applied
	kubectl patch configmap -n "$NS" cm --type merge -p '{"data": {"value": "hand"}}' >/dev/null
	soon_condition Ready reason Drifted
	expect_match message 'cm' "$(condition Ready message)"
	sleep 2
	expect_live configmap cm .data.value hand
	kubectl patch configmap -n "$NS" cm --type merge -p '{"data": {"value": "one"}}' >/dev/null
	agent_end
}

run_cases "$@"
