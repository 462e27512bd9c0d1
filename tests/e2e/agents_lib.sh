# shellcheck shell=bash
# For tests of the agent. Source lib.sh and syncs_lib.sh first. Each agent looks after Syncs of the case's namespace alone, so
# that tests on one cluster do not meet.

# Starts an agent; its log is in $T/agent-ID.log, its process id in $T/agent-ID.pid. All agents end with the test.
agent_start() { # ID [FLAG...]
	local id=$1
	shift
	local args=(agent -n "$NS" --watch-namespace "$NS" --store "$T/store-$id" --health-address '' --metrics-address ''
		--webhook-address '' --log-format json --log-level debug --no-leader-elect --allow-local-repos)
	local flag
	for flag; do
		[[ $flag != --leader-elect ]] || args=("${args[@]/--no-leader-elect/--leader-elect}")
		[[ $flag != --no-local-repos ]] || args=("${args[@]/--allow-local-repos/--no-leader-elect}")
		[[ $flag != --config=* ]] || args=("${args[@]/--watch-namespace/--namespace}")
	done
	for flag; do
		[[ $flag == --leader-elect || $flag == --no-local-repos ]] || args+=("$flag")
	done
	"$PLUMB" "${args[@]}" >"$T/agent-$id.log" 2>&1 &
	echo $! >"$T/agent-$id.pid"
	at_exit kill -KILL $!
}

agent_pid() { # ID
	cat "$T/agent-$1.pid"
}

# Ends it, with SIGTERM, and waits for it; its exit code must be 0.
agent_stop() { # ID
	local pid code=0
	pid=$(agent_pid "$1")
	kill -TERM "$pid"
	wait "$pid" || code=$?
	expect_eq "exit code of agent $1" 0 "$code"
}

agent_kill() { # ID
	local pid
	pid=$(agent_pid "$1")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
}

# Lines of the log, as text: "LEVEL SYNC OBJECT MESSAGE".
agent_log() { # ID
	jq -r '"\(.level) \(.sync // "-") \(.object // "-") \(.msg)"' "$T/agent-$1.log"
}

expect_log() { # ID REGEX
	agent_log "$1" | grep -E -- "$2" >/dev/null || fail "log of agent $1: expected a line like '$2', got: $(agent_log "$1" | tail -n 12)"
}

says() { # ID REGEX
	agent_log "$1" | grep -E -- "$2" >/dev/null
}

# The case's Sync, every 5 seconds, with more lines of its spec.
declare_sync() { # [MORE]
	sync_document "  interval: 5s
  timeout: 60s
${1:-}" | kubectl apply -f - >/dev/null
}

condition() { # TYPE [NAME]
	kubectl get sync -n "$NS" "${2:-$NAME}" -o "jsonpath={.status.conditions[?(@.type==\"$1\")].status}"
}

reason() { # [NAME]
	kubectl get sync -n "$NS" "${1:-$NAME}" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}'
}

message() { # [NAME]
	kubectl get sync -n "$NS" "${1:-$NAME}" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'
}

has_reason() { # REASON [NAME]
	[[ $(reason "${2:-$NAME}") == "$1" ]]
}

applied() { # [NAME]
	kubectl get sync -n "$NS" "${1:-$NAME}" -o 'jsonpath={.status.lastAppliedCommit}'
}

# Waits until the commit is in the cluster and the Sync says so.
synced() { # [COMMIT] [NAME]
	eventually 60 "sync of ${1:-$COMMIT}" is_synced "${1:-$COMMIT}" "${2:-$NAME}"
}

is_synced() { # COMMIT NAME
	[[ $(applied "$2") == "$1" && $(condition Ready "$2") == True ]]
}
