# shellcheck shell=bash
# An agent that runs outside of the cluster, from files, for one Sync: the case's. Source lib.sh first.

AGENT='' AGENT_LOG=$T/none

# Starts it, with more lines of the Sync's spec. PLUMB_AGENT_FLAGS: more flags.
agent_start() { # [SPEC-LINE...]
	local dir=$T/syncs.$NS
	mkdir -p "$dir"
	{
		printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: %s, namespace: %s}\nspec:\n' "$NAME" "$NS"
		printf '  source: {url: "%s", ref: {branch: main}, path: "%s"}\n' "$REPO" "$DIR"
		printf '  %s\n' "$@"
	} >"$dir/sync.yaml"
	AGENT_LOG=$T/agent.$NS.log
	# shellcheck disable=SC2086 # flags
	"$PLUMB" agent --config "$dir" --allow-local-repos --store "$T/store.$NS" --health-address='' --metrics-address='' \
		--webhook-address='' --no-leader-elect --log-format json ${PLUMB_AGENT_FLAGS:-} >>"$AGENT_LOG" 2>&1 &
	AGENT=$!
	at_exit kill -KILL "$AGENT"
}

# Ends it and waits for it.
agent_stop() { # [SIGNAL]
	kill "-${1:-TERM}" "$AGENT" 2>/dev/null || true
	wait "$AGENT" 2>/dev/null || true
	AGENT=''
}

agent_said() { # REGEX
	grep -qE -- "$1" "$AGENT_LOG"
}

expect_said() { # REGEX
	agent_said "$1" || fail "the agent's log: expected a line like '$1', got '$(tail -n 8 "$AGENT_LOG" | cut -c1-300)'"
}

expect_not_said() { # REGEX
	! agent_said "$1" || fail "the agent's log: expected no line like '$1', got '$(grep -E -- "$1" "$AGENT_LOG" | head -n 3 | cut -c1-300)'"
}

# Until the current commit is recorded as applied.
agent_synced() { # [SECONDS]
	eventually "${1:-30}" 'the first sync' recorded "$COMMIT"
}

recorded() { # COMMIT
	"$PLUMB" history --name "$NAME" -n "$NS" -o json 2>/dev/null |
		jq -e --arg commit "$1" 'any(.syncs[]; .commit == $commit and (.result == "applied" or .result == "healthy"))' >/dev/null
}

# How many heals the ledger has.
heals() {
	records outcome | wc -l
}
