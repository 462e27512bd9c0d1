# shellcheck shell=bash
# For tests that use Sync resources: the definition, and documents. Source lib.sh first.

# Installs the definition of Syncs. It stays: other tests of the cluster use it too.
crd() {
	kubectl apply --server-side --force-conflicts -f "$TOP/deploy/crd/syncs.plumb.dev.yaml" >/dev/null
	kubectl wait --for=condition=Established crd/syncs.plumb.dev --timeout=180s >/dev/null
	# Established is not served yet by every part of the server.
	eventually 20 'the definition is served' kubectl get syncs -n default
}

# The document of the current case's Sync, with more lines of its spec on standard input if there are any to read.
sync_document() { # [MORE]
	cat <<-X
		apiVersion: plumb.dev/v1alpha1
		kind: Sync
		metadata: {name: $NAME, namespace: $NS}
		spec:
		  source: {url: "$REPO", ref: {branch: main}, path: "$DIR"}
		${1:-}
	X
}

# Sets the status of the case's Sync as an agent would: observed at its newest generation.
as_agent() { # READY REASON MESSAGE [MORE-STATUS-JSON] [MORE-CONDITION-TYPE]
	local generation more=${4:-}
	generation=$(kubectl get sync -n "$NS" "$NAME" -o 'jsonpath={.metadata.generation}')
	more=${more:-'{}'}
	jq -n --arg ready "$1" --arg reason "$2" --arg message "$3" --argjson more "$more" --arg type "${5:-}" \
		--argjson generation "$generation" --arg name "$NAME" --arg ns "$NS" '
		{observedGeneration: $generation, lastTransitionTime: "2026-01-01T00:00:00Z", reason: $reason, message: $message} as $c |
		{apiVersion: "plumb.dev/v1alpha1", kind: "Sync", metadata: {name: $name, namespace: $ns},
		 status: ({observedGeneration: $generation, conditions: ([$c + {type: "Ready", status: $ready}] +
			(if $type == "" then [] else [$c + {type: $type, status: "True"}] end))} + $more)}' |
		kubectl apply --server-side --force-conflicts --subresource=status --field-manager=plumb-agent -f - >/dev/null
}

AGENT='' AGENT_LOG=$T/none

# Starts an agent outside of the cluster for the Syncs of the case's namespace.
agent_run() { # [FLAG...]
	AGENT_LOG=$T/agent.$NS.log
	"$PLUMB" agent --watch-namespace "$NS" -n "$NS" --allow-local-repos --store "$T/store.$NS" --health-address='' --metrics-address='' \
		--webhook-address='' --log-format json "$@" >>"$AGENT_LOG" 2>&1 &
	AGENT=$!
	at_exit kill -KILL "$AGENT"
}

agent_end() { # [SIGNAL]
	local code=0
	kill "-${1:-TERM}" "$AGENT" 2>/dev/null || true
	wait "$AGENT" 2>/dev/null || code=$?
	AGENT=''
	[[ ${1:-TERM} == KILL || $code == 0 ]] || fail "the agent ended with $code: $(tail -n 5 "$AGENT_LOG" | cut -c1-300)"
}

# Makes the case's Sync.
declare_sync() { # [MORE-OF-THE-SPEC]
	sync_document "${1:-}" | kubectl apply -f - >/dev/null
}

# Status or reason of a condition of the case's Sync: "True", "Succeeded"; nothing where it is absent.
condition() { # TYPE FIELD [NAME]
	kubectl get sync -n "$NS" "${3:-$NAME}" -o "jsonpath={.status.conditions[?(@.type==\"$1\")].$2}" 2>/dev/null
}

has_condition() { # TYPE FIELD VALUE [NAME]
	[[ $(condition "$1" "$2" "${4:-}") == "$3" ]]
}

soon_condition() { # TYPE FIELD VALUE [NAME]
	eventually 30 "$1 $2 is $3" has_condition "$@"
}

# The agent applied the newest commit of the work tree, and is ready.
soon_applied() {
	eventually 30 "$COMMIT is applied" is_live sync "$NAME" .status.lastAppliedCommit "$COMMIT"
	soon_condition Ready status True
}
