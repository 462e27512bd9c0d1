#!/bin/bash
# kill -9 at ten points of a sync of 200 objects, then a clean finish: nothing lost, nothing doubled, records that fit.
. "$(dirname "$0")/lib.sh"

OBJECTS=200

# Round N has the objects N..N+199: each commit changes all of them, adds one and drops one.
round() { # N
	{
		configmaps "$(($1 + 10))" "$(($1 + OBJECTS - 1))" "round $1"
		local i
		for ((i = $1; i < $1 + 10; i++)); do
			deployment "web-$i" "registry.test/web:$1" 0
		done
	} | write all.yaml
	commit "Round $1"
}

it_survives_kill_at_ten_points() {
	fresh
	round 0
	local begin end
	sync 0 --prune
	round 1
	begin=$(date +%s%N)
	sync 0 --prune
	end=$(date +%s%N)
	local whole=$(((end - begin) / 1000000))
	local span=$whole n=1 hits=0
	# How long a sync takes varies: a kill that came too late is tried again, earlier.
	while ((hits < 10 && n < 40)); do
		n=$((n + 1))
		round "$n"
		if kill_after $((span * (hits + 1) / 11)); then
			hits=$((hits + 1))
		else
			span=$((span * 4 / 5))
		fi
	done
	echo "    killed $hits of 10 while they ran, in $((n - 1)) syncs"
	expect_eq 'kills that met a running sync' 10 "$hits"
	clean_finish "$n" $((20 + whole / 100))
	unfinished
}

# Starts a sync and kills it after so many milliseconds; false when it was done before.
kill_after() { # MILLISECONDS
	local pid
	sync_flags
	"$PLUMB" sync "${FLAGS[@]}" --prune -o json >"$T/killed.out" 2>"$T/killed.err" &
	pid=$!
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
	if kill -9 "$pid" 2>/dev/null; then
		wait "$pid" 2>/dev/null || [[ $? == 137 ]]
		return
	fi
	wait "$pid" || true
	return 1
}

# The lease of the one that was killed is for 60 seconds. The given ones are ten times what a sync took here before, and twenty.
clean_finish() { # ROUND SECONDS
	local start=$SECONDS
	sync 0 --prune
	((SECONDS - start < $2)) || fail "the lease of a dead process: expected to be replaced at once, the sync took $((SECONDS - start)) s"
	expect_eq 'objects of the sync' "$(desired "$1")" "$(ours)"
	expect_eq 'values' "round $1" "$(kubectl get configmaps -n "$NS" -l plumb.dev/name=shop -o 'jsonpath={range .items[*]}{.data.value}{"\n"}{end}' | sort -u)"
	expect_eq 'images' "registry.test/web:$1" "$(kubectl get deployments -n "$NS" -o 'jsonpath={range .items[*]}{.spec.template.spec.containers[0].image}{"\n"}{end}' | sort -u)"
	sync 0 --prune
	expect_counts "unchanged=$OBJECTS"
	expect_eq 'lease' '' "$(kubectl get leases -n "$NS" -o name)"
	configmap last | write all.yaml
	commit 'Drop all'
	sync 0 --prune --prune-limit 100
	expect_counts "created=1 pruned=$OBJECTS"
	expect_eq 'objects of the sync' ConfigMap/last "$(ours)"
}

ours() {
	kubectl get configmaps,deployments -n "$NS" -l plumb.dev/name=shop -o 'jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\n"}{end}' | sort
}

desired() { # ROUND
	local i
	for ((i = $1; i < $1 + OBJECTS; i++)); do
		if ((i < $1 + 10)); then echo "Deployment/web-$i"; else echo "ConfigMap/cm-$i"; fi
	done | sort
}

# Every number once, every intent with its outcome, no inventory that nobody needs.
unfinished() {
	history 0
	expect_eq 'results that stand' '' "$(answer '[.syncs[].result | select(IN("applied", "healthy", "interrupted", "failed", "incomplete") | not)] | unique | join(" ")')"
	expect_eq 'numbers' "$(answer '[.syncs[].number] | unique | length')" "$(answer '.syncs | length')"
	expect_eq 'intents and outcomes' "$(records intent | sed 's/-intent//')" "$(records outcome | sed 's/-outcome//')"
	local inventories
	inventories=$(records inventory | wc -l)
	((inventories <= 2 * $(records intent | wc -l))) || fail "inventories: expected some, got $inventories"
}

run_cases "$@"
