#!/bin/bash
# The agent and its Syncs: what is pushed is synced, suspended ones rest, dependencies release, tenants stay apart.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"
. "$(dirname "$0")/agents_lib.sh"

# A namespace with a repository, and the definition of Syncs.
begin() { # [NAME]
	fresh "${1:-shop}"
	crd
}

it_syncs_what_is_pushed_and_says_so() {
	begin
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	agent_start a
	declare_sync
	synced
	expect_eq 'message' "main@sha1:${COMMIT:0:7}, 1 object, healthy" "$(message)"
	kubectl wait -n "$NS" --for=condition=Ready "sync/$NAME" --timeout=60s >/dev/null
	deployment web registry.test/web:2 1 | write web.yaml
	configmap more | write more.yaml
	commit 'Two'
	synced
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
	expect_live deployment web '.metadata.annotations.plumb\.dev/template-commit' "$COMMIT"
	# Records belong to the Sync.
	expect_eq 'owner of the records' "Sync/$NAME" "$(kubectl get controllerrevisions -n "$NS" -o json |
		jq -r '[.items[].metadata.ownerReferences[] | "\(.kind)/\(.name)"] | unique | join(" ")')"
	expect_gone configmap "plumb-$NAME"
	agent_stop a
	expect_log a 'info - - ended'
}

it_looks_at_once_when_it_is_asked() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	sync_document "  interval: 10m" | kubectl apply -f - >/dev/null
	synced
	configmap one two | write one.yaml
	commit 'Two'
	plumb 0 reconcile "$NAME" -n "$NS" --wait --timeout 180s
	expect_live configmap one .data.value two
	plumb 0 wait "$NAME" -n "$NS" --commit "$COMMIT" --timeout 60s
}

it_renders_nothing_for_a_commit_that_changes_nothing_below_the_path() {
	begin
	DIR=prod
	deployment web registry.test/web:1 1 | write prod/web.yaml
	configmap other | write other/other.yaml
	commit 'One'
	agent_start a
	declare_sync
	synced
	configmap other two | write other/other.yaml
	commit 'Beside it'
	synced
	expect_log a 'changes nothing of this Sync'
	expect_eq 'renders' 1 "$(agent_log a | grep -c ' rendering')"
	kubectl scale -n "$NS" deployment web --replicas=3 >/dev/null
	eventually 20 'drift is still healed' is_live deployment web .spec.replicas 1
	deployment web registry.test/web:2 1 | write prod/web.yaml
	commit 'In it'
	synced
	expect_eq 'renders' 2 "$(agent_log a | grep -c ' rendering')"
}

it_rests_while_suspended_and_goes_on_when_resumed() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	declare_sync
	synced
	plumb 0 suspend "$NAME" -n "$NS"
	eventually 20 'suspended' has_reason Suspended
	configmap one two | write one.yaml
	commit 'Two'
	kubectl patch -n "$NS" configmap one -p '{"data": {"value": "drifted"}}' >/dev/null
	sleep 8
	expect_live configmap one .data.value drifted
	expect_eq 'condition Ready' Unknown "$(condition Ready)"
	plumb 0 resume "$NAME" -n "$NS"
	synced
	expect_live configmap one .data.value two
	plumb 0 suspend "$NAME" -n "$NS" --for 15s
	eventually 10 'suspended' has_reason Suspended
	configmap one three | write one.yaml
	commit 'Three'
	synced
}

it_waits_for_what_it_depends_on() {
	begin db
	deployment db registry.test/db:1 1 | write db.yaml
	commit 'Database'
	local db_commit=$COMMIT db_repo=$REPO
	repo_new
	configmap app | write app.yaml
	commit 'Application'
	agent_start a
	# By event: not by the next look at an interval.
	NAME=app sync_document $'  interval: 1h\n  dependsOn: [{name: db}]' | kubectl apply -f - >/dev/null
	eventually 20 'the condition names what is waited for' has_reason DependencyNotReady app
	expect_match 'message' "$NS/db is not there" "$(message app)"
	sleep 1
	expect_gone configmap app
	REPO=$db_repo declare_sync
	synced "$db_commit"
	synced "$COMMIT" app
}

