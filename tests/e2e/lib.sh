# shellcheck shell=bash
# What every end-to-end test stands on. A test sources this file, defines functions `it_does_something` and ends with
# `run_cases "$@"`: each function is a case that runs in a subshell, all of them or those named as arguments.
# Exit 0 passed, 77 skipped, 1 failed; a failure prints file and line, what was expected and what was got.
#
#   PLUMB       the binary (build/release/plumb)
#   KUBECONFIG  the cluster; tests named local_* need none
#   KEEP=1      leaves the temporary directory and the namespaces
#
# Tests hold on a machine that is many times slower than another: what is to happen is waited for, with much patience and no longer
# than it takes; that something is fast is told by what else would have to pass before, never by a few seconds.
set -Eeuo pipefail

LIB=${BASH_SOURCE[0]}
TOP=$(realpath "$(dirname "$LIB")/../..")
PLUMB=$(realpath -m "${PLUMB:-$TOP/build/release/plumb}")
TEST=$(basename "$0" .sh)
T=$(mktemp -d "${TMPDIR:-/tmp}/plumb-e2e-$TEST.XXXXXX")
# What a cluster is made of is not built anew for a test that starts one.
export PLUMB_CACHE=${PLUMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plumb-test}
export XDG_CACHE_HOME=$T/cache KUBECACHEDIR=$T/kubectl
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 LC_ALL=C.UTF-8
export GIT_AUTHOR_NAME=Ana GIT_AUTHOR_EMAIL=ana@example.com GIT_COMMITTER_NAME=Ana GIT_COMMITTER_EMAIL=ana@example.com
unset PLUMB_GIT_TOKEN KUBECTL_EXTERNAL_DIFF

# How many times slower than an idle machine this one may be.
PATIENCE=6
# Time to fail in, for a sync that is to run out of it: it has to get to where it waits.
BRIEF=10s

# Of the current case.
NS='' NAME='' REPO='' WORK='' DIR=.
OUT=$T/none ERRS=$T/none

# --- the frame -------------------------------------------------------------------------------------------------------

# The first caller outside of this file, as FILE:LINE.
where() {
	local i
	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		if [[ ${BASH_SOURCE[i]} != "$LIB" ]]; then
			echo "${BASH_SOURCE[i]}:${BASH_LINENO[i - 1]}"
			return
		fi
	done
}

# A failed expectation: said and counted, and the case goes on.
fail() {
	printf '%s: %s\n' "$(where)" "$*" >&2
	echo "$CASE" >>"$T/failed"
}

die() {
	fail "$@"
	exit 1
}

skip() {
	printf '%s: skipped: %s\n' "$TEST" "$*" >&2
	exit 77
}

# Runs a command line when the test ends, newest first.
at_exit() {
	printf '%s\n' "$(printf '%q ' "$@")" >>"$T/at_exit"
}

finish() {
	local code=$?
	trap - EXIT INT TERM
	if [[ ${KEEP:-} ]]; then
		echo "$TEST: kept $T" >&2
		exit "$code"
	fi
	if [[ -f $T/at_exit ]]; then
		tac "$T/at_exit" >"$T/at_exit.sh"
		bash "$T/at_exit.sh" >/dev/null 2>&1 || true
	fi
	rm -rf "$T"
	exit "$code"
}
CASE=-
trap finish EXIT
trap 'exit 130' INT TERM

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

need_cluster() {
	need kubectl
	[[ ${KUBECONFIG:-} ]] || skip 'KUBECONFIG names no cluster'
	kubectl get --raw /readyz >/dev/null || { echo "$TEST: the cluster of KUBECONFIG does not answer" >&2; exit 1; }
}

