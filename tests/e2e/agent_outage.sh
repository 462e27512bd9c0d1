#!/bin/bash
# The API server is killed and comes back: the agent goes on by itself. On a cluster of its own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"
. "$(dirname "$0")/agents_lib.sh"

# A cluster that only this test breaks.
own_cluster() {
	OWN=$T/$(unique)
	at_exit "$TOP/tests/cluster/cluster" down "$OWN"
	"$TOP/tests/cluster/cluster" kwok "$OWN" >/dev/null 2>"$T/cluster.log" || skip 'no cluster of its own could be started'
	export KUBECONFIG=$OWN/kubeconfig
}

kill_apiserver() {
	local pid
	pid=$(<"$OWN/apiserver.pid")
	mapfile -d '' -t SERVER <"/proc/$pid/cmdline"
	SERVER_DIR=$(readlink "/proc/$pid/cwd")
	kill -KILL "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

start_apiserver() {
	(cd "$SERVER_DIR" && exec setsid nohup "${SERVER[@]}" >>"$OWN/apiserver.log" 2>&1 </dev/null) &
	echo $! >"$OWN/apiserver.pid"
	eventually 60 'the API server is back' kubectl get --raw /readyz
}

it_survives_the_loss_of_the_api_server() {
	own_cluster
	fresh
	crd
	deployment web registry.test/web:1 1 | write web.yaml
	configmap one | write one.yaml
	commit 'One'
	agent_start a --leader-elect
	declare_sync
	synced
	kill_apiserver
	configmap one two | write one.yaml
	commit 'Two'
	sleep 20
	kill -0 "$(agent_pid a)" || die 'the agent ended'
	start_apiserver
	synced
	expect_live configmap one .data.value two
	kubectl scale -n "$NS" deployment web --replicas=3 >/dev/null
	eventually 30 'watches are back' is_live deployment web .spec.replicas 1
	agent_stop a
}

it_begins_before_the_api_server_does() {
	own_cluster
	fresh
	crd
	configmap one | write one.yaml
	commit 'One'
	declare_sync
	kill_apiserver
	agent_start a --leader-elect
	sleep 5
	start_apiserver
	synced
	agent_stop a
}

run_cases "$@"
