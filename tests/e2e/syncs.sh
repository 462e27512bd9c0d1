#!/bin/bash
# The Sync resource on a real API server: its schema, its columns, and the commands around it.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

# Documents that both the server and plumb have to take or to refuse: what stands below spec, or the whole where it says so.
NOWHERE=https://127.0.0.1:1/x.git

spec() {
	printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: shop}\nspec:\n%s\n' "$1"
}

source_with() {
	printf '  source: {url: "%s"%s}' "$NOWHERE" "${1:+, $1}"
}

accepted_documents() {
	spec "$(source_with)"
	echo ---
	spec "$(source_with 'ref: {branch: feature/a-1}, path: prod/eu, secretRef: {name: git.creds}')"
	echo ---
	spec "$(source_with 'ref: {tag: v1.2.3-rc.1}')"
	echo ---
	spec "$(source_with 'ref: {commit: 4f2a91c0aa4f2a91c0aa4f2a91c0aa4f2a91c0aa}')"
	echo ---
	spec "$(source_with 'ref: {}')"
	local line
	for line in 'interval: 1h' 'interval: 1m30s' 'interval: 5s' 'interval: 1.5h' 'interval: 5000ms' 'timeout: 1s' 'heal: {delay: "0"}' \
		'heal: {delay: 0s, mode: Detect}' 'heal: {}' 'targetNamespace: other' 'serviceAccountName: deploy.er' \
		'deletionPolicy: Delete' 'dependsOn: [{name: db}, {name: shop, namespace: other}]' 'dependsOn: []' \
		'ignore: [{paths: [/spec/replicas]}]' 'ignore: [{group: "", kind: ConfigMap, name: x, paths: ["/data/a~1b"]}]' \
		'ignore: [{paths: ["/metadata/annotations/example.com~1x", /metadata/labels/x]}]' 'ignore: []' \
		'webhook: {secretRef: {name: hook}}' 'suspend: true' 'prune: true' 'wait: false' 'interval: null'; do
		echo ---
		spec "$(source_with)"$'\n'"  $line"
	done
}

refused_documents() {
	local line
	for line in 'interval: 4s' 'interval: 1' 'interval: 1d' 'interval: ""' 'interval: -1s' 'interval: 9000h' 'timeout: 500ms' \
		'heal: {mode: enforce}' 'heal: {delay: soon}' 'heal: {delays: 1s}' 'targetNamespace: ""' 'targetNamespace: a.b' \
		'targetNamespace: -a' 'serviceAccountName: ""' 'serviceAccountName: A' 'deletionPolicy: Keep' \
		'dependsOn: [{namespace: x}]' 'dependsOn: [{name: shop}]' 'dependsOn: [{name: A}]' 'dependsOn: {}' \
		'ignore: [{kind: X}]' 'ignore: [{paths: []}]' 'ignore: [{paths: [spec]}]' 'ignore: [{paths: ["/a~2"]}]' \
		'ignore: [{paths: [/metadata/name]}]' 'ignore: [{paths: [/metadata/labels]}]' 'ignore: [{paths: ["/metadata/labels/plumb.dev~1name"]}]' \
		'ignore: [{paths: [/status]}]' 'ignore: [{paths: [/kind]}]' 'ignore: [{paths: [/a//b]}]' 'ignore: [{paths: [/a/]}]' \
		'ignore: [{kind: "", paths: [/a]}]' 'webhook: {}' 'webhook: {secretRef: {}}' 'suspend: "true"' 'prune: 1' \
		'onFailure: Rollback' 'source: {}' 'sources: {}'; do
		spec "$(source_with)"$'\n'"  $line" | sed "/^  source: {url/{$([[ $line == 'source: {}' ]] && echo d)}"
		echo ---
	done
	for line in 'ref: {branch: main, tag: v1}' 'ref: {branch: ""}' 'ref: {branch: a..b}' 'ref: {branch: -a}' 'ref: {branch: "a b"}' \
		'ref: {branch: a~1}' 'ref: {branch: "a:b"}' 'ref: {branch: "a\\b"}' 'ref: {branch: "a[b"}' 'ref: {branch: a.lock}' \
		'ref: {branch: a/}' 'ref: {branch: /a}' 'ref: {branch: "@"}' 'ref: {tag: "a@{b"}' 'ref: {tag: a/.b}' 'ref: {commit: abc}' \
		'ref: {commit: 4F2A91C0AA4F2A91C0AA4F2A91C0AA4F2A91C0AA}' 'ref: {semver: ">=1"}' 'path: ""' 'path: /a' 'path: ../a' 'path: a/..' \
		'path: a/../b' 'secretRef: {}' 'secretRef: {name: ""}' 'secretRef: {name: A}' 'verify: {}'; do
		spec "$(source_with "$line")"
		echo ---
	done
	NOWHERE=https://user:secret@127.0.0.1/x spec "$(NOWHERE=https://user:secret@127.0.0.1/x source_with)"
	echo ---
	spec '  source: {url: ""}'
	echo ---
	printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: shop}\n'
	echo ---
	printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: %s}\nspec:\n%s\n' "$(printf 'a%.0s' {1..41})" "$(source_with)"
	echo ---
	printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: a.b}\nspec:\n%s\n' "$(source_with)"
}

