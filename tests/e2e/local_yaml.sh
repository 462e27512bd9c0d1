#!/bin/bash
# YAML is read as kubectl reads it and written as kustomize writes it: kubectl reads our output as it reads the input, and
# kustomize has nothing to change about how our output is written.
. "$(dirname "$0")/lib.sh"

# kubectl's reading of a file, as JSON; it asks no server.
kubectl_reads() { # FILE
	kubectl annotate --local -f "$1" -o json judged=yes
}

# Judges the document of standard input; with `reading` not how it is written.
judge() { # WHAT [reading]
	local dir=$T/judge
	rm -rf "$dir"
	mkdir -p "$dir/ours" "$dir/in"
	cat >"$dir/in/in.yaml"
	kubectl_reads "$dir/in/in.yaml" >"$dir/want.json" 2>"$dir/refused" || die "$1: kubectl does not read it: $(head -c 300 "$dir/refused")"
	plumb 0 render "$dir/in"
	cp "$OUT" "$dir/ours/out.yaml"
	kubectl_reads "$dir/ours/out.yaml" >"$dir/got.json" || fail "$1: kubectl does not read what we write: $(head -c 1000 "$OUT")"
	diff "$dir/want.json" "$dir/got.json" >"$dir/diff" || fail "$1: kubectl reads it otherwise: $(head -20 "$dir/diff")"
	[[ ${2:-} != reading ]] || return 0
	printf 'resources: [out.yaml]\n' >"$dir/ours/kustomization.yaml"
	kustomize build "$dir/ours" >"$dir/written" || fail "$1: kustomize does not read what we write"
	diff "$dir/ours/out.yaml" "$dir/written" >"$dir/diff" || fail "$1: kustomize writes it otherwise: $(head -20 "$dir/diff")"
}

head_of() {
	printf 'apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: thing}\n'
}

it_resolves_scalars() {
	need kubectl kustomize
	fresh
	{
		head_of
		printf 'spec:\n'
		local scalar n=0
		while IFS= read -r scalar; do
			n=$((n + 1))
			printf '  v%d: %s\n  l%d: [%s]\n' "$n" "$scalar" "$n" "$scalar"
		done <<-'X'
			1
			0
			-0
			007
			0777
			08
			0o7
			0x1F
			0xfg
			0b11
			-0b11
			0b12
			1_000
			1_000.5
			+5
			-5
			+
			1e3
			1E+3
			1.0
			1.
			.5
			-.5
			.
			1.5e-7
			1e21
			1e-7
			0.1
			100000000000000000000000.0
			9223372036854775807
			9223372036854775808
			18446744073709551615
			yes
			Yes
			YES
			yEs
			no
			on
			Off
			y
			N
			true
			TRUE
			tRue
			~
			null
			Null
			NULL
			nULL
			""
			''
			2001-01-01
			2001-1-1
			2001-01-01T00:00:00Z
			2001-01-01 00:00:00
			1:30
			190:20:30
			0x
			1e
			=
			a b
			'a: b'
			'# no comment'
			"tab\there"
			"\u00e9\u263a\U0001F600"
			"null"
			"1"
			"0777"
			"1e3"
			'1.5'
			"true"
			"yes"
			"- a"
			"? a"
			"!tag"
			"&anchor"
			"*alias"
			"%percent"
			"@at"
			"`tick"
			"|"
			">"
			" leading"
			"trailing "
			"a\nb"
			"a\nb\n"
			"a\n\n\nb\n\n"
			"\n"
			"\nfirst"
			"  two\n spaces\n"
			"carriage\r\nreturn"
			"bell\a"
			"quote\"s and 'apostrophes'"
			"back\\slash"
			"\xA0nbsp"
			!!str 1
			!!str yes
			!!int "1"
			!!float 1
			!!bool "yes"
			!!null ""
			!!binary aGVsbG8=
		X
	} | judge 'scalars'
}

# libyaml and goyaml spell these differently; they mean the same.
it_reads_the_rare_line_breaks() {
	need kubectl
	fresh
	{
		head_of
		printf 'spec: {a: "\\u2028", b: "x\\u2029 y", c: "\\u0085", d: "\\uFEFFmark", e: "x\\uFEFF"}\n'
	} | judge 'rare line breaks' reading
}

