#!/bin/bash
# Each Deployment revision names the commit that made it, and only what made a revision does.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"

# "3 abc1234, 2 drift:kubectl-set" of a Deployment, newest first.
revisions() { # NAME
	history 0 "deployment/$1"
	answer '[.revisions | sort_by(-.revision)[] | "\(.revision) \(if .commit then .commit[0:7] else "drift:\(.drift)" end)"] | join(", ")'
}

cause() {
	live deployment web '.metadata.annotations.kubernetes\.io/change-cause'
}

# The causes that kubectl shows, by revision.
causes() {
	kubectl rollout history -n "$NS" deployment/web | sed -n 's/^\([0-9][0-9]*\)  *\(.*\)$/\1 \2/p' | paste -sd'|'
}

it_keeps_the_cause_where_the_template_stays() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'Add web'
	local first=${COMMIT:0:7}
	sync 0 --wait
	deployment web registry.test/web:1 2 | write web.yaml
	commit 'Two replicas'
	sync 0 --wait
	expect_eq 'cause after a scale' "$first Add web (Ana)" "$(cause)"
	expect_eq 'revisions after a scale' "1 $first" "$(revisions web)"
	deployment web registry.test/web:1 2 | sed '0,/labels: {app: web}/s||labels: {app: web, team: shop}|' | write web.yaml
	commit 'A label'
	sync 0 --wait
	expect_eq 'cause after a label' "$first Add web (Ana)" "$(cause)"
	expect_live deployment web .metadata.labels.team shop
	deployment web registry.test/web:1 2 | sed '0,/labels: {app: web}/s||labels: {app: web, team: shop}|; s|^\( *\)env:|\1imagePullPolicy: IfNotPresent\n&|' | write web.yaml
	commit 'A default written out'
	sync 0 --wait
	expect_verdict Deployment/web changed
	expect_eq 'cause after a default written out' "$first Add web (Ana)" "$(cause)"
	expect_eq 'template commit' "$first" "$(live deployment web '.metadata.annotations.plumb\.dev/template-commit' | cut -c1-7)"
	expect_eq 'revisions after all that' "1 $first" "$(revisions web)"
	expect_eq 'kubectl rollout history' "1 $first Add web (Ana)" "$(causes)"
	history 0
	expect_eq 'syncs with a revision' 1 "$(answer '[.syncs[] | select((.deployments | length) > 0)] | length')"
	deployment web registry.test/web:2 2 | write web.yaml
	commit 'Raise the image'
	sync 0 --wait
	expect_eq 'revisions' "2 ${COMMIT:0:7}, 1 $first" "$(revisions web)"
	expect_eq 'kubectl rollout history' "1 $first Add web (Ana)|2 ${COMMIT:0:7} Raise the image (Ana)" "$(causes)"
}

it_names_what_somebody_else_did_as_drift() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'Add web'
	local first=${COMMIT:0:7}
	sync 0 --wait
	kubectl set image -n "$NS" deployment/web main=registry.test/evil:1 >/dev/null
	kubectl rollout status -n "$NS" deployment/web --timeout=180s >/dev/null
	expect_eq 'revisions with drift' "2 drift:kubectl-set, 1 $first" "$(revisions web)"
	plumb 0 history --name shop -n "$NS" deployment/web
	expect_match 'text' 'drift \(kubectl-set\)' "$(cat "$OUT")"
	sync 0 --wait
	expect_verdict Deployment/web healed
	expect_eq 'revisions after the heal' "3 $first, 2 drift:kubectl-set" "$(revisions web)"
	expect_eq 'cause' "$first Add web (Ana)" "$(cause)"
	history 0
	expect_eq 'heals' 1 "$(answer '[.syncs[] | select(.heal)] | length')"
	expect_eq 'revision of the heal' '2->3' "$(answer '.syncs[] | select(.heal) | .deployments[0] | "\(.from)->\(.to)"')"
}

it_is_right_after_an_undo_and_its_heal() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	local first=${COMMIT:0:7}
	sync 0 --wait
	deployment web registry.test/web:2 1 | write web.yaml
	commit 'Two'
	local second=${COMMIT:0:7}
	sync 0 --wait
	kubectl rollout undo -n "$NS" deployment/web >/dev/null
	kubectl rollout status -n "$NS" deployment/web --timeout=180s >/dev/null
	history 0 deployment/web
	expect_eq 'current image' registry.test/web:1 "$(answer '.revisions[] | select(.current).image')"
	expect_eq 'the second revision' "$second" "$(answer '.revisions[] | select(.revision == 2).commit[0:7]')"
	sync 0 --wait
	expect_verdict Deployment/web healed
	expect_match 'revisions' "^4 $second, 3 " "$(revisions web)"
	expect_eq 'cause' "$second Two (Ana)" "$(cause)"
	history 0 deployment/web
	expect_eq 'images' 'registry.test/web:2 registry.test/web:1' "$(answer '[.revisions | sort_by(-.revision)[].image] | join(" ")')"
	expect_eq 'current' 4 "$(answer '.revisions[] | select(.current).revision')"
	expect_no_match 'first commit' "4 $first" "$(revisions web)"
}

