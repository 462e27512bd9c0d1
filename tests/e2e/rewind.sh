#!/bin/bash
# History moves forward only, and one process at a time writes.
. "$(dirname "$0")/lib.sh"

it_refuses_a_commit_that_does_not_descend() {
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	local first=$COMMIT
	sync 0
	configmap cm two | write cm.yaml
	commit 'Two'
	sync 0
	git -C "$WORK" reset -q --hard "$first"
	configmap cm forced | write cm.yaml
	git -C "$WORK" commit -qam 'Forced'
	push -q --force
	sync 7
	expect_error 'allow-rewind'
	expect_live configmap cm .data.value two
	expect_eq 'records' 2 "$(records intent | wc -l)"
	sync 0 --allow-rewind
	expect_live configmap cm .data.value forced
	git -C "$WORK" reset -q --hard "$first"
	push -q --force
	sync 7
	expect_live configmap cm .data.value forced
	sync 0 --allow-rewind
	expect_live configmap cm .data.value one
	sync 0
}

it_refuses_the_rewind_of_a_directory_that_did_not_change() {
	fresh
	configmap cm one | write a/cm.yaml
	commit 'One'
	local first=$COMMIT
	DIR=a
	sync 0
	configmap cm two | write a/cm.yaml
	commit 'Two'
	sync 0
	sync 7 --ref "$first"
	expect_live configmap cm .data.value two
}

# A lease as another machine would hold it.
foreign_lease() { # SECONDS
	kubectl apply -n "$NS" -f - >/dev/null <<-X
		apiVersion: coordination.k8s.io/v1
		kind: Lease
		metadata: {name: plumb-$NAME}
		spec:
		  holderIdentity: elsewhere/0000/1/1
		  leaseDurationSeconds: $1
		  acquireTime: "$(date -u +%FT%T.000000Z)"
		  renewTime: "$(date -u +%FT%T.000000Z)"
	X
}

it_waits_for_another_holder_until_its_timeout() {
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	sync 0
	foreign_lease 600
	sync 0 # nothing to do, so nothing to wait for
	expect_counts 'unchanged=1'
	configmap cm two | write cm.yaml
	commit 'Two'
	local start=$SECONDS
	sync 7 --timeout "$BRIEF"
	((SECONDS - start >= 9 && SECONDS - start <= 120)) || fail "expected to wait $BRIEF, took $((SECONDS - start)) s"
	expect_error 'elsewhere'
	expect_live configmap cm .data.value one
	expect_eq 'records' 1 "$(records intent | wc -l)"
	(
		sleep 2
		kubectl delete lease -n "$NS" "plumb-$NAME"
	) >/dev/null &
	sync 0
	wait
	expect_live configmap cm .data.value two
}

it_replaces_a_holder_that_no_longer_renews() {
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	foreign_lease 3
	local start=$SECONDS
	sync 0
	((SECONDS - start >= 2 && SECONDS - start <= 50)) || fail "expected to wait the 3 s of the lease, took $((SECONDS - start)) s"
	expect_live configmap cm .data.value one
}

# Starts a sync that holds the lease until `let_go`, its process in PID: a Secret of it is over a quota, so it tries again.
hold() { # FLAG...
	kubectl create quota none -n "$NS" --hard=count/secrets=0 >/dev/null
	eventually 20 'the quota counts' is_live resourcequota none '.status.hard.count/secrets' 0
	printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: over}\n' >>"$WORK/cm.yaml"
	commit 'One'
	sync_flags
	"$PLUMB" sync "${FLAGS[@]}" "$@" -o json >"$T/held.out" 2>"$T/held.err" &
	PID=$!
	eventually 20 'it holds the lease' leased
	eventually 20 'it wrote the rest' is_live configmap cm-20 .data.value one
}

let_go() {
	kubectl delete quota none -n "$NS" >/dev/null
}

leased() {
	[[ $(kubectl get lease -n "$NS" "plumb-$NAME" --ignore-not-found -o name) ]]
}

it_replaces_a_dead_holder_of_this_machine_at_once() {
	fresh
	configmaps 1 20 | write cm.yaml
	hold
	kill -9 "$PID" || fail 'the sync was done before it could be killed'
	wait "$PID" 2>/dev/null || true
	expect_match 'lease after the kill' . "$(kubectl get lease -n "$NS" "plumb-$NAME" --ignore-not-found -o name)"
	let_go
	local start=$SECONDS
	sync 0
	((SECONDS - start < 50)) || fail "expected not to wait for the 60 s of the lease, took $((SECONDS - start)) s"
	expect_eq 'objects' 21 "$(kubectl get configmaps,secrets -n "$NS" -l plumb.dev/name=shop -o name | wc -l)"
}

it_lets_two_at_once_write_one_after_the_other() {
	fresh
	configmaps 1 20 | write cm.yaml
	hold --store "$T/first"
	configmaps 1 20 two | write cm.yaml
	commit 'Two'
	local code=0
	(
		sleep 1
		let_go
	) &
	sync 0 --store "$T/second"
	wait "$PID" || code=$?
	expect_eq 'exit code of the first' 0 "$code"
	expect_eq 'values' two "$(kubectl get configmaps -n "$NS" -l plumb.dev/name=shop -o 'jsonpath={range .items[*]}{.data.value}{"\n"}{end}' | sort -u)"
	history 0
	expect_eq 'syncs' '1 applied One, 2 applied Two' "$(answer '[.syncs | sort_by(.number)[] | "\(.number) \(.result) \(.subject)"] | join(", ")')"
}

it_shares_one_store_between_two() {
	fresh
	configmap cm | write cm.yaml
	commit 'One'
	local n pids=() code=0
	sync_flags
	for n in 1 2 3; do
		"$PLUMB" diff "${FLAGS[@]}" >"$T/shared.$n" 2>&1 &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || code=$?
		expect_eq 'exit code of diff' 1 "$code"
	done
}

run_cases "$@"
