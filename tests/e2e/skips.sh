#!/bin/bash
# What plumb leaves alone because it is told to, or because it must: hooks, reconcile: disabled, Jobs that have run.
. "$(dirname "$0")/lib.sh"

it_skips_hooks_of_other_tools() {
	fresh
	{
		configmap cm
		configmap argo | sed 's|name: argo|name: argo\n  annotations: {argocd.argoproj.io/hook: PreSync}|'
		configmap helm | sed 's|name: helm|name: helm\n  annotations: {helm.sh/hook: pre-install}|'
	} | write all.yaml
	commit 'With hooks'
	sync 0
	expect_verdict ConfigMap/argo skipped hook
	expect_verdict ConfigMap/helm skipped hook
	expect_verdict ConfigMap/cm created
	expect_gone configmap argo
	expect_gone configmap helm
	expect_warning 'hook'
	expect_eq 'warnings' 1 "$(answer '.warnings | length')"
}

it_leaves_what_says_reconcile_disabled() {
	fresh
	configmaps 1 3 | write all.yaml
	commit 'Three'
	sync 0
	kubectl annotate -n "$NS" configmap/cm-1 plumb.dev/reconcile=disabled >/dev/null
	kubectl annotate -n "$NS" configmap/cm-2 kustomize.toolkit.fluxcd.io/reconcile=disabled >/dev/null
	kubectl patch -n "$NS" configmap cm-1 -p '{"data": {"value": "by hand"}}' >/dev/null
	kubectl patch -n "$NS" configmap cm-2 -p '{"data": {"value": "by hand"}}' >/dev/null
	sync 0
	expect_verdict ConfigMap/cm-1 skipped reconcile
	expect_verdict ConfigMap/cm-2 skipped reconcile
	expect_live configmap cm-1 .data.value 'by hand'
	plumb 0 status --name "$NAME" -n "$NS"
	expect_match 'status' '3 of 3 objects are healthy; 2 left alone' "$(cat "$OUT")"
	plumb 0 status --name "$NAME" -n "$NS" -o json
	expect_eq 'those that are left alone' 'cm-1 cm-2' "$(answer '[.objects[] | select(.disabled).name] | sort | join(" ")')"
	configmaps 1 3 two | write all.yaml
	commit 'Change them'
	sync 0 --verify
	expect_verdict ConfigMap/cm-3 changed
	expect_live configmap cm-1 .data.value 'by hand'
	expect_live configmap cm-2 .data.value 'by hand'
	kubectl annotate -n "$NS" configmap/cm-1 plumb.dev/reconcile- >/dev/null
	sync 0
	expect_live configmap cm-1 .data.value two
}

it_leaves_out_what_is_not_for_the_cluster() {
	fresh
	{
		configmap cm
		configmap local | sed 's|name: local|name: local\n  annotations: {config.kubernetes.io/local-config: "true"}|'
	} | write all.yaml
	commit 'One is local'
	sync 0
	expect_gone configmap local
	expect_there configmap cm
}

it_runs_a_finished_job_only_once() {
	fresh
	job registry.test/migrate:1 | write job.yaml
	commit 'A migration'
	sync 0 --wait
	expect_verdict Job/migrate created
	eventually 20 'the Job is done' is_live job migrate .status.succeeded 1
	sync 0
	expect_counts 'unchanged=1'
	kubectl delete job -n "$NS" migrate >/dev/null
	sync 0
	expect_verdict Job/migrate skipped
	expect_gone job migrate
	job registry.test/migrate:2 | write job.yaml
	commit 'The next migration'
	sync 0
	expect_there job migrate
}

it_runs_a_job_with_a_ttl_only_once() {
	fresh
	job registry.test/migrate:1 | sed 's|^spec:|spec:\n  ttlSecondsAfterFinished: 1|' | write job.yaml
	commit 'A migration'
	sync 0
	eventually 30 'the Job is cleaned up' is_gone job migrate
	sync 0
	expect_verdict Job/migrate skipped
	expect_gone job migrate
	sync 0 --verify
	expect_gone job migrate
}

job() { # IMAGE
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      terminationGracePeriodSeconds: 0\n      containers: [{name: main, image: "%s"}]\n' "$1"
}

run_cases "$@"