says_cycle() { # NAME CYCLE
	[[ $(reason "$1") == DependencyCycle && $(message "$1") == *": $2" ]]
}

it_names_the_cycle_of_syncs_that_wait_for_each_other() {
	begin a
	configmap of-a | write a.yaml
	commit 'A'
	local a_commit=$COMMIT a_repo=$REPO
	repo_new
	configmap of-b | write b.yaml
	commit 'B'
	agent_start a
	# The one is there and at rest when the other one closes the circle.
	REPO=$a_repo NAME=a declare_sync
	synced "$a_commit" a
	NAME=b declare_sync '  dependsOn: [{name: a}]'
	synced "$COMMIT" b
	REPO=$a_repo NAME=a declare_sync '  dependsOn: [{name: b}]'
	eventually 20 'the one that was changed says so' says_cycle a "$NS/a -> $NS/b -> $NS/a"
	eventually 20 'and the other one' says_cycle b "$NS/b -> $NS/a -> $NS/b"
	expect_eq 'Ready' False "$(condition Ready b)"
	expect_eq 'Stalled' True "$(condition Stalled b)"
	plumb 7 wait b -n "$NS" --timeout 20s
	expect_error "$NS/b -> $NS/a -> $NS/b"
	configmap of-b two | write b.yaml
	commit 'New in B'
	sleep 7
	expect_live configmap of-b .data.value one
	expect_eq 'the reason stays' DependencyCycle "$(reason b)"
	# One of them is changed: both go on.
	REPO=$a_repo NAME=a declare_sync '  dependsOn: []'
	synced "$a_commit" a
	synced "$COMMIT" b
	expect_live configmap of-b .data.value two
	# Through three, of which the third comes last; and it goes with one of them.
	NAME=b declare_sync '  dependsOn: [{name: a}]'
	REPO=$a_repo NAME=a declare_sync '  dependsOn: [{name: c}]'
	eventually 20 'names what is missing' has_reason DependencyNotReady a
	expect_match 'message' "$NS/c is not there" "$(message a)"
	NAME=c DIR=none declare_sync '  dependsOn: [{name: b}]'
	eventually 20 'three' says_cycle b "$NS/b -> $NS/a -> $NS/c -> $NS/b"
	eventually 20 'three' says_cycle c "$NS/c -> $NS/b -> $NS/a -> $NS/c"
	kubectl delete sync -n "$NS" c >/dev/null
	eventually 20 'two are left, and one waits' has_reason DependencyNotReady a
	expect_match 'message' "$NS/c is not there" "$(message a)"
	REPO=$a_repo NAME=a declare_sync '  dependsOn: []'
	synced "$a_commit" a
	synced "$COMMIT" b
}

it_puts_objects_into_the_target_namespace() {
	begin
	local own=$NS
	namespace_new
	local target=$NS
	NS=$own
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	declare_sync "  targetNamespace: $target"
	synced
	expect_gone configmap one
	NS=$target expect_there configmap one
}

it_says_what_is_wrong_with_manifests_and_mends_with_the_next_commit() {
	begin
	configmap one | write one.yaml
	printf 'a: [\n' | write two.yaml
	commit 'Broken'
	agent_start a
	declare_sync
	eventually 20 'the condition' has_reason ManifestsFailed
	expect_match 'message' 'two.yaml' "$(message)"
	expect_eq 'condition Stalled' True "$(condition Stalled)"
	expect_gone configmap one
	git -C "$WORK" rm -q two.yaml
	commit 'Mended'
	synced
	expect_there configmap one
}

# Waits for its rollouts longer than any test runs.
declare_patient_sync() {
	sync_document $'  interval: 5s\n  timeout: 2h' | kubectl apply -f - >/dev/null
}

