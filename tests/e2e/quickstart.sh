#!/bin/bash
# The README's first command on a cluster that is there already: in a namespace of its own, which it removes.
. "$(dirname "$0")/lib.sh"

namespaces() {
	kubectl get namespaces -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' | grep '^plumb-quickstart-' || true
}

it_takes_the_current_cluster_and_leaves_it_as_it_was() {
	local log=$T/log
	mkdir -p "$T/tmp"
	TMPDIR=$T/tmp "$TOP/deploy/quickstart" --use-current-cluster >"$log" 2>&1 </dev/null ||
		fail "quickstart ended with $?: $(tail -n 5 "$log")"
	grep -qE '^3 +[0-9a-f]{7} .* healthy +web r2->r3 +Revert' "$log" || fail "no third sync: $(tail -n 12 "$log")"
	grep -q 'in the namespace plumb-quickstart-' "$log" || fail "it does not name its namespace: $(head -n 12 "$log")"
	expect_eq 'left behind' '' "$(ls -A "$T/tmp")"
	eventually 300 'its namespace is removed' no_namespaces
}

no_namespaces() {
	[[ ! $(namespaces) ]]
}

it_says_when_there_is_no_cluster() {
	local code=0
	jq -n '{apiVersion: "v1", kind: "Config", "current-context": "off", contexts: [{name: "off", context: {cluster: "off"}}],
		clusters: [{name: "off", cluster: {server: "https://127.0.0.1:1"}}]}' >"$T/off"
	KUBECONFIG=$T/off "$TOP/deploy/quickstart" --use-current-cluster >"$T/log" 2>&1 </dev/null || code=$?
	((code != 0)) || fail 'it must not succeed'
	grep -q 'does not answer' "$T/log" || fail "it does not say so: $(tail -n 3 "$T/log")"
}

run_cases "$@"
