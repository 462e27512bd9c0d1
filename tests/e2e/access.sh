#!/bin/bash
# plumb with few rights: namespaced lists, reads by name, no list of all Secrets; and the ways to log in.
. "$(dirname "$0")/lib.sh"

# A kubeconfig on standard output for a new service account of the namespace.
login_of() { # NAME
	kubectl create serviceaccount -n "$NS" "$1" >/dev/null
	bare | jq --arg token "$(kubectl create token -n "$NS" "$1")" '.users[0].user = {token: $token}'
}

# The kubeconfig of the test, in one piece.
bare() {
	kubectl config view --raw --flatten --minify -o json
}

# Grants an account of the namespace verbs on resources: "configmaps,deployments.apps".
grant() { # ACCOUNT VERBS RESOURCES
	kubectl create role -n "$NS" "$1-$(unique)" --verb="$2" --resource="$3" >/dev/null
	local role
	role=$(kubectl get role -n "$NS" --sort-by=.metadata.creationTimestamp -o name | tail -n 1)
	kubectl create rolebinding -n "$NS" "$(unique)" --role="${role#*/}" --serviceaccount="$NS:$1" >/dev/null
	soon_may "$1" "${2##*,}" "${3##*,}"
}

RECORDS=configmaps,controllerrevisions.apps,leases.coordination.k8s.io

shop() {
	{
		deployment web registry.test/web:1 1
		configmap cm "$1"
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: %s}\n' "$1"
	} | write all.yaml
}

it_works_with_a_role_of_its_namespace() {
	fresh
	login_of deployer >"$T/deployer"
	grant deployer get,list,watch,create,update,patch,delete "$RECORDS,deployments.apps,replicasets.apps,pods,secrets"
	shop one
	commit 'One'
	sync 0 --kubeconfig "$T/deployer" --wait
	expect_counts 'created=3'
	expect_result healthy
	sync 0 --kubeconfig "$T/deployer"
	expect_counts 'unchanged=3'
	shop two
	commit 'Two'
	sync 0 --kubeconfig "$T/deployer" --prune
	expect_counts 'changed=2 unchanged=1'
	deployment web registry.test/web:1 1 | write all.yaml
	commit 'Less'
	sync 0 --kubeconfig "$T/deployer" --prune
	expect_counts 'pruned=2 unchanged=1'
}

it_works_without_lists_of_what_it_applies() {
	fresh
	login_of deployer >"$T/deployer"
	grant deployer get,list,create,update,patch,delete "controllerrevisions.apps,leases.coordination.k8s.io"
	grant deployer get,create,update,patch,delete "configmaps,deployments.apps,replicasets.apps,secrets"
	shop one
	commit 'One'
	sync 0 --kubeconfig "$T/deployer"
	expect_counts 'created=3'
	sync 0 --kubeconfig "$T/deployer"
	expect_counts 'unchanged=3'
	kubectl patch -n "$NS" configmap cm -p '{"data": {"value": "evil"}}' >/dev/null
	sync 0 --kubeconfig "$T/deployer"
	expect_verdict ConfigMap/cm healed
}

# Five more namespaces, in SPREAD: enough for plumb to list the whole cluster.
spread() {
	local home=$NS _
	SPREAD=()
	for _ in {1..5}; do
		namespace_new
		SPREAD+=("$NS")
	done
	NS=$home
}

# A manifest once in each of them; NAMESPACE stands for it.
everywhere() { # MANIFEST
	local one
	for one in "${SPREAD[@]}"; do
		echo "${1//NAMESPACE/$one}"
	done
}

grant_everywhere() { # ACCOUNT VERBS RESOURCES
	local one role
	for one in "${SPREAD[@]}"; do
		role=$(unique)
		kubectl create role -n "$one" "$role" --verb="$2" --resource="$3" >/dev/null
		kubectl create rolebinding -n "$one" "$role" --role="$role" --serviceaccount="$NS:$1" >/dev/null
	done
}