it_resolves_keys() {
	need kubectl kustomize
	fresh
	{
		head_of
		cat <<-'X'
			spec:
			  bools: {yes: a, no: b}
			  bool: {true: a, off: b}
			  numbers: {1: a, 1.5: b, 0x10: c, 010: d, 1e3: e}
			  texts: {"1 ": a, "a b": b, "": c, "a: b": d, "#": e}
			  sorted: {a10: 1, a2: 2, A: 3, b: 4, _: 5, "10": 6, "9": 7, a-1: 8, a.b: 9, é: 10, z: 11}
			  ? complex
			  : key
			  long: {aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: b}
		X
	} | judge 'keys'
}

it_reads_blocks_anchors_and_merges() {
	need kubectl kustomize
	fresh
	{
		head_of
		cat <<-'X'
			base: &base
			  a: 1
			  b: {c: [1, 2]}
			more: &more {b: 3, d: 4}
			spec:
			  merged: {<<: *base, a: 2}
			  several:
			    <<: [*more, *base]
			    e: 5
			  late:
			    a: 9
			    <<: *base
			  alias: *base
			  list: [&x one, *x, *x]
			  literal: |
			    one
			      two

			    three
			  strip: |-
			    one
			  keep: |+
			    one

			  indented: |2
			      four
			  folded: >
			    one
			    two

			    three
			      more
			    four
			  plain over
			    lines: plain value
			    over several

			    lines
			  double: "over \
			    lines
			    folded

			    end"
			  empty:
			  emptyMap: {}
			  emptyList: []
			  nested:
			  - - 1
			    - 2
			  - - - 3
			  - a: 1
			    b:
			    - c
			  -
			  flow: {a: [1, {b: 2}], "c": d, e: }
		X
	} | sed 's/^  plain over$/  plain: over/; s/^    lines: plain value$/    lines plain value/' | judge 'blocks'
}

# Long and odd texts at every width around the fold.
it_folds_long_lines() {
	need kubectl kustomize
	fresh
	{
		head_of
		printf 'spec:\n'
		awk 'function text(unit, n,   s) { s = ""; while (length(s) < n) s = s unit; return substr(s, 1, n) }
			BEGIN {
				for (n = 1; n <= 140; n++) {
					printf "  w%d: \"%s\"\n", n, text("ab cde f ", n)
					printf "  q%d: \"%s #\"\n", n, text("it'"'"'s: x ", n)
					printf "  d%d: \"%s \\a\"\n", n, text("say it  ", n)
					printf "  l%d: [{k: \"%s\"}]\n", n, text("xyz  \303\251 ", n) (n % 8 == 6 ? "\251" : "")
					printf "  n%d: \"%s\\n%s\"\n", n, text("ab cde ", n), text(" x", n % 7)
				}
			}' </dev/null
	} | judge 'long lines'
}

# Texts of characters that mean something, from a generator with fixed seeds.
it_survives_random_documents() {
	need kubectl kustomize
	fresh
	local seed
	for seed in {1..25}; do
		awk -v seed="$seed" '
			function text(   n, s, i) {
				n = int(rand() * 14)
				s = ""
				for (i = 0; i < n; i++) {
					s = s part[1 + int(rand() * parts)]
				}
				return "\"" s "\""
			}
			function value(depth,   kind, n, i, s) {
				kind = rand()
				if (depth > 4 || kind < 0.55) return text()
				n = int(rand() * 5)
				s = ""
				if (kind < 0.75) {
					for (i = 0; i < n; i++) s = s (i ? ", " : "") value(depth + 1)
					return "[" s "]"
				}
				for (i = 0; i < n; i++) s = s (i ? ", " : "") "\"k" i substr(text(), 2) ": " value(depth + 1)
				return "{" s "}"
			}
			BEGIN {
				srand(seed)
				parts = split("a|b c|1|0|: |:| #|#|-|- |?|,|[|]|{|}|&|*|!|%|@|`|\\n|\\n\\n| |  |\\t|'"'"'|\\\"|\\\\|yes|null|~|.|e|é|\\u263a|=|<<|>|x y z|+|_|\\u00a0|$|0x|word word word word word", part, "|")
				print "apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: thing}\nspec:"
				for (i = 0; i < 60; i++) print "  r" i ": " value(0)
			}' </dev/null | judge "random document $seed"
	done
}

run_cases "$@"