it_names_the_revert_that_reuses_a_replica_set() {
	fresh
	local n commits=()
	for n in 1 2 1 2; do
		deployment web "registry.test/web:$n" 1 | write web.yaml
		commit "Image $n"
		commits+=("${COMMIT:0:7}")
		sync 0 --wait
	done
	expect_eq 'revisions' "4 ${commits[3]}, 3 ${commits[2]}" "$(revisions web)"
	expect_eq 'kubectl rollout history' "3 ${commits[2]} Image 1 (Ana)|4 ${commits[3]} Image 2 (Ana)" "$(causes)"
	history 0
	expect_eq 'syncs' '0->1 1->2 2->3 3->4' "$(answer '[.syncs | sort_by(.number)[].deployments[0] | "\(.from // 0)->\(.to)"] | join(" ")')"
	expect_eq 'ReplicaSets of 1 and 3' true "$(answer '[.syncs | sort_by(.number)[].deployments[0].replicaset] | .[0] == .[2] and .[1] == .[3] and .[0] != .[1]')"
}

it_settles_later_what_was_not_waited_for() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	local first=${COMMIT:0:7}
	sync 0
	expect_result applied
	eventually 20 'the revision' is_live deployment web '.metadata.annotations.deployment\.kubernetes\.io/revision' 1
	history 0
	expect_eq 'settled by history' '0->1' "$(answer '.syncs[0].deployments[0] | "\(.from // 0)->\(.to)"')"
	deployment web registry.test/web:2 1 | write web.yaml
	commit 'Two'
	local second=${COMMIT:0:7}
	sync 0
	eventually 20 'the revision' is_live deployment web '.metadata.annotations.deployment\.kubernetes\.io/revision' 2
	deployment web registry.test/web:3 1 | write web.yaml
	commit 'Three'
	sync 0 --wait
	expect_eq 'revisions' "3 ${COMMIT:0:7}, 2 $second, 1 $first" "$(revisions web)"
	history 0
	expect_eq 'settled by the next sync' '0->1 1->2 2->3' "$(answer '[.syncs | sort_by(.number)[].deployments[0] | "\(.from // 0)->\(.to)"] | join(" ")')"
}

it_leaves_a_cause_that_git_sets() {
	fresh
	deployment web registry.test/web:1 0 | sed '0,/labels: {app: web}/s||&\n  annotations: {kubernetes.io/change-cause: my own words}|' | write web.yaml
	commit 'Add web'
	sync 0 --wait
	expect_eq 'cause' 'my own words' "$(cause)"
	sync 0
	expect_counts 'unchanged=1'
}

it_cleans_and_cuts_the_subject() {
	fresh
	deployment web registry.test/web:1 0 | write web.yaml
	commit "$(printf 'Bell \a and \e[31mred '; printf 'x%.0s' {1..400})"
	sync 0
	local text
	text=$(cause)
	expect_match 'cause' "^${COMMIT:0:7} Bell" "$text"
	expect_no_match 'cause' $'[\a\e]' "$text"
	((${#text} <= 256)) || fail "cause: expected at most 256 bytes, got ${#text}"
	plumb 0 history --name shop -n "$NS"
	expect_no_match 'text' $'[\a\e]' "$(cat "$OUT")"
}

it_takes_the_cause_along_when_a_sync_is_killed_or_repeated() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'One'
	sync 0 --wait
	deployment web registry.test/web:2 1 | write web.yaml
	commit 'Two'
	local second=${COMMIT:0:7}
	sync 0
	deployment web registry.test/web:2 3 | write web.yaml
	commit 'Scale at once'
	sync 0 --wait
	expect_eq 'cause' "$second Two (Ana)" "$(cause)"
	expect_match 'revisions' "^2 $second, 1 " "$(revisions web)"
}

it_says_what_is_not_there() {
	fresh
	configmap cm | write cm.yaml
	commit 'One'
	sync 0
	local code=0
	"$PLUMB" history --name shop -n "$NS" deployment/none >"$T/none.out" 2>"$T/none.err" || code=$?
	((code != 0)) || fail 'history of a Deployment that is not there: expected an error, got exit code 0'
	expect_match 'error' none "$(cat "$T/none.err")"
	local command
	for command in history 'history deployment/none' status 'wait --timeout 1s'; do
		# shellcheck disable=SC2086 # words
		plumb "$([[ $command == wait* ]] && echo 6 || echo 7)" $command --name never -n "$NS"
		expect_error "no sync 'never' is known in the namespace '$NS'"
		expect_eq "output of $command" '' "$(cat "$OUT")"
	done
	plumb 7 status --name never -n "$NS" -o json
	expect_eq 'exitCode' 7 "$(answer .exitCode)"
	# A Sync that no agent has looked at: known, and empty.
	crd
	NAME=new
	sync_document | kubectl apply -f - >/dev/null
	history 0
	expect_eq 'syncs of a Sync that is new' 0 "$(answer '.syncs | length')"
	plumb 7 status --name new -n "$NS"
	expect_match 'status' 'no agent has looked' "$(cat "$OUT")"
}

run_cases "$@"
