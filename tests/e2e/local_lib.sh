#!/bin/bash
# The tests' own ground: what lib.sh must call a failure is one. It runs small tests whose plumb is a script.
. "$(dirname "$0")/lib.sh"

# Runs a test with this body and a plumb that prints an answer and exits with a code; its output goes to OUT.
inner() { # EXIT BODY
	local want=$1 got=0
	mkdir -p "$T/inner/e2e/x"
	cp "$LIB" "$T/inner/e2e/x/lib.sh"
	printf '#!/bin/bash\necho "{\\"version\\": 1, \\"command\\": \\"sync\\", \\"exitCode\\": 0, \\"result\\": \\"applied\\", \\"counts\\": {\\"created\\": 1, \\"failed\\": 0}, \\"objects\\": [{\\"kind\\": \\"ConfigMap\\", \\"name\\": \\"a\\", \\"verdict\\": \\"created\\", \\"reason\\": \\"not there\\"}], \\"warnings\\": [\\"a word\\"], \\"errors\\": []}"\necho oops >&2\nexit ${FAKE_EXIT:-0}\n' >"$T/inner/plumb"
	chmod +x "$T/inner/plumb"
	printf '. "$(dirname "$0")/lib.sh"\nit_is_tried() {\nfresh\nNS=none\n%s\n}\nrun_cases "$@"\n' "$2" >"$T/inner/e2e/x/local_inner.sh"
	OUT=$T/inner/out
	PLUMB=$T/inner/plumb bash "$T/inner/e2e/x/local_inner.sh" >"$OUT" 2>&1 || got=$?
	[[ $got == "$want" ]] || fail "a test of '$2': expected exit code $want, got $got: $(cat "$OUT")"
}

it_passes_what_holds() {
	inner 0 'sync 0; expect_verdict ConfigMap/a created "not.*"; expect_counts created=1; expect_result applied; expect_warning word; expect_error oops; expect_eq x 1 1; expect_match x "^a" abc; expect_no_match x b ac'
}

it_fails_what_does_not_hold() {
	local body
	for body in 'sync 4' 'FAKE_EXIT=4 sync 4' 'sync 0; expect_verdict ConfigMap/a changed' 'sync 0; expect_verdict ConfigMap/b created' \
		'sync 0; expect_verdict ConfigMap/a created nonsense' 'sync 0; expect_counts created=2' 'sync 0; expect_counts ""' \
		'sync 0; expect_result healthy' 'sync 0; expect_warning nothing' 'sync 0; expect_error nothing' 'expect_eq x 1 2' \
		'expect_match x "^b" abc' 'expect_no_match x b abc' 'false' 'false; true' '(exit 3)' 'expect_eq x 1 2; true' \
		'eventually 1 x false' 'no_such_command' 'die no'; do
		inner 1 "$body"
		grep -q 'local_inner.sh:' "$OUT" || fail "a failure of '$body': expected file and line, got: $(cat "$OUT")"
	done
}

it_skips_and_cleans_up() {
	inner 77 'skip because'
	expect_match 'output' 'skipped it_is_tried' "$(cat "$OUT")"
	inner 0 "at_exit touch $T/inner/cleaned"
	[[ -e $T/inner/cleaned ]] || fail 'what was to run at the end did not'
	inner 1 'echo "in $T"; die no'
	local left
	left=$(sed -n 's/^in //p' "$OUT")
	[[ $left && ! -e $left ]] || fail "expected the temporary directory '$left' to be gone"
}

run_cases "$@"