it_falls_back_from_lists_of_the_cluster() {
	fresh
	spread
	everywhere "$(configmap cm | sed 's|name: cm|name: cm\n  namespace: NAMESPACE|')" | write all.yaml
	commit 'One in each namespace'
	# To lists by namespace: by name it may read nothing.
	login_of lister >"$T/lister"
	grant lister get,list,create,update,patch,delete "$RECORDS"
	grant_everywhere lister list,create,patch configmaps
	sync 0 --kubeconfig "$T/lister"
	expect_eq 'objects' 5 "$(kubectl get configmaps -A -l "plumb.dev/namespace=$NS" -o name | wc -l)"
	sync 0 --kubeconfig "$T/lister"
	expect_counts 'unchanged=5'
	# And from those to reads by name.
	login_of getter >"$T/getter"
	grant getter get,list,create,update,patch,delete "$RECORDS"
	grant_everywhere getter get,create,patch configmaps
	sync 0 --kubeconfig "$T/getter"
	expect_counts 'unchanged=5'
}

it_applies_what_it_may_and_says_what_it_may_not() {
	fresh
	login_of deployer >"$T/deployer"
	grant deployer get,list,create,update,patch,delete "$RECORDS"
	shop one
	commit 'One'
	sync 5 --kubeconfig "$T/deployer"
	expect_error 'forbidden|denied|permission|not allowed'
	expect_error 'secrets|Secret'
	expect_gone secret password
}

# Through a proxy that writes down what is asked for.
it_never_lists_secrets_of_all_namespaces() {
	fresh
	spread
	everywhere "$(configmap cm | sed 's|name: cm|name: cm\n  namespace: NAMESPACE|')
		---
		{apiVersion: v1, kind: Secret, metadata: {name: password, namespace: NAMESPACE}}" | sed 's|^\t*||' | write all.yaml
	commit 'One in each namespace'
	kubectl proxy --port=0 --v=8 >"$T/proxy.out" 2>"$T/proxy.log" &
	local pid=$!
	at_exit kill "$pid"
	eventually 10 'the proxy listens' grep -q 'Starting to serve' "$T/proxy.out"
	local server
	server=http://$(grep -oE '127\.0\.0\.1:[0-9]+' "$T/proxy.out" | head -n 1)
	bare | jq --arg server "$server" '.clusters[0].cluster = {server: $server}' >"$T/proxied"
	sync 0 --kubeconfig "$T/proxied"
	sync 0 --kubeconfig "$T/proxied"
	expect_counts 'unchanged=10'
	grep -q '/api/v1/configmaps' "$T/proxy.log" || fail 'ConfigMaps of five namespaces: expected a list of all, or to be told what is asked for'
	if grep -E '/api/v1/secrets' "$T/proxy.log" >&2; then
		fail 'Secrets were listed in all namespaces'
	fi
}

it_logs_in_as_kubectl_does() {
	fresh
	configmap cm | write cm.yaml
	commit 'One'
	login_of deployer >"$T/token"
	grant deployer get,list,create,update,patch,delete "$RECORDS"
	local token
	token=$(jq -r '.users[0].user.token' "$T/token")
	sync 0 --kubeconfig "$T/token"
	printf '%s\n' "$token" >"$T/token-file"
	jq --arg file "$T/token-file" '.users[0].user = {tokenFile: $file}' "$T/token" >"$T/from-file"
	sync 0 --kubeconfig "$T/from-file"
	expect_counts 'unchanged=1'
	printf '#!/bin/sh\n[ "$1" = login ] || exit 1\necho "{\\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"kind\\": \\"ExecCredential\\", \\"status\\": {\\"token\\": \\"$TOKEN_OF_TEST\\"}}"\n' >"$T/helper"
	chmod +x "$T/helper"
	jq --arg helper "$T/helper" --arg token "$token" '.users[0].user = {exec: {apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never", command: $helper, args: ["login"], env: [{name: "TOKEN_OF_TEST", value: $token}]}}' "$T/token" >"$T/exec"
	sync 0 --kubeconfig "$T/exec"
	expect_counts 'unchanged=1'
	jq '.contexts += [{name: "other", context: {cluster: .clusters[0].name, user: "nobody"}}] | .users += [{name: "nobody", user: {token: "wrong"}}]' "$T/token" >"$T/contexts"
	sync 0 --kubeconfig "$T/contexts"
	sync 5 --kubeconfig "$T/contexts" --context other --timeout "$BRIEF"
	sync 5 --kubeconfig "$T/contexts" --context none
	expect_error 'none'
	KUBECONFIG=$T/token sync 0
	printf '#!/bin/sh\necho hunter2-is-not-json\nexit 3\n' >"$T/helper"
	sync 5 --kubeconfig "$T/exec"
	expect_error 'helper'
	expect_no_match 'error' "$token" "$(cat "$ERRS")"
}

run_cases "$@"