it_takes_the_fixing_commit_while_the_bad_rollout_hangs() {
	begin
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'Good'
	agent_start a
	declare_patient_sync
	synced
	# No node has that much memory: its pods stay pending.
	deployment web registry.test/web:2 1 | sed 's|image: .*|&\n          resources: {requests: {memory: 900Ti}}|' | write web.yaml
	commit 'Bad'
	local bad=$COMMIT
	eventually 20 'the bad commit is applied' is_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
	eventually 20 'it waits' is_unknown
	sleep 2
	expect_eq 'condition Ready' Unknown "$(condition Ready)"
	deployment web registry.test/web:3 1 | write web.yaml
	commit 'Fix'
	synced
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:3
	expect_log a "given up for a newer commit"
	history 0
	expect_match 'syncs of the bad commit' 'incomplete' "$(jq -r --arg bad "$bad" '.syncs[] | select(.commit == $bad) | .result' "$OUT")"
}

is_unknown() {
	[[ $(condition Ready) == Unknown ]]
}

it_is_not_delayed_by_one_that_hangs() {
	begin stuck
	deployment web registry.test/web:1 1 | sed 's|image: .*|&\n          resources: {requests: {memory: 900Ti}}|' | write web.yaml
	commit 'Hangs'
	agent_start a
	declare_patient_sync
	eventually 20 'the first one waits' is_live deployment web '.metadata.name' web
	repo_new
	configmap quick | write quick.yaml
	commit 'Quick'
	NAME=quick declare_sync
	synced "$COMMIT" quick
	expect_eq 'the other one' Unknown "$(condition Ready stuck)"
}

it_heals_while_git_is_down_and_catches_up_when_it_is_back() {
	begin
	configmap one | write one.yaml
	configmap two | write two.yaml
	commit 'One'
	agent_start a
	declare_sync
	synced
	mv "$REPO" "$REPO.away"
	sleep 8
	kubectl patch -n "$NS" configmap one -p '{"data": {"value": "drifted"}}' >/dev/null
	kubectl delete -n "$NS" configmap two >/dev/null
	eventually 10 'the drift is healed' is_live configmap one .data.value one
	eventually 10 'what was deleted is back' is_live configmap two .data.value one
	eventually 60 'the condition tells' has_reason FetchFailed
	mv "$REPO.away" "$REPO"
	configmap one three | write one.yaml
	commit 'Two'
	synced
	expect_live configmap one .data.value three
}

it_prunes_only_so_much_until_somebody_approves() {
	begin
	configmaps 1 12 | write all.yaml
	commit 'Many'
	agent_start a
	declare_sync '  prune: true'
	synced
	configmaps 1 3 | write all.yaml
	commit 'Few'
	eventually 30 'the brake' has_reason PruneBlocked
	expect_there configmap cm-12
	kubectl annotate -n "$NS" sync "$NAME" plumb.dev/approve-prune="$(git -C "$WORK" rev-parse HEAD~1)" >/dev/null
	sleep 3
	expect_there configmap cm-12
	kubectl annotate -n "$NS" sync "$NAME" --overwrite plumb.dev/approve-prune="$COMMIT" >/dev/null
	synced
	expect_gone configmap cm-12
	expect_there configmap cm-3
}

it_leaves_everything_when_a_sync_is_deleted() {
	begin
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	agent_start a
	declare_sync '  prune: true'
	synced
	kubectl delete sync -n "$NS" "$NAME" --timeout=120s >/dev/null
	sleep 3
	expect_there deployment web
	kubectl scale -n "$NS" deployment web --replicas=3 >/dev/null
	sleep 4
	expect_live deployment web .spec.replicas 3
}

it_takes_away_what_it_made_where_the_policy_is_delete_under_the_brake() {
	begin
	{
		configmaps 1 12
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: precious\n  annotations: {plumb.dev/prune: disabled}\n'
	} | write all.yaml
	commit 'One'
	agent_start a
	declare_sync '  deletionPolicy: Delete'
	synced
	expect_eq 'finalizers' plumb.dev/prune "$(kubectl get sync -n "$NS" "$NAME" -o 'jsonpath={.metadata.finalizers[*]}')"
	kubectl delete sync -n "$NS" "$NAME" --wait=false >/dev/null
	eventually 20 'the brake' has_reason PruneBlocked
	expect_there configmap cm-12
	kubectl annotate -n "$NS" sync "$NAME" plumb.dev/approve-prune="$COMMIT" >/dev/null
	eventually 30 'the Sync is gone' is_gone sync "$NAME"
	expect_gone configmap cm-1
	expect_gone configmap cm-12
	expect_there configmap precious
}

