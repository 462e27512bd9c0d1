#!/bin/bash
# From Flux and from Argo CD to the agent, without a restart of a pod.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

pods() {
	kubectl get pods -n "$NS" -l app=web -o 'jsonpath={range .items[*]}{.metadata.uid} {.status.phase}{"\n"}{end}' | sort
}

ready_pods() { # COUNT
	[[ $(pods | grep -c Running) == "$1" ]]
}

# What was applied as MANAGER becomes the agent's, in the order that the documents tell.
migrate() { # MANAGER LABELS
	crd
	fresh
	deployment web registry.test/web:1 2 | write web.yaml
	configmap settings | write settings.yaml
	commit 'As it was'
	cat "$WORK"/*.yaml | sed "s|^  labels: {app: web}|  labels: {app: web, $2}|" |
		kubectl apply -n "$NS" --server-side --field-manager="$1" -f - >/dev/null
	eventually 60 'pods of before' ready_pods 2
	local before
	before=$(pods)
	sync_document '  interval: 5s' >"$T/sync.yaml"
	plumb 0 sync -f "$T/sync.yaml" --take-over "$1" -o json
	expect_counts 'adopted=2'
	kubectl apply -f "$T/sync.yaml" >/dev/null
	agent_run
	soon_applied
	expect_eq 'pods' "$before" "$(pods)"
	expect_no_match managers "$1" "$(kubectl get deployment,configmap -n "$NS" --show-managed-fields \
		-o 'jsonpath={.items[*].metadata.managedFields[*].manager}')"
	# What Git drops goes, though it was somebody else's before.
	deployment web registry.test/web:1 2 | sed '/env:/d' | write web.yaml
	commit 'Without the variable'
	soon_applied
	expect_live deployment web '.spec.template.spec.containers[0].env' ''
	agent_end
}

it_takes_over_from_flux() {
	migrate kustomize-controller 'kustomize.toolkit.fluxcd.io/name: shop, kustomize.toolkit.fluxcd.io/namespace: flux-system'
}

it_takes_over_from_argo_cd() {
	migrate argocd-controller 'app.kubernetes.io/instance: shop'
}

it_takes_over_later_what_was_shared_because_the_values_were_equal() {
	fresh
	configmap settings | sed 's/^data:/data:\n  more: x/' | write settings.yaml
	commit 'As it was'
	kubectl apply -n "$NS" --server-side --field-manager=kustomize-controller -f "$WORK/settings.yaml" >/dev/null
	sync_document >"$T/sync.yaml"
	plumb 0 sync -f "$T/sync.yaml" -o json
	expect_counts 'adopted=1'
	plumb 0 sync -f "$T/sync.yaml" --take-over kustomize-controller -o json
	expect_verdict ConfigMap/settings adopted 'taken over from kustomize-controller'
	plumb 0 sync -f "$T/sync.yaml" --take-over kustomize-controller -o json
	expect_counts 'unchanged=1'
	configmap settings | write settings.yaml
	commit 'Less'
	plumb 0 sync -f "$T/sync.yaml" -o json
	expect_live configmap settings .data.more ''
}

it_blocks_a_sync_that_nobody_took_over_and_names_the_manager() {
	crd
	fresh
	configmap settings mine | write settings.yaml
	commit 'As it was'
	configmap settings theirs | kubectl apply -n "$NS" --server-side --field-manager=kustomize-controller -f - >/dev/null
	declare_sync '  interval: 5s'
	agent_run
	soon_condition Stalled reason Blocked
	expect_match message kustomize-controller "$(condition Ready message)"
	expect_live configmap settings .data.value theirs
	agent_end
}

run_cases "$@"
