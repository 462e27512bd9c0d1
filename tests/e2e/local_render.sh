#!/bin/bash
# plumb render prints what kustomize would print for a directory of plain files, from a directory and from a repository.
. "$(dirname "$0")/lib.sh"

plain() {
	{
		deployment web registry.test/web:1 2
		configmap settings
	} | write shop/b.yaml
	cat <<-'X' | write shop/a.yml
		# A comment, anchors, merge keys, words of YAML 1.1.
		apiVersion: v1
		kind: ConfigMap
		metadata:
		  name: words
		  annotations: &notes {a: "1", b: "yes"}
		data:
		  text: |
		    several
		    lines
		  quoted: "012"
		  folded: >-
		    one
		    two
		---
		apiVersion: v1
		kind: ConfigMap
		metadata:
		  name: merged
		  annotations:
		    <<: *notes
		    c: "3"
		data: {empty: "", number: "1e3", bool: "true"}
		---
		---
		# nothing here
	X
	sed -i '/<<:/d' "$WORK/shop/a.yml"
	printf '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80, "targetPort": "http"}], "selector": {"app": "web"}}}\n' | write shop/sub/c.json
	printf 'ignored: [\n' | write shop/.hidden/d.yaml
	printf 'not a manifest\n' | write shop/README.md
}

it_prints_what_kustomize_prints() {
	need kustomize
	fresh
	plain
	commit 'Plain files'
	plumb 0 render "$WORK/shop"
	cp "$OUT" "$T/ours"
	cp -r "$WORK/shop" "$T/theirs"
	printf 'resources: [a.yml, b.yaml, sub/c.json]\nsortOptions: {order: fifo}\n' >"$T/theirs/kustomization.yaml"
	kustomize build "$T/theirs" >"$T/expected"
	diff -u "$T/expected" "$T/ours" >"$T/diff" || fail "expected what kustomize build prints, got: $(head -40 "$T/diff")"
	plumb 0 render --repo "$REPO" --ref main --path shop
	cmp -s "$T/ours" "$OUT" || fail "expected the same from the repository, got: $(diff "$T/ours" "$OUT" | head -20)"
	plumb 0 render --repo "$REPO" --ref "$COMMIT" --path shop
	cmp -s "$T/ours" "$OUT" || fail 'expected the same from the commit'
}

it_leaves_out_what_is_ignored() {
	fresh
	plain
	configmap left-out | write shop/skip/x.yaml
	configmap left-out-too | write shop/y.secret.yaml
	printf 'skip/\n*.secret.yaml\n' | write shop/.plumbignore
	plumb 0 render "$WORK/shop"
	expect_no_match 'what is ignored' 'left-out' "$(cat "$OUT")"
	expect_match 'the rest' 'name: settings' "$(cat "$OUT")"
	mv "$WORK/shop/.plumbignore" "$WORK/shop/.sourceignore"
	plumb 0 render "$WORK/shop"
	expect_no_match 'what is ignored' 'left-out' "$(cat "$OUT")"
}

it_says_all_errors_at_once() {
	fresh
	configmap good | write shop/good.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  name: b\n' | write shop/duplicate.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n' | write shop/tab.yaml
	printf 'kind: ConfigMap\nmetadata: {name: a}\n' | write shop/version.yaml
	printf 'apiVersion: v1\nmetadata: {name: a}\n' | write shop/kind.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\n' | write shop/name.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "\xff"}\n' | write shop/utf8.yaml
	configmap good | write shop/twice.yaml
	printf 'a: &a [*a]\n' | write shop/loop.yaml
	plumb 4 render "$WORK/shop"
	expect_eq 'output' '' "$(cat "$OUT")"
	expect_error 'duplicate\.yaml:5.*name'
	expect_error 'tab\.yaml:4'
	expect_error 'version\.yaml.*apiVersion'
	expect_error 'kind\.yaml.*kind'
	expect_error 'name\.yaml.*name'
	expect_error 'utf8\.yaml'
	expect_error '(good|twice)\.yaml.*good'
	expect_error 'loop\.yaml'
}

it_prints_a_kustomization_as_kustomize_does() {
	need kustomize
	fresh
	configmap good | write shop/good.yaml
	printf 'resources: [good.yaml]\nnamePrefix: my-\n' | write shop/kustomization.yaml
	kustomize build "$WORK/shop" >"$T/expected"
	plumb 0 render "$WORK/shop"
	diff -u "$T/expected" "$OUT" || fail 'a directory: not what kustomize build prints'
	commit 'A kustomization'
	plumb 0 render --repo "$REPO" --ref main --path shop
	diff -u "$T/expected" "$OUT" || fail 'a commit: not what kustomize build prints'
}

it_reads_links_inside_the_tree_only() {
	fresh
	configmap linked | write other/x.yaml
	mkdir -p "$WORK/shop"
	ln -s ../other/x.yaml "$WORK/shop/x.yaml"
	commit 'A link inside the tree'
	plumb 0 render --repo "$REPO" --ref main --path shop
	expect_match 'the linked file' 'name: linked' "$(cat "$OUT")"
	ln -s ../../outside.yaml "$WORK/shop/y.yaml"
	configmap outside >"$T/outside.yaml"
	commit 'A link out of the tree'
	plumb 4 render --repo "$REPO" --ref main --path shop
	expect_error 'y\.yaml'
	expect_no_match 'output' 'outside' "$(cat "$OUT")"
}

it_bounds_aliases_and_depth() {
	fresh
	{
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: laugh}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
		local i
		for i in {1..9}; do
			printf 'a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n' "$i" "$i" $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1)) $((i - 1))
		done
	} | write bomb/laugh.yaml
	{
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\ndata: '
		printf '[%.0s' {1..20000}
	} | write bomb/deep.yaml
	local start=$SECONDS
	plumb 4 render "$WORK/bomb"
	expect_error 'laugh\.yaml'
	expect_error 'deep\.yaml'
	((SECONDS - start <= 60)) || fail "expected to be quick, took $((SECONDS - start)) s"
}

run_cases "$@"
