#!/bin/bash
# 10,000 small objects in one sync, a second pass that writes nothing, a prune of one.
. "$(dirname "$0")/lib.sh"

it_brings_10000_objects_in_one_sync() {
	fresh
	configmaps 1 10000 | write all.yaml
	commit 'Ten thousand'
	local start=$SECONDS
	sync 0 --timeout 9m
	expect_counts 'created=10000'
	echo "    created in $((SECONDS - start)) s"
	expect_eq 'objects' 10000 "$(kubectl get configmaps -n "$NS" -l plumb.dev/name=shop -o name | wc -l)"
	start=$SECONDS
	sync 0 --timeout 9m
	expect_counts 'unchanged=10000'
	echo "    nothing to do in $((SECONDS - start)) s, $(answer .requests) requests"
	(($(answer .requests) <= 40)) || fail "requests of a pass with nothing to do: expected at most 40, got $(answer .requests)"
	{
		configmaps 1 9998
		configmap cm-9999 two
	} | write all.yaml
	commit 'One changes, one goes'
	sync 0 --prune --timeout 9m
	expect_counts 'changed=1 pruned=1 unchanged=9998'
	expect_gone configmap cm-10000
	local largest
	largest=$(kubectl get controllerrevisions -n "$NS" -o json | jq '[.items[] | tostring | length] | max')
	((largest < 1400000)) || fail "largest record: expected below 1.4 MB, got $largest"
}

run_cases "$@"
