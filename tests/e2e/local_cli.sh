#!/bin/bash
# Usage and Git errors, without a cluster.
. "$(dirname "$0")/lib.sh"

export KUBECONFIG=/nonexistent/kubeconfig

it_explains_its_usage() {
	fresh
	plumb 0 --help
	expect_match 'help' 'sync' "$(cat "$OUT")"
	plumb 0 sync --help
	expect_match 'help' '--prune' "$(cat "$OUT")"
	plumb 0 --version
	expect_match 'version' '[0-9]' "$(cat "$OUT")"
}

it_refuses_wrong_usage_with_2() {
	fresh
	NS=shop
	configmap cm | write cm.yaml
	commit 'Add it'
	plumb 2
	plumb 2 no-such-command
	plumb 2 sync
	expect_error '.'
	plumb 2 sync --repo "$REPO" -n shop
	expect_error '--name'
	plumb 2 sync --name shop -n shop
	expect_error '--repo'
	sync 2 --no-such-flag
	expect_error 'no-such-flag'
	sync 2 --timeout soon
	expect_error 'timeout'
	sync 2 --prune-limit 101
	expect_error 'prune-limit'
	sync 2 --prune-propagation sideways
	expect_error 'prune-propagation'
	sync 2 -o yamlish
	sync 2 --history-limit 0x
	sync 2 extra-argument
	expect_error 'extra-argument'
	plumb 2 sync --repo "$REPO" --name 'Not A Name' -n shop
	expect_error 'name'
	plumb 2 history -n shop
	expect_error '--name'
	plumb 2 render
	plumb 2 sync --repo "$REPO" --name
	expect_error '--name'
}

it_says_each_error_in_one_line() {
	fresh
	NS=shop
	sync 2 --no-such-flag
	expect_match 'lines of standard error' '^[1-3]$' "$(wc -l <"$ERRS")"
	sync 3 --ref none
	expect_match 'lines of standard error' '^[12]$' "$(wc -l <"$ERRS")"
	expect_eq 'standard output' '' "$(head -c 1 "$OUT" | tr -d '{')"
}

it_says_that_its_output_was_lost() {
	fresh
	configmap cm | write a.yaml
	local command code
	for command in "render $WORK" 'sync --help' '--version'; do
		code=0
		# shellcheck disable=SC2086 # words
		"$PLUMB" $command >/dev/full 2>"$T/errs" || code=$?
		expect_eq "$command, exit code" 7 "$code"
		expect_eq "$command, standard error" 'error: cannot write to standard output: No space left on device' "$(cat "$T/errs")"
	done
	# Who has read enough is no failure to tell.
	{ "$PLUMB" render "$WORK" 2>"$T/errs" || true; } | true
	expect_eq 'standard error' '' "$(cat "$T/errs")"
}

it_tells_git_errors_with_3() {
	fresh
	NS=shop
	configmap cm | write cm.yaml
	commit 'Add it'
	sync 3 --ref no-such-branch
	expect_error 'no-such-branch'
	sync 3 --ref 0123456789012345678901234567890123456789
	expect_error '0123456'
	REPO=$T/none.git
	sync 3
	expect_error 'none\.git'
	REPO=https://127.0.0.1:1/none.git
	sync 3 --timeout "$BRIEF"
	expect_error '127\.0\.0\.1'
	REPO=https://user:hunter2@127.0.0.1:1/none.git
	sync 3 --timeout "$BRIEF"
	expect_no_match 'errors' 'hunter2' "$(cat "$ERRS" "$OUT")"
}

it_tells_a_missing_path_and_bad_manifests_with_4() {
	fresh
	NS=shop
	configmap cm | write shop/cm.yaml
	commit 'Add it'
	plumb 4 render --repo "$REPO" --ref main --path no/such/dir
	expect_error 'no/such/dir'
	plumb 4 render --repo "$REPO" --ref main --path ../shop
	printf 'a: [\n' | write shop/bad.yaml
	commit 'Bad'
	plumb 4 render --repo "$REPO" --ref main --path shop
	expect_error 'shop/bad\.yaml|bad\.yaml'
}

it_reads_branches_tags_and_commits() {
	fresh
	configmap first | write cm.yaml
	commit 'First'
	local first=$COMMIT
	git -C "$WORK" tag -a -m 'a tag' v1
	git -C "$WORK" push -q origin v1
	configmap second | write cm.yaml
	commit 'Second'
	git -C "$WORK" push -q origin HEAD:refs/heads/feature/x
	local ref
	for ref in v1 refs/tags/v1 "$first"; do
		plumb 0 render --repo "$REPO" --ref "$ref"
		expect_match "ref $ref" 'name: first' "$(cat "$OUT")"
	done
	for ref in main refs/heads/main feature/x "$COMMIT"; do
		plumb 0 render --repo "file://$REPO" --ref "$ref"
		expect_match "ref $ref" 'name: second' "$(cat "$OUT")"
	done
	plumb 0 render --repo "$REPO"
	expect_match 'no ref' 'name: second' "$(cat "$OUT")"
	configmap third | write cm.yaml
	commit 'Third'
	plumb 0 render --repo "$REPO" --ref main
	expect_match 'a later fetch' 'name: third' "$(cat "$OUT")"
	expect_match 'the store' 'plumb' "$(ls "$XDG_CACHE_HOME")"
	plumb 0 render --repo "$REPO" --ref main --store "$T/store"
	[[ $(ls -A "$T/store") ]] || fail '--store: expected a store there, got nothing'
}

it_tells_an_unreadable_kubeconfig_with_5() {
	fresh
	NS=shop
	configmap cm | write cm.yaml
	commit 'Add it'
	sync 5
	expect_error 'kubeconfig|cluster'
	printf 'not: [yaml\n' >"$T/bad-kubeconfig"
	sync 5 --kubeconfig "$T/bad-kubeconfig"
	expect_error 'bad-kubeconfig'
}

run_cases "$@"
