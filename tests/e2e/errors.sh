#!/bin/bash
# What goes wrong stops what it must stop and nothing else, is said in full, and never shows a Secret.
. "$(dirname "$0")/lib.sh"

it_applies_nothing_when_one_manifest_is_bad() {
	fresh
	configmaps 1 3 | write all.yaml
	commit 'Three'
	sync 0
	configmaps 1 1 two | write all.yaml
	printf 'a: [1\n' | write bad/unclosed.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, name: y}\n' | write bad/duplicate.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n' | write bad/nameless.yaml
	commit 'Three bad files'
	sync 4 --prune
	expect_error 'unclosed\.yaml'
	expect_error 'duplicate\.yaml.*name'
	expect_error 'nameless\.yaml.*name'
	expect_eq 'number' 0 "$(answer '.number // 0')"
	expect_live configmap cm-1 .data.value one
	expect_there configmap cm-3
	expect_eq 'errors in the answer' 3 "$(answer '.errors | length')"
	expect_eq 'records' 1 "$(records intent | wc -l)"
}

it_applies_the_others_when_the_server_refuses_one() {
	fresh
	{
		configmaps 1 3
		deployment unknown-field registry.test/web:1 0 | sed 's|^\( *\)replicas: 0|\1replicaz: 1|'
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: bad-port}\nspec: {ports: [{port: 99999}]}\n'
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n'
		# Of an earlier stage than all others.
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s}\nrules: [{apiGroups: [""], resources: [pods]}]\n' "$NS"
	} | write all.yaml
	commit 'Three good, four bad'
	sync 4
	expect_counts 'created=3 failed=4'
	expect_result failed
	expect_verdict Deployment/unknown-field failed 'replicaz'
	expect_verdict Service/bad-port failed '99999|port'
	expect_verdict ConfigMap/Not_A_Name failed
	expect_error 'replicaz'
	expect_verdict "ClusterRole/$NS" failed verbs
	expect_error 'bad-port'
	expect_there configmap cm-3
	sync 4
	expect_counts 'failed=4 unchanged=3'
}

it_names_the_version_that_is_served() {
	fresh
	{
		configmap cm
		deployment old registry.test/web:1 0 | sed 's|apps/v1|apps/v1beta1|'
		printf -- '---\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: pdb}\nspec: {minAvailable: 1}\n'
	} | write all.yaml
	commit 'Old versions'
	sync 4 --timeout "$BRIEF"
	expect_error 'apps/v1([^b]|$)'
	expect_error 'policy/v1([^b]|$)'
}

it_says_that_a_kind_is_not_known() {
	fresh
	{
		configmap cm
		printf -- '---\napiVersion: none.plumb.test/v1\nkind: Nothing\nmetadata: {name: nothing}\n'
	} | write all.yaml
	commit 'An unknown kind'
	sync 4 --timeout "$BRIEF"
	expect_error 'none\.plumb\.test.*Nothing|Nothing.*none\.plumb\.test'
}

it_says_that_a_namespace_is_missing_before_it_writes() {
	fresh
	{
		configmap cm
		configmap lost | sed 's|name: lost|name: lost\n  namespace: no-such-namespace|'
	} | write all.yaml
	commit 'Into a namespace that is not there'
	sync 4
	expect_error 'no-such-namespace'
	expect_gone configmap cm
	expect_eq 'records' '' "$(records)"
}

it_wants_the_namespace_of_the_sync() {
	fresh
	configmap cm | write all.yaml
	commit 'Add it'
	NS=$(unique)
	at_exit kubectl delete namespace "$NS" --wait=false --ignore-not-found
	sync_flags
	local code=0
	"$PLUMB" sync "${FLAGS[@]}" >"$T/out" 2>"$T/err" || code=$?
	expect_match 'exit code' '^[2457]$' "$code"
	expect_match 'error' 'create-namespace' "$(cat "$T/err")"
	expect_eq 'the namespace' '' "$(kubectl get namespace "$NS" --ignore-not-found -o name)"
	sync 0 --create-namespace
	expect_there configmap cm
	sync 0 --create-namespace
	expect_counts 'unchanged=1'
}

it_says_that_a_pod_may_not_be_made() {
	fresh
	kubectl create quota -n "$NS" none --hard=pods=0 >/dev/null
	eventually 20 'the quota counts' is_live quota none '.status.used.pods' 0
	deployment web registry.test/web:1 1 | write web.yaml
	commit 'Add web'
	sync 6 --wait --timeout 15s
	expect_match 'health' 'quota|ReplicaFailure|FailedCreate' "$(object Deployment/web healthReason) $(object Deployment/web reason)"
}

