# shellcheck shell=bash
# For tests that use Sync resources: the definition, and documents. Source lib.sh first.

# Installs the definition of Syncs. It stays: other tests of the cluster use it too.
crd() {
	kubectl apply --server-side --force-conflicts -f "$TOP/deploy/crd/syncs.plumb.dev.yaml" >/dev/null
	kubectl wait --for=condition=Established crd/syncs.plumb.dev --timeout=30s >/dev/null
	# Established is not served yet by every part of the server.
	local deadline=$((SECONDS + 20))
	until kubectl get syncs -n default >/dev/null 2>&1 || ((SECONDS >= deadline)); do
		sleep 0.2
	done
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