# Splits standard input into DIR/000.yaml and so on.
split_documents() { # DIR
	mkdir -p "$1"
	awk -v dir="$1" 'BEGIN { n = 0 } /^---$/ { n++; next } { printf "%s\n", $0 > sprintf("%s/%03d.yaml", dir, n) }'
}

it_takes_and_refuses_in_the_schema_what_the_parser_takes_and_refuses() {
	crd
	namespace_new
	accepted_documents | split_documents "$T/accepted"
	refused_documents | split_documents "$T/refused"
	local file code
	for file in "$T"/accepted/*.yaml; do
		kubectl create -n "$NS" --dry-run=server --validate=strict -f "$file" >/dev/null 2>"$T/said" ||
			fail "the server refuses $(tail -1 "$file"): $(<"$T/said")"
		code=0
		"$PLUMB" sync -f "$file" -n "$NS" --timeout 5s >/dev/null 2>"$T/said" || code=$?
		[[ $code == 3 ]] || grep -q suspended "$T/said" || fail "plumb refuses $(tail -1 "$file"): $(<"$T/said")"
	done
	for file in "$T"/refused/*.yaml; do
		if kubectl create -n "$NS" --dry-run=server --validate=strict -f "$file" >/dev/null 2>&1; then
			fail "the server takes $(tail -1 "$file")"
		fi
		code=0
		"$PLUMB" sync -f "$file" -n "$NS" --timeout 5s >/dev/null 2>"$T/said" || code=$?
		[[ $code == 2 ]] || fail "plumb takes $(tail -1 "$file"), exit code $code"
		grep -q "$file" "$T/said" || fail "plumb does not name the file: $(<"$T/said")"
		grep -q secret@ "$T/said" && fail "plumb repeats a password"
	done
	[[ $(find "$T/accepted" -name '*.yaml' | wc -l) -gt 20 && $(find "$T/refused" -name '*.yaml' | wc -l) -gt 60 ]] ||
		fail 'the documents were not made'
}

it_sets_the_defaults_that_are_documented() {
	crd
	fresh
	sync_document | kubectl create -f - >/dev/null
	local got
	got=$(kubectl get sync -n "$NS" "$NAME" -o json |
		jq -c '.spec | {interval, timeout, prune, wait, suspend, heal, deletionPolicy}')
	expect_eq defaults '{"interval":"1m","timeout":"5m","prune":false,"wait":true,"suspend":false,"heal":{"delay":"1s","mode":"Enforce"},"deletionPolicy":"Orphan"}' "$got"
	expect_eq path . "$(spec "$(source_with)" | sed 's/name: shop/name: other/' |
		kubectl create --dry-run=server -n "$NS" -o 'jsonpath={.spec.source.path}' -f -)"
}

it_shows_ready_status_commit_and_age() {
	crd
	fresh
	sync_document | kubectl create -f - >/dev/null
	expect_match columns '^NAME +READY +STATUS +COMMIT +AGE$' "$(kubectl get syncs -n "$NS" | sed -n 1p)"
	as_agent True Succeeded 'main@sha1:4f2a91c, 3 objects, healthy' '{"lastAppliedCommit": "4f2a91c0aa"}'
	expect_match row '^shop +True +main@sha1:4f2a91c, 3 objects, healthy +4f2a91c0aa +[0-9]+[0-9a-z]*$' "$(kubectl get syncs -n "$NS" --no-headers)"
	kubectl wait --for=condition=Ready sync/shop -n "$NS" --timeout=60s >/dev/null || fail 'kubectl wait did not see Ready'
	as_agent False ApplyFailed '4f2a91c: refused' '{}' Reconciling
	if kubectl wait --for=condition=Ready sync/shop -n "$NS" --timeout=1s >/dev/null 2>&1; then
		fail 'kubectl wait saw Ready of a Sync that failed'
	fi
}

it_syncs_from_a_document() {
	fresh
	configmap cm one | write cm.yaml
	configmap gone | write gone.yaml
	commit 'Two'
	sync_document >"$T/sync.yaml"
	plumb 0 sync -f "$T/sync.yaml" -o json
	expect_counts 'created=2'
	expect_result healthy
	rm "$WORK/gone.yaml"
	configmap cm two | write cm.yaml
	commit 'One'
	plumb 1 diff -f "$T/sync.yaml"
	plumb 0 sync -f "$T/sync.yaml" -o json
	expect_verdict ConfigMap/gone kept
	sync_document '  prune: true' >"$T/sync.yaml"
	plumb 0 sync -f "$T/sync.yaml" -o json
	expect_verdict ConfigMap/gone pruned
	plumb 0 status -f "$T/sync.yaml"
	expect_match status 'healthy' "$(<"$OUT")"
	plumb 0 history -f "$T/sync.yaml"
	expect_match history "${COMMIT:0:7}" "$(<"$OUT")"
	plumb 0 render -f "$T/sync.yaml"
	expect_match render 'name: cm' "$(<"$OUT")"
	sync_document '  suspend: true' >"$T/sync.yaml"
	plumb 7 sync -f "$T/sync.yaml"
	expect_error suspended
}

it_refuses_the_name_of_a_live_sync_unless_it_is_suspended() {
	crd
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	sync_document | kubectl create -f - >/dev/null
	sync 7
	answer '.errors[] | tostring' | grep -q 'suspend it first (plumb suspend shop' || fail 'the error does not say what to do'
	sync_flags
	plumb 1 diff "${FLAGS[@]}"
	plumb 0 suspend "$NAME" -n "$NS" --for 1h
	sync 0
	expect_counts 'created=1'
	plumb 0 resume "$NAME" -n "$NS"
	sync 7
	plumb 0 suspend "$NAME" -n "$NS"
	sync 0
	kubectl delete sync -n "$NS" "$NAME" >/dev/null
	sync 0
}

it_suspends_and_resumes() {
	crd
	fresh
	sync_document | kubectl create -f - >/dev/null
	plumb 0 suspend "$NAME" -n "$NS"
	expect_live sync "$NAME" .spec.suspend true
	plumb 0 resume "$NAME" -n "$NS"
	expect_live sync "$NAME" .spec.suspend false
	plumb 0 suspend "$NAME" -n "$NS" --for 2h
	local until
	until=$(live sync "$NAME" '.metadata.annotations.plumb\.dev/suspend-until')
	local left=$(($(date -d "$until" +%s) - $(date +%s)))
	((left > 7100 && left <= 7201)) || fail "suspended until $until, which is in $left s"
	expect_live sync "$NAME" .spec.suspend false
	plumb 0 resume "$NAME" -n "$NS"
	expect_live sync "$NAME" '.metadata.annotations.plumb\.dev/suspend-until' ''
	plumb 7 suspend nobody -n "$NS"
	expect_error 'there is no Sync resource nobody'
}

it_asks_for_a_sync_now() {
	crd
	fresh
	sync_document | kubectl create -f - >/dev/null
	plumb 0 reconcile "$NAME" -n "$NS"
	local first second
	first=$(live sync "$NAME" '.metadata.annotations.plumb\.dev/requested-at')
	plumb 0 reconcile "$NAME" -n "$NS"
	second=$(live sync "$NAME" '.metadata.annotations.plumb\.dev/requested-at')
	[[ $second > $first ]] || fail "the second request '$second' is not after '$first'"
	as_agent True Succeeded fine '{"lastHandledRequest": "before"}'
	plumb 6 reconcile "$NAME" -n "$NS" --wait --timeout 4s
	(
		while [[ -d $T && ! -e $T/handled.$NS ]]; do
			as_agent True Succeeded fine "{\"lastHandledRequest\": \"$(live sync "$NAME" '.metadata.annotations.plumb\.dev/requested-at')\"}"
			sleep 1
		done
	) &
	plumb 0 reconcile "$NAME" -n "$NS" --wait --timeout 180s
	touch "$T/handled.$NS"
	wait
}

it_waits_for_a_commit_and_gives_the_exit_code_of_what_went_wrong() {
	crd
	fresh
	local commit=4f2a91c0aa4f2a91c0aa4f2a91c0aa4f2a91c0aa
	sync_document | kubectl create -f - >/dev/null
	plumb 6 wait "$NAME" -n "$NS" --timeout 4s
	expect_error 'no agent has looked at it yet'
	as_agent Unknown Progressing '4f2a91c: applying' "{\"lastAttemptedCommit\": \"$commit\"}" Reconciling
	plumb 6 wait "$NAME" -n "$NS" --commit "$commit" --timeout 4s
	as_agent True Succeeded fine "{\"lastAttemptedCommit\": \"$commit\", \"lastAppliedCommit\": \"$commit\"}"
	plumb 6 wait "$NAME" -n "$NS" --commit "$commit" --timeout 4s
	as_agent True Succeeded fine "{\"lastAppliedCommit\": \"$commit\", \"lastHealthyCommit\": \"$commit\"}"
	plumb 0 wait "$NAME" -n "$NS" --commit "${commit:0:7}"
	plumb 0 wait "$NAME" -n "$NS"
	as_agent False RolloutFailed '4f2a91c: ProgressDeadlineExceeded' "{\"lastAttemptedCommit\": \"$commit\"}" Stalled
	plumb 6 wait "$NAME" -n "$NS" --commit "$commit" --timeout 180s
	expect_error ProgressDeadlineExceeded
	plumb 6 status "$NAME" -n "$NS"
	expect_match status 'Ready False, RolloutFailed, stalled: 4f2a91c: ProgressDeadlineExceeded' "$(<"$OUT")"
	plumb 6 status "$NAME" -n "$NS" -o json
	expect_eq 'resource of status' 'False RolloutFailed true false' "$(answer '.resource | "\(.ready) \(.reason) \(.stalled) \(.suspended)"')"
	plumb 6 wait "$NAME" -n "$NS" --commit "$commit" -o json
	expect_eq 'answer of wait' "1 $NAME 6 4f2a91c: ProgressDeadlineExceeded" "$(answer '"\(.version) \(.sync.name) \(.exitCode) \(.message)"')"
	as_agent False ManifestsFailed 'a.yaml:1: wrong' "{\"lastAttemptedCommit\": \"$commit\"}" Stalled
	plumb 4 wait "$NAME" -n "$NS" --commit "$commit" --timeout 180s
	plumb 0 suspend "$NAME" -n "$NS"
	plumb 7 wait "$NAME" -n "$NS" --commit "$commit" --timeout 180s
	expect_error 'is suspended'
}

it_waits_for_a_commit_of_a_sync_that_nobody_declared() {
	fresh
	configmap cm one | write cm.yaml
	commit 'One'
	plumb 6 wait "$NAME" -n "$NS" --commit "$COMMIT" --timeout 4s
	(
		sleep 1
		"$PLUMB" sync --repo "$REPO" --ref main --name "$NAME" -n "$NS" >/dev/null
	) &
	plumb 0 wait "$NAME" -n "$NS" --commit "$COMMIT" --timeout 180s
	wait
}

run_cases "$@"
