#!/bin/bash
# A one-shot refuses a name that a live Sync resource holds: two would fight over one set of objects (safety rule 19).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"

it_refuses_the_name_of_a_live_sync() {
	fresh
	crd
	configmap cm | write all.yaml
	commit 'Add it'
	sync_document | kubectl create -f - >/dev/null
	sync 7
	expect_error 'Sync resource .* holds this name'
	expect_gone configmap cm
	expect_eq 'records' 0 "$(records | wc -l)"
	kubectl delete sync -n "$NS" "$NAME" >/dev/null
	sync 0
	expect_verdict ConfigMap/cm created
}

run_cases "$@"
