#!/bin/bash
# Another version of plumb, whose digests are of another format, had these objects before (safety rule 27): nothing is rewritten
# at once, no pod is restarted, no Job runs again, and what a newer version knows is not pruned.
. "$(dirname "$0")/lib.sh"

# What plumb added to a live object, with another digest, as a patch for kustomize.
notes_of() { # NAME
	kubectl get -n "$NS" "configmap,deployment" --field-selector "metadata.name=$1" -o json | jq -c --arg name "$1" '.items[0] | {
		target: {name: $name},
		patch: ({apiVersion, kind, metadata: {name: $name, labels: (.metadata.labels | with_entries(select(.key | startswith("plumb.dev/")))),
			annotations: (.metadata.annotations | del(.["deployment.kubernetes.io/revision"]) + {"plumb.dev/digest": "2:0123456789ab"})}} | tojson)}'
}

# Applies the manifests as another version would have: the same fields, by the same manager, with its own digests.
by_another_version() { # NAME...
	local dir=$T/other.$NS name
	rm -rf "$dir"
	mkdir "$dir"
	cp "$WORK/all.yaml" "$dir"
	for name; do
		notes_of "$name"
	done | jq -s --arg ns "$NS" '{resources: ["all.yaml"], namespace: $ns, patches: .}' >"$dir/kustomization.yaml"
	kubectl kustomize "$dir" >"$dir/objects"
	kubectl apply --server-side --field-manager=plumb --force-conflicts -f "$dir/objects" >/dev/null
}

version_of() { # KIND NAME
	live "$1" "$2" .metadata.resourceVersion
}

it_rewrites_nothing_at_once_and_restarts_no_pod() {
	fresh
	{
		configmap cm
		deployment web
	} | write all.yaml
	commit 'Open the shop'
	sync 0 --wait
	by_another_version cm web
	eventually 60 'the controller has seen it' is_live deployment web .status.readyReplicas 1
	local cm web records
	cm=$(version_of configmap cm) web=$(settled version_of deployment web) records=$(records | wc -l)
	sync 0
	expect_counts 'unchanged=2'
	expect_eq 'resource version of the ConfigMap' "$cm" "$(version_of configmap cm)"
	expect_eq 'resource version of the Deployment' "$web" "$(version_of deployment web)"
	expect_eq 'records' "$records" "$(records | wc -l)"
	# What Git changes is changed, under the right cause; the rest stays.
	{
		configmap cm
		deployment web registry.test/web:2
	} | write all.yaml
	commit 'Another image'
	sync 0 --wait
	expect_verdict Deployment/web changed
	expect_verdict ConfigMap/cm unchanged
	expect_match 'cause' 'Another image' "$(live deployment web '.metadata.annotations.kubernetes\.io/change-cause')"
	expect_live deployment web '.metadata.annotations.deployment\.kubernetes\.io/revision' 2
	# The pass that verifies writes the digests of this version.
	sync 0 --verify
	expect_match 'digest of the ConfigMap' '^1:' "$(live configmap cm '.metadata.annotations.plumb\.dev/digest')"
	expect_match 'digest of the Deployment' '^1:' "$(live deployment web '.metadata.annotations.plumb\.dev/digest')"
	expect_live deployment web '.metadata.annotations.deployment\.kubernetes\.io/revision' 2
	sync 0
	expect_counts 'unchanged=2'
}

# That it ran is known by its digest, which the other version had written into the record.
it_runs_no_job_again() {
	fresh
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      terminationGracePeriodSeconds: 0\n      containers: [{name: main, image: "registry.test/migrate:1"}]\n' | write job.yaml
	commit 'A migration'
	sync 0 --wait
	expect_live job migrate .status.succeeded 1
	kubectl delete job -n "$NS" migrate >/dev/null
	sync 0
	expect_verdict Job/migrate skipped 'has run'
	local kind
	for kind in intent outcome; do
		kubectl get controllerrevision -n "$NS" "plumb-shop-1-$kind" -o json | jq --arg name "plumb-shop-2-$kind" \
			'del(.metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .metadata.managedFields)
				| .metadata.name = $name | .revision = 2 | .data.number = 2
				| (.data.inventory.set[]? | select(.once) | .once) = "2:0123456789ab"' | kubectl create -f - >/dev/null
	done
	expect_match 'what the other version recorded' '2:0123456789ab' "$(kubectl get controllerrevision -n "$NS" plumb-shop-2-outcome -o json)"
	sync 0
	expect_verdict Job/migrate skipped 'has run'
	expect_gone job migrate
}

it_prunes_nothing_that_a_newer_version_applied() {
	fresh
	configmaps 1 3 | write all.yaml
	commit 'Three'
	sync 0
	by_another_version cm-1 cm-2 cm-3
	configmap cm-1 | write all.yaml
	commit 'One'
	sync 0 --prune
	expect_verdict ConfigMap/cm-3 kept 'newer version'
	expect_counts 'kept=2 unchanged=1'
	expect_there configmap cm-2
	expect_there configmap cm-3
}

run_cases "$@"