it_is_let_go_when_the_policy_is_orphan_again() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	declare_sync '  deletionPolicy: Delete'
	synced
	declare_sync '  deletionPolicy: Orphan'
	eventually 20 'the finalizer goes' is_live sync "$NAME" '.metadata.finalizers[*]' ''
	kubectl delete sync -n "$NS" "$NAME" --timeout=120s >/dev/null
	expect_there configmap one
}

# Nobody looked between the one and the other: the finalizer is still there.
it_takes_nothing_away_when_the_policy_became_orphan_before_it_was_deleted() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	declare_sync '  deletionPolicy: Delete'
	synced
	agent_stop a
	declare_sync '  deletionPolicy: Orphan'
	kubectl delete sync -n "$NS" "$NAME" --wait=false >/dev/null
	expect_eq 'finalizers' plumb.dev/prune "$(kubectl get sync -n "$NS" "$NAME" -o 'jsonpath={.metadata.finalizers[*]}')"
	agent_start b
	eventually 60 'the Sync is gone' is_gone sync "$NAME"
	expect_there configmap one
}

it_refuses_local_paths_unless_they_are_allowed() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a --no-local-repos
	declare_sync
	eventually 20 'the condition' has_reason InvalidSpec
	expect_match 'message' '--allow-local-repos' "$(message)"
	expect_gone configmap one
}

it_refuses_a_kubeconfig_that_runs_programs_and_an_empty_default_account() {
	begin
	kubectl config view --raw --flatten --minify -o json |
		jq '.users[0].user = {exec: {apiVersion: "client.authentication.k8s.io/v1", command: "/bin/true", interactiveMode: "Never"}}' >"$T/exec"
	KUBECONFIG=$T/exec plumb 2 agent -n "$NS" --watch-namespace "$NS" --health-address '' --metrics-address '' --webhook-address ''
	expect_error 'credential plugin, which runs only from the command line'
	plumb 2 agent --default-service-account ''
}

it_reads_the_source_s_secret_and_says_when_it_is_not_there() {
	begin
	configmap one | write one.yaml
	commit 'One'
	agent_start a
	sync_document | sed 's|ref: {branch: main}|secretRef: {name: login}, &|' | kubectl apply -f - >/dev/null
	eventually 20 'the condition' has_reason CredentialsFailed
	expect_match 'message' "secret 'login'" "$(message)"
	kubectl create secret generic -n "$NS" login --from-literal=username=ana --from-literal=password=hunter2 >/dev/null
	synced
	! grep -q hunter2 "$T/agent-a.log" || fail 'the log holds the password'
}

reloaded_twice() {
	(($(agent_log a | grep -c ' reloading') == 2))
}

it_takes_syncs_from_files_and_reads_them_again_at_sighup() {
	begin
	configmap one | write one.yaml
	commit 'One'
	mkdir "$T/config-$NS"
	sync_document '  interval: 5s' | grep -v '^  source' | sed "s|^spec:|spec:\n  source: {url: \"$REPO\", ref: {branch: main}}|" >"$T/config-$NS/one.yaml"
	agent_start a --config="$T/config-$NS"
	eventually 20 'synced' is_live configmap one .data.value one
	local first_repo=$REPO
	repo_new
	configmap other | write other.yaml
	commit 'Other'
	NAME=other sync_document '  interval: 5s' >"$T/config-$NS/two.yaml"
	kill -HUP "$(agent_pid a)"
	eventually 20 'the second one' is_live configmap other .data.value one
	rm "$T/config-$NS/one.yaml"
	kill -HUP "$(agent_pid a)"
	eventually 20 'it reads the files again' reloaded_twice
	sleep 2
	kubectl delete -n "$NS" configmap one >/dev/null
	sleep 3
	expect_gone configmap one
	[[ -d $first_repo ]]
}

run_cases "$@"
