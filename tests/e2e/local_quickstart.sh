#!/bin/bash
# The README's first command, with a cluster of its own: without a terminal it ends, on one it waits for Ctrl-C; both times
# nothing is left running or behind.
. "$(dirname "$0")/lib.sh"

# Processes that run below this test's directory, as those of a cluster do, or that name it.
left_running() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/cwd" 2>/dev/null) != "$T/tmp/"* ]] || echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline")"
	done
	pgrep -fa -- "$T/tmp" | grep -vE '^[0-9]+ (pgrep|grep|script) ' || true
}

nothing_is_left() {
	expect_eq 'left behind' '' "$(ls -A "$T/tmp")"
	expect_eq 'left running' '' "$(left_running)"
	expect_eq 'changes of the checkout' "$1" "$(git -C "$TOP" status --porcelain)"
}

it_ends_without_a_terminal() {
	local before log=$T/log
	before=$(git -C "$TOP" status --porcelain)
	mkdir -p "$T/tmp"
	TMPDIR=$T/tmp "$TOP/deploy/quickstart" >"$log" 2>&1 </dev/null || fail "quickstart ended with $?: $(tail -n 5 "$log")"
	grep -qE '^1 +[0-9a-f]{7} .* healthy +web r1, worker r1 +Open the shop' "$log" || fail "no first sync: $(tail -n 12 "$log")"
	grep -qE '^2 +[0-9a-f]{7} .* healthy +web r1->r2 +Update web' "$log" || fail "no second sync: $(tail -n 12 "$log")"
	grep -qE '^3 +[0-9a-f]{7} .* healthy +web r2->r3 +Revert' "$log" || fail "no third sync: $(tail -n 12 "$log")"
	grep -qE '^3 \* +[0-9a-f]{7} .*web:1.4.0 .*Revert' "$log" || fail "no third revision: $(tail -n 12 "$log")"
	nothing_is_left "$before"
}

it_waits_for_ctrl_c_on_a_terminal() {
	need script
	local before log=$T/terminal.log pid code=0
	before=$(git -C "$TOP" status --porcelain)
	mkdir -p "$T/tmp"
	mkfifo "$T/keys"
	# What bash runs in the background would ignore it.
	TMPDIR=$T/tmp env --default-signal=INT script -qefc "$TOP/deploy/quickstart" "$log" <"$T/keys" >/dev/null 2>&1 &
	pid=$!
	# Where the case fails while it waits.
	at_exit bash -c 'for dir in "$1"/*/cluster; do [[ ! -d $dir ]] || "$2" down "$dir"; done' - "$T/tmp" "$TOP/tests/cluster/cluster"
	at_exit kill "$pid"
	exec 9>"$T/keys"
	eventually 900 'quickstart says how to look around' grep -q '^  plumb sync --repo .* --prune' "$log"
	kill -0 "$pid" || fail 'quickstart did not wait'
	grep -q 'export KUBECONFIG=' "$log" || fail 'it does not say how to get in'
	printf '\003' >&9
	exec 9>&-
	wait "$pid" || code=$?
	expect_eq 'exit code after Ctrl-C' 130 "$code"
	nothing_is_left "$before"
}

it_explains_its_usage() {
	local code=0
	"$TOP/deploy/quickstart" --no-such-flag >"$T/usage" 2>&1 || code=$?
	expect_eq 'exit code' 2 "$code"
	grep -q -- '--use-current-cluster' "$T/usage" || fail "no usage: $(cat "$T/usage")"
}

run_cases "$@"