it_never_shows_the_value_of_a_secret() {
	fresh
	local one=correct-horse-battery two=staple-tr0ub4dor
	local values
	values="$one|$two|$(printf %s "$one" | base64 -w0)|$(printf %s "$two" | base64 -w0)"
	secret() { # VALUE [EXTRA]
		printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: %s}\n%s' "$1" "${2:-}"
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: binary}\ndata: {password: %s}\n' "$(printf %s "$1" | base64 -w0)"
	}
	secret "$one" | write secret.yaml
	commit 'A secret'
	all_of() {
		sync_flags
		plumb 0 sync "${FLAGS[@]}"
		expect_no_match 'text' "$values" "$(cat "$OUT" "$ERRS")"
		plumb 0 diff "${FLAGS[@]}"
		expect_no_match 'diff' "$values" "$(cat "$OUT" "$ERRS")"
		sync 0
		expect_no_match 'json' "$values" "$(cat "$OUT" "$ERRS")"
	}
	sync_flags
	plumb 1 diff "${FLAGS[@]}"
	expect_no_match 'diff of new secrets' "$values" "$(cat "$OUT" "$ERRS")"
	all_of
	secret "$two" | write secret.yaml
	commit 'Another'
	plumb 1 diff "${FLAGS[@]}"
	expect_no_match 'diff' "$values" "$(cat "$OUT" "$ERRS")"
	expect_match 'diff' 'password' "$(cat "$OUT")"
	all_of
	secret "$one" $'type: [wrong]\n' | write secret.yaml
	commit 'The server refuses it'
	sync 4
	expect_no_match 'refused' "$values" "$(cat "$OUT" "$ERRS")"
	"$PLUMB" diff "${FLAGS[@]}" >"$T/refused" 2>&1 || true
	expect_no_match 'diff of what is refused' "$values" "$(cat "$T/refused")"
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\ndata: {password: "%s!!"}\n' "$two" | write secret.yaml
	commit 'Not base64'
	sync 4
	expect_no_match 'not base64' "$values" "$(cat "$OUT" "$ERRS")"
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: "%s}\n' "$two" | write secret.yaml
	commit 'Not YAML'
	sync 4
	expect_no_match 'not YAML' "$values" "$(cat "$OUT" "$ERRS")"
	expect_no_match 'ledger' "$values" "$(kubectl get controllerrevisions,configmaps -n "$NS" -o yaml)"
}

# A digest of a short password is as good as the password (safety rule 25).
it_has_no_digest_of_a_secret_in_the_ledger() {
	fresh
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: hunter2}\n' | write secret.yaml
	# What is made once only is known again by its digest: other kinds are, Secrets are not.
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: once, annotations: {plumb.dev/heal: once}}\nstringData: {password: hunter3}\n' | write once.yaml
	configmap cm | sed 's|name: cm|name: cm\n  annotations: {plumb.dev/heal: once}|' | write cm.yaml
	commit 'A secret'
	sync 0
	unpacked >"$T/ledger"
	cat "$OUT" "$ERRS" >"$T/said"
	sync_flags
	plumb 0 sync "${FLAGS[@]}" --verify
	cat "$OUT" "$ERRS" >>"$T/said"
	local digest name
	digest=$(live configmap cm '.metadata.annotations.plumb\.dev/digest')
	grep -qF "${digest#*:}" "$T/ledger" || fail 'the digest of the ConfigMap is not where this test looks for it'
	for name in password once; do
		digest=$(live secret "$name" '.metadata.annotations.plumb\.dev/digest')
		expect_match 'digest on the object' '^[0-9]+:.' "$digest"
		grep -qF "${digest#*:}" "$T/ledger" && fail "the ledger has the digest of the Secret $name"
		grep -qF "${digest#*:}" "$T/said" && fail "the digest of the Secret $name was said"
	done
	return 0
}

# The records with every string of base64 decoded and inflated.
unpacked() {
	need perl
	kubectl get controllerrevisions -n "$NS" -o json | jq -c '.items[].data' |
		perl -MMIME::Base64 -MCompress::Zlib -ne 'print; while (/"([A-Za-z0-9+\/=]{16,})"/g) { my $raw = decode_base64($1); my $text = uncompress($raw); print "\n", $text // $raw, "\n"; }'
}

it_says_what_it_may_not_do() {
	fresh
	configmap cm | write all.yaml
	commit 'Add it'
	kubeconfig_of nobody >"$T/nobody"
	sync 5 --kubeconfig "$T/nobody"
	expect_error 'forbidden|denied|permission|not allowed'
	expect_gone configmap cm
}

# A kubeconfig for a new service account of the namespace.
kubeconfig_of() { # NAME
	kubectl create serviceaccount -n "$NS" "$1" >/dev/null
	kubectl config view --raw --flatten --minify -o json |
		jq --arg token "$(kubectl create token -n "$NS" "$1")" '.users[0].user = {token: $token}'
}

it_says_that_the_cluster_is_not_there() {
	fresh
	configmap cm | write all.yaml
	commit 'Add it'
	kubectl config view --raw --flatten --minify -o json | jq '.clusters[0].cluster.server = "https://127.0.0.1:1"' >"$T/nowhere"
	sync 5 --kubeconfig "$T/nowhere" --timeout "$BRIEF"
	expect_error '127\.0\.0\.1'
	kubectl config view --raw --flatten --minify -o json | jq '.users[0].user = {token: "wrong"}' >"$T/wrong"
	sync 5 --kubeconfig "$T/wrong" --timeout "$BRIEF"
	expect_error '[Uu]nauthorized|401|credentials'
}

it_warns_of_a_timeout_below_the_progress_deadline() {
	fresh
	{
		deployment web registry.test/web:1 1
		# The longest that there is stands for none.
		deployment patient registry.test/web:1 1 | sed 's|^spec:|&\n  progressDeadlineSeconds: 2147483647|'
		deployment hasty registry.test/web:1 1 | sed 's|^spec:|&\n  progressDeadlineSeconds: 200|'
	} | write web.yaml
	commit 'Add them'
	sync 0 --wait --timeout 180s
	expect_warning 'below the progressDeadlineSeconds of deployment.*/web in .* \(600\)'
	expect_eq 'warnings of it' 1 "$(grep -c progressDeadlineSeconds "$ERRS")"
}

run_cases "$@"
