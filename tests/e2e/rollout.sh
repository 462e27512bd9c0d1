#!/bin/bash
# --wait follows rollouts to their end and says how they ended.
. "$(dirname "$0")/lib.sh"

# A Deployment with more fields: in spec, and in the pod's spec.
with() { # NAME SPEC POD [REPLICAS]
	deployment "$1" registry.test/web:1 "${4-1}" | sed "s|^  selector:|  $2\n  selector:|; s|^      containers:|      $3\n      containers:|"
}

it_waits_for_each_way_of_rolling_out() {
	fresh
	{
		with rolling 'strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}' '' 3
		with recreate 'strategy: {type: Recreate}' '' 2
		with slow 'minReadySeconds: 3' ''
		with none '' '' 0
		with paused 'paused: true' ''
		workloads
	} | write all.yaml
	commit 'All kinds'
	local start=$SECONDS
	sync 0 --wait
	expect_result healthy
	((SECONDS - start >= 3)) || fail "minReadySeconds: expected to wait 3 s, waited $((SECONDS - start))"
	expect_match 'health of paused' '[Pp]aused' "$(object Deployment/paused health)$(object Deployment/paused healthReason)"
	expect_live deployment rolling .status.availableReplicas 3
	expect_live deployment recreate .status.availableReplicas 2
	expect_live deployment slow .status.availableReplicas 1
	expect_live statefulset db .status.readyReplicas 2
	expect_live job once .status.succeeded 1
	sed -i 's|web:1|web:2|; s|minReadySeconds: 3|minReadySeconds: 1|' "$WORK/all.yaml"
	commit 'All of them anew'
	sync 0 --wait
	expect_result healthy
	expect_live deployment rolling .status.updatedReplicas 3
	expect_live deployment recreate .status.updatedReplicas 2
	expect_live deployment rolling .status.replicas 3
}

workloads() {
	cat <<-X
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: db}
		spec:
		  replicas: 2
		  serviceName: db
		  selector: {matchLabels: {app: db}}
		  template:
		    metadata: {labels: {app: db}}
		    spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "registry.test/db:1"}]}
		---
		apiVersion: apps/v1
		kind: DaemonSet
		metadata: {name: log}
		spec:
		  selector: {matchLabels: {app: log}}
		  template:
		    metadata: {labels: {app: log}}
		    spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "registry.test/log:1"}]}
		---
		apiVersion: batch/v1
		kind: Job
		metadata: {name: once}
		spec:
		  template:
		    spec: {restartPolicy: Never, containers: [{name: main, image: "registry.test/job:1"}]}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: pod}
		spec: {terminationGracePeriodSeconds: 0, containers: [{name: main, image: "registry.test/pod:1"}]}
		---
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {selector: {app: rolling}, ports: [{port: 80}]}
	X
}

it_does_not_wait_without_being_told() {
	fresh
	with stuck '' 'nodeSelector: {no: such}' | write web.yaml
	commit 'Never starts'
	local start=$SECONDS
	sync 0
	expect_result applied
	((SECONDS - start < 170)) || fail "expected not to wait until the timeout of 180 s, took $((SECONDS - start)) s"
}

it_fails_with_the_pods_own_reason() {
	fresh
	{
		with stuck 'progressDeadlineSeconds: 10' 'nodeSelector: {no: such}'
		configmap cm
	} | write web.yaml
	commit 'Never starts'
	local start=$SECONDS
	sync 6 --wait --timeout 500s
	expect_result failed
	expect_match 'health reason' 'Unschedulable' "$(health Deployment/stuck)"
	expect_match 'health reason' 'ProgressDeadlineExceeded|[Pp]rogress' "$(health Deployment/stuck)"
	expect_error 'stuck.*Unschedulable|Unschedulable.*stuck'
	expect_there configmap cm
	((SECONDS - start < 300)) || fail "expected to end at the progress deadline, took $((SECONDS - start)) s"
	expect_match 'history' failed "$(history 0 && answer '.syncs[-1].result')"
}

health() { # KIND/NAME
	echo "$(object "$1" health) $(object "$1" healthReason) $(object "$1" reason)"
}

it_ends_at_its_timeout() {
	fresh
	with stuck '' 'nodeSelector: {no: such}' | write web.yaml
	commit 'Never starts'
	local start=$SECONDS
	sync 6 --wait --timeout "$BRIEF"
	# The Deployment itself gives up after 600 seconds only.
	((SECONDS - start <= 120)) || fail "expected to end after $BRIEF, took $((SECONDS - start))"
	expect_match 'health reason' 'Unschedulable' "$(health Deployment/stuck)"
	with stuck '' '' | write web.yaml
	commit 'Starts'
	sync 0 --wait
	expect_result healthy
}

it_names_what_a_pod_that_never_becomes_ready_says() {
	fresh
	deployment web registry.test/web:1 1 | sed 's|^      labels: {app: web}|&\n      annotations: {plumb.test/behave: never-ready}|' | write web.yaml
	commit 'Never ready'
	sync_flags
	kubectl apply -n "$NS" -f "$WORK/web.yaml" --dry-run=server >/dev/null
	[[ ${E2E_STAGES:-} || $(kubectl get node -o 'jsonpath={.items[*].metadata.annotations.plumb\.test/stages}') ]] ||
		skip 'the cluster has no stages that make pods misbehave'
	sync 6 --wait --timeout "$BRIEF"
	expect_match 'health reason' '[A-Z][a-z]+' "$(health Deployment/web)"
}

it_follows_a_rollout_that_an_earlier_run_began() {
	fresh
	with web '' 'nodeSelector: {no: such}' | write web.yaml
	commit 'Never starts'
	sync 0
	expect_result applied
	sync 6 --wait --timeout "$BRIEF"
	expect_verdict Deployment/web unchanged
	with web '' '' | write web.yaml
	commit 'Starts'
	sync 0
	sync 0 --wait
	expect_match 'result' 'healthy|unchanged' "$(answer .result)"
	expect_live deployment web .status.availableReplicas 1
}

it_fails_with_a_job_that_fails() {
	fresh
	cat <<-X | write job.yaml
		apiVersion: batch/v1
		kind: Job
		metadata: {name: late}
		spec:
		  activeDeadlineSeconds: 1
		  template:
		    spec: {restartPolicy: Never, nodeSelector: {no: such}, containers: [{name: main, image: "registry.test/job:1"}]}
	X
	commit 'A Job that is too late'
	sync 6 --wait
	expect_match 'health reason' 'DeadlineExceeded|deadline' "$(health Job/late)"
}

it_ends_at_a_signal() {
	fresh
	with stuck '' 'nodeSelector: {no: such}' | write web.yaml
	commit 'Never starts'
	sync_flags
	local pid code=0
	"$PLUMB" sync "${FLAGS[@]}" --wait -o json >"$T/signal.out" 2>"$T/signal.err" &
	pid=$!
	eventually 20 'the Deployment is there' is_live deployment stuck .metadata.name stuck
	sleep 0.5
	kill -TERM "$pid"
	wait "$pid" || code=$?
	expect_match 'exit code after SIGTERM' '^(7|6|143)$' "$code"
	eventually 5 'the lease is given back' no_lease
	expect_eq 'records' 2 "$(records intent | wc -l | xargs -I{} expr {} + "$(records outcome | wc -l)")"
}

no_lease() {
	[[ ! $(kubectl get lease -n "$NS" "plumb-$NAME" --ignore-not-found -o name) ]]
}

run_cases "$@"
