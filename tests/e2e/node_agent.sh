#!/bin/bash
# The agent in a cluster, on a node that runs containers: its image, its installation by `plumb sync`, a repository over HTTPS, and
# the repository that deploys the agent itself.
# lib.sh gives the test a cache of its own; what images are built from is kept.
export PLUMB_CACHE=${PLUMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plumb-test}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/git_lib.sh"

IMAGE=plumb.test/plumb
CLUSTER=$(dirname "${KUBECONFIG:-/none/none}")

need_node() {
	[[ -S $CLUSTER/containerd/sock ]] || skip 'the cluster has no node that runs containers'
	need buildah ctr
}

# Builds the image once, gives it to the node as 1, and as 2 one that differs.
image_once() {
	need_node
	[[ ! -e $T/image.tar ]] || return 0
	local code=0
	"$TOP/tests/cluster/plumb-image" "$T/image.tar" $IMAGE:1 || code=$?
	[[ $code == 0 ]] || { rm -f "$T/image.tar"; [[ $code == 77 ]] && skip 'no image can be built here'; die 'the image does not build'; }
	"$TOP/tests/cluster/cluster" load "$CLUSTER" "$T/image.tar"
	ctr -a "$CLUSTER/containerd/sock" -n k8s.io images tag --force $IMAGE:1 $IMAGE:2 >/dev/null
}

# The files of the image: mode, owner, size, name.
image_files() {
	mkdir -p "$T/unpacked"
	tar -C "$T/unpacked" -xf "$T/image.tar"
	local layer
	for layer in "$T"/unpacked/*.tar "$T"/unpacked/*/layer.tar; do
		[[ ! -f $layer || -L $layer ]] || tar -tvf "$layer"
	done
}

it_has_an_image_of_the_program_and_nothing_else() {
	image_once
	local files bytes names
	files=$(image_files)
	bytes=$(awk '{ sum += $3 } END { print sum }' <<<"$files")
	((bytes > 5000000 && bytes <= 25 * 1024 * 1024)) || fail "unpacked size: expected at most 25 MiB, got $bytes"
	names=$(awk '{ print $6 }' <<<"$files" | sed 's|^\./||; s|^/||')
	expect_eq 'programs' usr/bin/plumb "$(grep -E '(^|/)s?bin/.' <<<"$names")"
	expect_eq 'files that are neither program nor library' 'etc/group etc/nsswitch.conf etc/passwd etc/ssl/certs/ca-certificates.crt' \
		"$(grep -vE '/$|^usr/bin/plumb$|^(usr/)?lib(64)?/.*\.so(\.[0-9]+)*$' <<<"$names" | sort | paste -sd ' ')"
	expect_no_match 'a file with a set-user-id bit' '^-..s|^-.....s' "$files"
	expect_eq 'user and entry point' '65532:65532 /usr/bin/plumb agent' \
		"$(jq -r '.config | "\(.User) \(.Entrypoint | join(" ")) \(.Cmd | join(" "))"' "$T/unpacked/$(jq -r '.[0].Config' "$T/unpacked/manifest.json")")"
}

run_cases "$@"
