#!/bin/bash
# plumb diff keeps kubectl diff's contract.
. "$(dirname "$0")/lib.sh"

# plumb diff; the exit code must be the first argument.
diff_of() { # EXIT [FLAG...]
	local want=$1
	shift
	sync_flags "$@"
	plumb "$want" diff "${FLAGS[@]}" "$@"
}

it_shows_what_would_change_and_changes_nothing() {
	fresh
	{
		deployment web registry.test/web:1 0
		configmap same
	} | write all.yaml
	commit 'One'
	diff_of 1
	expect_match 'diff of new objects' '\+kind: Deployment' "$(cat "$OUT")"
	expect_match 'diff of new objects' '\+kind: ConfigMap' "$(cat "$OUT")"
	expect_gone deployment web
	expect_eq 'records and leases' '' "$(kubectl get controllerrevisions,leases -n "$NS" -o name)"
	sync 0
	diff_of 0
	expect_eq 'diff of nothing' '' "$(cat "$OUT")"
	sed -i 's|web:1|web:2|; s|replicas: 0|replicas: 1|' "$WORK/all.yaml"
	commit 'Two'
	diff_of 1
	local text
	text=$(cat "$OUT")
	expect_match 'diff' $'\n--- ' $'\n'"$text"
	expect_match 'diff' $'\n\\+\\+\\+ ' "$text"
	expect_match 'diff' '@@ -' "$text"
	expect_match 'diff' $'\n- *(- )?image: registry.test/web:1' "$text"
	expect_match 'diff' $'\n\\+ *(- )?image: registry.test/web:2' "$text"
	expect_match 'diff' $'\n- *replicas: 0' "$text"
	expect_match 'diff' $'\n\\+ *replicas: 1' "$text"
	expect_no_match 'diff' 'managedFields' "$text"
	expect_no_match 'diff' 'name: same' "$text"
	expect_live deployment web .spec.replicas 0
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:1
}

it_shows_drift() {
	fresh
	configmap cm | write cm.yaml
	commit 'One'
	sync 0
	kubectl patch -n "$NS" configmap cm -p '{"data": {"value": "evil", "more": "theirs"}}' >/dev/null
	diff_of 1
	expect_match 'diff' '-  value: evil' "$(cat "$OUT")"
	expect_match 'diff' '\+  value: one' "$(cat "$OUT")"
	expect_no_match 'diff' '[-+]  more' "$(cat "$OUT")"
}

it_masks_secrets() {
	fresh
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {changed: one-value, same: other-value}\n' | write secret.yaml
	commit 'One'
	diff_of 1
	expect_no_match 'diff of a new Secret' 'one-value|other-value|b25lLXZhbHVl' "$(cat "$OUT" "$ERRS")"
	sync 0
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {changed: two-value, same: other-value, new: third}\n' | write secret.yaml
	commit 'Two'
	diff_of 1
	expect_match 'diff' '-  changed: .*\*\*\* \(before\)' "$(cat "$OUT")"
	expect_match 'diff' '\+  changed: .*\*\*\* \(after\)' "$(cat "$OUT")"
	expect_match 'diff' '\+  new: .*\*\*\*' "$(cat "$OUT")"
	expect_no_match 'diff' 'value|dHdvLXZhbHVl|dGhpcmQ' "$(cat "$OUT" "$ERRS")"
}

it_shows_prunes_only_with_prune() {
	fresh
	configmaps 1 2 | write all.yaml
	commit 'Two'
	sync 0
	configmaps 1 1 | write all.yaml
	commit 'One'
	diff_of 0
	diff_of 1 --prune
	expect_match 'diff' '-  name: cm-2' "$(cat "$OUT")"
	expect_there configmap cm-2
}

it_calls_the_external_program() {
	fresh
	configmap cm | write cm.yaml
	commit 'One'
	sync 0
	configmap cm two | write cm.yaml
	commit 'Two'
	printf '#!/bin/sh\necho "external $#"\n[ -d "$1" ] && [ -d "$2" ] || [ -f "$1" ] && echo both\nexit 1\n' >"$T/external"
	chmod +x "$T/external"
	KUBECTL_EXTERNAL_DIFF=$T/external diff_of 1
	expect_match 'external diff' 'external 2' "$(cat "$OUT")"
	printf '#!/bin/sh\nexit 0\n' >"$T/external"
	KUBECTL_EXTERNAL_DIFF=$T/external diff_of 0
	KUBECTL_EXTERNAL_DIFF='diff -N -u' diff_of 1
	expect_match 'external diff' 'value: two' "$(cat "$OUT")"
}

it_has_the_exit_codes_of_sync_for_errors() {
	fresh
	configmap cm | write cm.yaml
	printf 'a: [1\n' | write bad.yaml
	commit 'Bad'
	diff_of 4
	diff_of 3 --ref no-such-branch
	diff_of 2 --no-such-flag
	rm "$WORK/bad.yaml"
	printf 'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 99999}]}\n' | write service.yaml
	commit 'The server refuses it'
	diff_of 4
	expect_error '99999|port'
}

run_cases "$@"