run_cases() {
	need git jq
	[[ -x $PLUMB ]] || { echo "$TEST: no program at $PLUMB (PLUMB names it)" >&2; exit 1; }
	[[ $TEST == local_* ]] || need_cluster
	local all=("$@")
	((${#all[@]})) || mapfile -t all < <(grep -oE '^it_[a-z0-9_]+' "$0")
	local one
	for one in "${all[@]}"; do
		run_case "$one" # not in a condition, where bash forgets `set -e`
	done
	[[ ! -f $T/failed ]] || exit 1
	[[ -f $T/passed ]] || exit 77
	exit 0
}

run_case() {
	CASE=$1
	local start=$SECONDS code=0
	set +e
	(
		trap - EXIT INT TERM
		set -e
		trap 'fail "command failed with $?: $BASH_COMMAND"' ERR
		"$CASE"
	)
	code=$?
	set -e
	[[ $code == 0 || $code == 77 ]] || echo "$CASE" >>"$T/failed"
	if grep -qsxF "$CASE" "$T/failed"; then
		echo "  FAILED  $CASE ($((SECONDS - start)) s)"
	elif [[ $code == 77 ]]; then
		echo "  skipped $CASE"
	else
		echo "  ok      $CASE ($((SECONDS - start)) s)"
		echo "$CASE" >>"$T/passed"
	fi
}

# --- what a case starts with -----------------------------------------------------------------------------------------

# A name that no other case or test run has.
unique() {
	local n
	n=$(cat "$T/unique" 2>/dev/null || echo 0)
	echo $((n + 1)) >"$T/unique"
	local base=e2e-${TEST//_/-}-${T##*.}
	tr '[:upper:]' '[:lower:]' <<<"$base-$((n + 1))"
}

# Makes a namespace, removed at exit; its name goes to NS.
namespace_new() {
	NS=$(unique)
	kubectl create namespace "$NS" >/dev/null
	at_exit kubectl delete namespace "$NS" --wait=false --ignore-not-found
}

# A TCP port that nobody listens on.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

# Makes a bare repository with a clone to work in: REPO and WORK.
repo_new() {
	local base
	base=$T/$(unique)
	REPO=$base.git WORK=$base
	git init -q --bare -b main "$REPO"
	git init -q -b main "$WORK"
	git -C "$WORK" remote add origin "$REPO"
}

# A namespace, a repository and a sync's name.
fresh() {
	NAME=${1:-shop} DIR=.
	repo_new
	[[ $TEST == local_* ]] || namespace_new
}

# Standard input becomes a file of the work tree.
write() {
	mkdir -p "$(dirname "$WORK/$1")"
	cat >"$WORK/$1"
}

# Commits all that is in the work tree and pushes it; its id goes to COMMIT.
commit() {
	git -C "$WORK" add -A
	git -C "$WORK" commit -q --allow-empty -m "$1"
	push -q
}

push() { # FLAG...
	git -C "$WORK" push "$@" origin HEAD:main 2>/dev/null
	# shellcheck disable=SC2034 # for the tests
	COMMIT=$(git -C "$WORK" rev-parse HEAD)
}

# --- manifests -------------------------------------------------------------------------------------------------------

configmap() { # NAME [VALUE]
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  value: "%s"\n' "$1" "${2:-one}"
}

configmaps() { # FIRST LAST [VALUE]
	local i
	for ((i = $1; i <= $2; i++)); do
		configmap "cm-$i" "${3:-one}"
	done
}

# A replicas of "" leaves the field out. Pods go at once when they are deleted.
deployment() { # NAME [IMAGE] [REPLICAS]
	local replicas=${3-1}
	cat <<-X
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata:
		  name: $1
		  labels: {app: $1}
		spec:
		  ${replicas:+replicas: $replicas}
		  selector:
		    matchLabels: {app: $1}
		  template:
		    metadata:
		      labels: {app: $1}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers:
		        - name: main
		          image: ${2:-registry.test/web:1}
		          ports: [{containerPort: 8080}]
		          env: [{name: MODE, value: plain}]
	X
}

# --- running plumb ---------------------------------------------------------------------------------------------------

# Runs plumb with the given arguments; the exit code must be the first. Standard output in OUT, standard error in ERRS.
plumb() { # EXIT ARGUMENT...
	local want=$1 got=0
	shift
	OUT=$T/out.$BASHPID ERRS=$T/errs.$BASHPID
	timeout -k 5 "${PLUMB_TIMEOUT:-600}" "$PLUMB" "$@" >"$OUT" 2>"$ERRS" || got=$?
	if [[ $got != "$want" ]]; then
		fail "plumb ${1:-}: expected exit code $want, got $got"
		told >&2
	fi
}

# What the last run said, shortened.
told() {
	if jq -e .objects "$OUT" >/dev/null 2>&1; then
		jq -r '"    result \(.result), \(.counts | tostring)",
			(.objects[] | select(.verdict != "unchanged") | "    \(.kind)/\(.name) \(.verdict): \(.reason) \(.health // "") \(.healthReason // "")"),
			(.errors[] | "    error: \(tostring)"), (.warnings[] | "    warning: \(tostring)")' "$OUT" | head -20
	else
		head -c 600 "$OUT" | sed 's/^/    out: /'
	fi
	head -n 12 "$ERRS" | sed 's/^/    err: /'
}

# The flags that name the current case's sync.
sync_flags() {
	FLAGS=(--repo "$REPO" --ref main --path "$DIR" --name "$NAME" -n "$NS")
	[[ " $* " == *' --timeout'* ]] || FLAGS+=(--timeout 180s)
}

# plumb sync -o json; checks the exit code and that the answer is the documented object.
sync() { # EXIT [FLAG...]
	local want=$1
	shift
	sync_flags "$@"
	plumb "$want" sync "${FLAGS[@]}" -o json "$@"
	[[ $want == [23] || $want == 5 && ! -s $OUT ]] && return
	jq -e --argjson code "$want" '.version == 1 and .command == "sync" and .exitCode == $code' "$OUT" >/dev/null ||
		fail "sync -o json: expected one object with version 1 and exitCode $want, got: $(head -c 300 "$OUT")"
}

history() { # EXIT [ARGUMENT...]
	local want=$1
	shift
	plumb "$want" history --name "$NAME" -n "$NS" -o json "$@"
}

# A field of the last answer.
answer() { # JQ-FILTER
	jq -r "$1" "$OUT" 2>/dev/null || true
}

object() { # KIND/NAME FIELD [NAMESPACE]
	jq -r --arg kind "${1%%/*}" --arg name "${1#*/}" --arg field "$2" --arg ns "${3:-}" \
		'[.objects[] | select(.kind == $kind and .name == $name and ($ns == "" or .namespace == $ns))][0] | .[$field] // ""' "$OUT" 2>/dev/null || true
}

verdict() { # KIND/NAME [NAMESPACE]
	object "$1" verdict "${2:-}"
}

# "created=2 unchanged=1", sorted; what is 0 is left out.
counts() {
	answer '[.counts | to_entries[] | select(.value > 0) | "\(.key)=\(.value)"] | sort | join(" ")'
}

# --- expectations ----------------------------------------------------------------------------------------------------

expect_eq() { # WHAT EXPECTED GOT
	[[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}

expect_match() { # WHAT REGEX GOT
	[[ $3 =~ $2 ]] || fail "$1: expected something like '$2', got '${3:0:600}'"
}

expect_no_match() { # WHAT REGEX GOT
	[[ ! $3 =~ $2 ]] || fail "$1: expected nothing like '$2', got '${3:0:600}'"
}

expect_verdict() { # KIND/NAME VERDICT [REGEX OF REASON]
	local got
	got=$(verdict "$1")
	[[ $got == "$2" ]] || fail "$1: expected verdict '$2', got '$got': $(object "$1" reason)"
	[[ ! ${3:-} ]] || expect_match "$1, reason" "$3" "$(object "$1" reason)"
}

expect_counts() { # "created=2 unchanged=1"
	local got
	got=$(counts)
	if [[ $got != "$1" ]]; then
		fail "counts: expected '$1', got '$got'"
		told >&2
	fi
}

expect_result() { # RESULT
	expect_eq "result" "$1" "$(answer .result)"
}

# The last run's standard error has a line like this.
expect_error() { # REGEX
	grep -qE -- "$1" "$ERRS" || fail "standard error: expected a line like '$1', got '$(head -c 600 "$ERRS")'"
}

expect_warning() { # REGEX
	answer '.warnings[] | tostring' | grep -qE -- "$1" || fail "warnings: expected one like '$1', got '$(answer '.warnings | tostring')'"
}

# The value of a jsonpath of a live object; nothing when it is not there.
live() { # KIND NAME JSONPATH
	kubectl get -n "$NS" "$1" "$2" -o "jsonpath={$3}" --ignore-not-found
}

expect_live() { # KIND NAME JSONPATH EXPECTED
	expect_eq "live $1/$2 $3" "$4" "$(live "$1" "$2" "$3")"
}

expect_there() { # KIND NAME
	[[ $(live "$1" "$2" .metadata.uid) ]] || fail "live $1/$2: expected to be there, got nothing"
}

expect_gone() { # KIND NAME
	[[ ! $(live "$1" "$2" .metadata.uid) ]] || fail "live $1/$2: expected to be gone, it is there"
}

# Tries a command until it succeeds. The seconds are those of an idle machine.
eventually() { # SECONDS WHAT COMMAND...
	local deadline=$((SECONDS + $1 * PATIENCE)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= deadline)); then
			fail "$what: not within the time: $*"
			return 0
		fi
		sleep 0.2
	done
}

# Prints what a command prints, once that stayed the same for some seconds.
settled() { # COMMAND...
	local now before='' same=0
	for _ in {1..100}; do
		now=$("$@")
		[[ $now == "$before" ]] && same=$((same + 1)) || same=0
		((same < 3)) || break
		before=$now
		sleep 1
	done
	printf '%s\n' "$now"
}

# Until a new right is known: the API server looks rights up in a cache, which learns of it a moment later.
soon_may() { # ACCOUNT VERB RESOURCE
	eventually 20 "the right of $1" kubectl auth can-i --as="system:serviceaccount:$NS:$1" -n "$NS" "$2" "$3"
}

is_live() { # KIND NAME JSONPATH EXPECTED
	[[ $(live "$1" "$2" "$3") == "$4" ]]
}

is_gone() { # KIND NAME
	[[ ! $(live "$1" "$2" .metadata.uid) ]]
}

# Names of the sync's records of a kind (intent, outcome, revisions, inventory), oldest first.
records() { # [KIND]
	kubectl get controllerrevisions -n "$NS" -l "plumb.dev/record-of=$NAME${1:+,plumb.dev/record=$1}" \
		--sort-by=.revision -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}'
}
