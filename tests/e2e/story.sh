#!/bin/bash
# The main job: three commits (create, change, git revert) brought to the cluster, waited for, and recorded as the Deployment
# revisions that they made; and a pass without anything to do leaves no trace.
. "$(dirname "$0")/lib.sh"

it_brings_three_commits_and_records_their_revisions() {
	fresh
	DIR=prod
	deployment web registry.test/web:1 2 | write prod/web.yaml
	configmap settings | write prod/settings.yaml
	commit 'Add the shop'
	local first=$COMMIT
	sync 0 --prune --wait
	expect_result healthy
	expect_counts 'created=2'
	expect_eq 'record number' 1 "$(answer .number)"
	expect_eq 'commit' "$first" "$(answer .commit.id)"
	expect_eq 'author' Ana "$(answer .commit.author)"
	expect_eq 'subject' 'Add the shop' "$(answer .commit.subject)"
	expect_eq 'sync' "$NS/shop" "$(answer '"\(.sync.namespace)/\(.sync.name)"')"
	expect_live deployment web '.metadata.labels.plumb\.dev/name' shop
	expect_live deployment web '.metadata.labels.plumb\.dev/namespace' "$NS"
	expect_live deployment web '.metadata.annotations.kubernetes\.io/change-cause' "${first:0:7} Add the shop (Ana)"
	expect_match 'template commit' "^${first:0:7}" "$(live deployment web '.metadata.annotations.plumb\.dev/template-commit')"
	expect_live deployment web .status.readyReplicas 2

	deployment web registry.test/web:2 2 | write prod/web.yaml
	commit 'Raise the image'
	local second=$COMMIT
	sync 0 --prune --wait
	expect_result healthy
	expect_counts 'changed=1 unchanged=1'
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2

	git -C "$WORK" revert --no-edit HEAD >/dev/null
	push -q
	local third=$COMMIT
	sync 0 --prune --wait
	expect_result healthy
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:1
	expect_eq 'record number' 3 "$(answer .number)"

	history 0
	expect_eq 'syncs' "3 2 1" "$(answer '[.syncs[].number] | sort | reverse | map(tostring) | join(" ")')"
	local row='.syncs[] | select(.number == $n) | "\(.commit[0:7]) \(.result) \(.author) \(.subject) \(.deployments[0].name) \(.deployments[0].from // 0)->\(.deployments[0].to)"'
	expect_eq 'history, sync 1' "${first:0:7} healthy Ana Add the shop web 0->1" "$(jq -r --argjson n 1 "$row" "$OUT")"
	expect_eq 'history, sync 2' "${second:0:7} healthy Ana Raise the image web 1->2" "$(jq -r --argjson n 2 "$row" "$OUT")"
	expect_eq 'history, sync 3' "${third:0:7} healthy Ana Revert \"Raise the image\" web 2->3" "$(jq -r --argjson n 3 "$row" "$OUT")"
	history 0 deployment/web
	expect_eq 'revisions' "3 ${third:0:7} true, 2 ${second:0:7} false" \
		"$(answer '[.revisions | sort_by(-.revision)[] | "\(.revision) \(.commit[0:7]) \(.current)"] | join(", ")')"
	expect_eq 'images' 'registry.test/web:1 registry.test/web:2' "$(answer '[.revisions | sort_by(-.revision)[].image] | join(" ")')"

	expect_eq 'kubectl rollout history' \
		"2 ${second:0:7} Raise the image (Ana)|3 ${third:0:7} Revert \"Raise the image\" (Ana)" \
		"$(kubectl rollout history -n "$NS" deployment/web | sed -n 's/^\([0-9][0-9]*\)  *\(.*\)$/\1 \2/p' | paste -sd'|')"

	plumb 0 history --name shop -n "$NS"
	expect_match 'history as text' "Raise the image" "$(cat "$OUT")"
	plumb 0 history --name shop -n "$NS" deployment/web
	expect_match 'revisions as text' "${third:0:7}" "$(cat "$OUT")"
	plumb 0 status --name shop -n "$NS"
	expect_match 'status' "${third:0:7}" "$(cat "$OUT")"
}

it_writes_nothing_when_there_is_nothing_to_do() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	configmap settings | write settings.yaml
	commit 'Add the shop'
	sync 0 --wait
	local before
	before=$(settled everything)
	sync 0 --wait
	expect_result unchanged
	expect_counts 'unchanged=2'
	expect_eq 'record number' 0 "$(answer .number)"
	expect_eq 'resource versions of all that is in the namespace' "$before" "$(everything)"
	commit 'Only a word, no manifest'
	sync 0
	expect_counts 'unchanged=2'
	expect_eq 'resource versions after a commit that changes no manifest' "$before" "$(everything)"
}

everything() {
	kubectl get -n "$NS" deployments,replicasets,configmaps,controllerrevisions,leases.coordination.k8s.io \
		-o 'jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\n"}{end}' | sort
}

it_says_in_words_what_it_did() {
	fresh
	configmap settings | write settings.yaml
	commit 'Add settings'
	sync_flags
	plumb 0 sync "${FLAGS[@]}"
	expect_match 'text' 'settings' "$(cat "$OUT" "$ERRS")"
	expect_match 'text' 'created' "$(cat "$OUT" "$ERRS")"
	expect_no_match 'text without a terminal' $'\e' "$(cat "$OUT" "$ERRS")"
}

run_cases "$@"
