#!/bin/bash
# What watches have to survive, on a cluster of their own: an API server that is killed, versions that were compacted, rights for
# single namespaces only.
# lib.sh gives the test a cache of its own; what clusters are built from is kept.
export PLUMB_CACHE=${PLUMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plumb-test}
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/agent_lib.sh
source "$(dirname "$0")/agent_lib.sh"

CLUSTER=$T/cluster
SERVER=()

# etcd, API server and controllers, once for all cases.
cluster_once() {
	if [[ ! -d $CLUSTER ]]; then
		at_exit "$TOP/tests/cluster/cluster" down "$CLUSTER"
		"$TOP/tests/cluster/cluster" up "$CLUSTER" 2>"$T/cluster.log" || die "the cluster does not start: $(tail -n 3 "$T/cluster.log")"
	fi
	export KUBECONFIG=$CLUSTER/kubeconfig PATH=$CLUSTER/bin:$PATH
	mapfile -d '' -t SERVER <"/proc/$(<"$CLUSTER/apiserver.pid")/cmdline"
}

fresh_here() {
	cluster_once
	fresh
	namespace_new
}

server_stop() { # [SIGNAL]
	local pid
	pid=$(<"$CLUSTER/apiserver.pid")
	kill "-${1:-TERM}" "$pid"
	eventually 60 'the API server ends' test ! -d "/proc/$pid"
}

server_start() {
	(cd "$CLUSTER" && exec setsid nohup "${SERVER[@]}" >apiserver.log 2>&1 </dev/null) &
	echo $! >"$CLUSTER/apiserver.pid"
	eventually 60 'the API server is back' kubectl get --raw /readyz
}

# Every version before now is forgotten: by etcd, and by the API server's cache when it starts anew.
compact() {
	local etcd revision argument
	for argument in "${SERVER[@]}"; do
		[[ $argument != --etcd-servers=* ]] || etcd=${argument#*=}
	done
	revision=$(curl -s "$etcd/v3/kv/range" -d '{"key": "AA=="}' | jq -r .header.revision)
	curl -s "$etcd/v3/kv/compaction" -d "{\"revision\": $revision, \"physical\": true}" >/dev/null
}

running() {
	configmap watched | write watched.yaml
	commit 'What there is'
	agent_start 'interval: 10m' 'wait: false' 'heal: {delay: 100ms}'
	agent_synced
	# By its watches alone does it hear of this.
	kubectl patch -n "$NS" configmap watched -p '{"data": {"value": "evil"}}' >/dev/null
	soon configmap watched .data.value one
}

soon() { # KIND NAME JSONPATH EXPECTED
	eventually 30 "$1/$2 $3" is_live "$1" "$2" "$3" "$4"
}

it_heals_on_after_the_api_server_was_killed() {
	need curl
	fresh_here
	configmaps 1 3 | write all.yaml
	running
	server_stop KILL
	sleep 2
	server_start
	kubectl patch -n "$NS" configmap cm-1 -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl delete -n "$NS" configmap cm-2 >/dev/null
	soon configmap cm-1 .data.value one
	soon configmap cm-2 .data.value one
	kill -0 "$AGENT" || fail 'the agent ended'
}

it_lists_anew_where_its_version_was_compacted_and_finds_what_it_missed() {
	need curl
	fresh_here
	configmaps 1 3 | write all.yaml
	running
	# Its streams are lost, and what happens while it does not look is forgotten by all.
	server_stop KILL
	sleep 1
	kill -STOP "$AGENT"
	server_start
	kubectl patch -n "$NS" configmap cm-1 -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl delete -n "$NS" configmap cm-2 >/dev/null
	kubectl label -n "$NS" configmap cm-3 plumb.dev/name- >/dev/null
	compact
	server_stop KILL
	server_start
	kill -CONT "$AGENT"
	soon configmap cm-1 .data.value one
	soon configmap cm-2 .data.value one
	soon configmap cm-3 '.metadata.labels.plumb\.dev/name' shop
	expect_said '\(410\)|too old resource version'
}

# Safety rule 29: a role for one namespace, as its CI has it.
it_watches_by_namespace_where_it_may_not_see_the_cluster() {
	fresh_here
	{
		configmaps 1 2
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: correct-horse}\n'
	} | write all.yaml
	kubectl create serviceaccount -n "$NS" robot >/dev/null
	kubectl create rolebinding -n "$NS" robot --clusterrole=cluster-admin --serviceaccount="$NS:robot" >/dev/null
	local config=$T/robot.$NS
	kubectl config view --raw --minify -o json |
		jq --arg token "$(kubectl create token -n "$NS" robot)" '.users[0].user = {token: $token}' >"$config"
	KUBECONFIG=$config running
	kubectl patch -n "$NS" configmap cm-1 -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl delete -n "$NS" configmap cm-2 >/dev/null
	kubectl patch -n "$NS" secret password -p '{"data": {"password": "ZXZpbA=="}}' >/dev/null
	soon configmap cm-1 .data.value one
	soon configmap cm-2 .data.value one
	soon secret password .data.password "$(printf correct-horse | base64)"
}

it_heals_from_the_commit_it_has_while_git_is_away() {
	fresh_here
	configmap web | write web.yaml
	commit 'What there is'
	agent_start 'interval: 5s' 'wait: false' 'heal: {delay: 100ms}'
	agent_synced
	mv "$REPO" "$REPO.away"
	sleep 7
	kubectl patch -n "$NS" configmap web -p '{"data": {"value": "evil"}}' >/dev/null
	soon configmap web .data.value one
	mv "$REPO.away" "$REPO"
}

# The server's own: 100 streams on a connection.
it_opens_more_connections_where_one_is_full() {
	fresh_here
	local i
	for ((i = 1; i <= 105; i++)); do
		printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s-%d}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: %s-%d}\nstringData: {a: b}\n' "$NS" "$i" "$NS" "$i"
	done | write all.yaml
	commit 'Many namespaces'
	agent_start 'interval: 10m' 'wait: false' 'heal: {delay: 100ms}'
	agent_synced 60
	sleep 3
	for i in 1 50 99 105; do
		kubectl delete -n "$NS-$i" secret s >/dev/null
	done
	for i in 1 50 99 105; do
		eventually 30 "secret of $i" kubectl get -n "$NS-$i" secret s
	done
	agent_stop
	kubectl delete namespace -l plumb.dev/namespace="$NS" --wait=false >/dev/null
}

run_cases "$@"
