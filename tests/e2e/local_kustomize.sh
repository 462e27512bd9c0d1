#!/bin/bash
# The expected output of tests/kustomize/cases is what the reference gives, and plumb gives it from a commit as from a directory.
. "$(dirname "$0")/lib.sh"

CASES=$(realpath "$(dirname "$0")/../kustomize/cases")

# One line of cases.tsv a call: it_... reads name, target, class and flags.
each_case() { # FUNCTION
	local name target class flags
	while IFS=$'\t' read -r name target class flags _; do
		"$1" "$name" "$CASES/$name/$target" "$class" "$flags"
	done < <(tail -n +2 "$CASES/cases.tsv" | sed 's/\t\t/\t-\t/')
}

holds_against_the_reference() {
	local got=0 args=(build "$2")
	if [[ $4 == LoadRestrictionsNone ]]; then
		args+=(--load-restrictor LoadRestrictionsNone)
	fi
	kustomize "${args[@]}" >"$T/reference" 2>"$T/reference.err" || got=$?
	if [[ $3 == ok ]]; then
		cmp -s "$T/reference" "$CASES/$1/expected.yaml" || fail "$1: expected.yaml is not what kustomize build prints"
	elif [[ $got == 0 ]]; then
		fail "$1: kustomize build takes it"
	fi
}

it_expects_what_the_reference_gives() {
	need kustomize
	fresh
	each_case holds_against_the_reference
}

renders_from_a_commit() {
	if [[ $3 == ok && -f $2/kustomization.yaml ]]; then
		local args=()
		if [[ $4 == LoadRestrictionsNone ]]; then
			args+=(--load-restrictor LoadRestrictionsNone)
		fi
		plumb 0 render --repo "$REPO" --ref main --path "${2#"$CASES"/}" "${args[@]}"
		cmp -s "$OUT" "$CASES/$1/expected.yaml" || fail "$1: another output from a commit"
	fi
}

it_gives_the_same_from_a_commit() {
	fresh
	cp -a "$CASES/." "$WORK/"
	commit 'All cases'
	each_case renders_from_a_commit
}

it_refuses_to_leave_the_repository() {
	fresh
	printf 'resources: [../../outside.yaml]\n' | write shop/kustomization.yaml
	commit 'Out of it'
	plumb 4 render --repo "$REPO" --ref main --path shop --load-restrictor LoadRestrictionsNone
	expect_error 'leads out of the tree'
}

it_reads_nothing_outside_of_root() {
	fresh
	configmap far | write far/far.yaml
	printf 'resources: [far.yaml]\n' | write far/kustomization.yaml
	printf 'resources: [../far]\n' | write shop/kustomization.yaml
	plumb 0 render "$WORK/shop"
	plumb 0 render "$WORK/shop" --root "$WORK"
	plumb 4 render "$WORK/shop" --root "$WORK/shop"
	expect_error 'leads out of the tree'
	plumb 4 render -k "$WORK"
	expect_error 'no kustomization'
}

# Each key is looked for in all of them: without a bound these take minutes.
it_refuses_to_merge_mappings_without_end() {
	fresh
	{
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: long}\ndata:\n'
		seq -f '  key%06g: v' 100000
	} | write long/long.yaml
	cp "$WORK/long/long.yaml" "$WORK/long/patch.yaml"
	printf 'resources: [long.yaml]\npatches: [{path: patch.yaml}]\n' | write long/kustomization.yaml
	plumb 4 render "$WORK/long"
	expect_error "field 'data' .*: the mapping has too many keys to merge: use a JSON patch"
}

run_cases "$@"
