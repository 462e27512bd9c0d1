#!/bin/bash
# On a node that runs containers: an image that can be pulled, one that cannot, a readiness probe that fails, and back.
# E2E_IMAGE names an image that the node has and that has a shell (busybox or Debian).
. "$(dirname "$0")/lib.sh"

IMAGE=${E2E_IMAGE:-plumb.test/shell:1}

# What is to become ready has much time for it; what is not has SECONDS.
web() { # IMAGE PROBE-FILE [SECONDS]
	cat <<-X | write web.yaml
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 1
		  progressDeadlineSeconds: ${3:-500}
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      automountServiceAccountToken: false
		      containers:
		        - name: main
		          image: $1
		          imagePullPolicy: IfNotPresent
		          command: [sh, -c, "while :; do sleep 1; done"]
		          readinessProbe: {exec: {command: [test, -e, "$2"]}, periodSeconds: 1}
	X
}

it_brings_a_story_to_a_real_node() {
	kubectl get nodes -o 'jsonpath={.items[*].metadata.annotations}' | grep -q kwok && [[ $(kubectl get nodes -o name | wc -l) == 1 ]] &&
		skip 'the cluster has no node that runs containers'
	fresh
	web "$IMAGE" /bin/sh
	commit 'Add web'
	local first=${COMMIT:0:7}
	sync 0 --wait --timeout 590s
	expect_result healthy
	expect_live deployment web .status.readyReplicas 1

	web registry.invalid/none:1 /bin/sh 30
	commit 'An image that is nowhere'
	sync 6 --wait --timeout 300s
	expect_result failed
	expect_match 'health reason' 'ImagePullBackOff|ErrImagePull' "$(object Deployment/web healthReason) $(object Deployment/web reason)"
	expect_error 'web.*(ImagePullBackOff|ErrImagePull)'
	expect_live deployment web .status.readyReplicas 1

	web "$IMAGE" /no/such/file 30
	commit 'A probe that fails'
	sync 6 --wait --timeout 300s
	expect_match 'health reason' '[Rr]ead|[Pp]robe|Unhealthy' "$(object Deployment/web healthReason) $(object Deployment/web reason)"

	git -C "$WORK" revert --no-edit HEAD HEAD~1 >/dev/null
	push -q
	sync 0 --wait --timeout 590s
	expect_result healthy
	history 0 deployment/web
	expect_eq 'current revision' "4 ${COMMIT:0:7}" "$(answer '.revisions[] | select(.current) | "\(.revision) \(.commit[0:7])"')"
	expect_no_match 'commits of living revisions' "$first" "$(answer '[.revisions[].commit[0:7]] | join(" ")')"

	kubectl set image -n "$NS" deployment/web main=registry.invalid/evil:1 >/dev/null
	sync 0 --wait --timeout 590s
	expect_verdict Deployment/web healed
}

it_names_a_container_that_crashes() {
	kubectl get nodes -o 'jsonpath={.items[*].metadata.annotations}' | grep -q kwok && [[ $(kubectl get nodes -o name | wc -l) == 1 ]] &&
		skip 'the cluster has no node that runs containers'
	fresh
	web "$IMAGE" /bin/sh 30
	sed -i 's|^\( *\)command: .*|\1command: [sh, -c, "exit 3"]|' "$WORK/web.yaml"
	commit 'Crashes'
	sync 6 --wait --timeout 300s
	expect_match 'health reason' 'CrashLoopBackOff|Error|exit' "$(object Deployment/web healthReason) $(object Deployment/web reason)"
}

run_cases "$@"
