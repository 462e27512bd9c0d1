#!/bin/bash
# The agent in a cluster, on a node that runs containers: its image, its installation by `plumb sync`, a repository over HTTPS, and
# the repository that deploys the agent itself. E2E_ARCHIVE is an image that was built before (tests/cluster/plumb-image).
# lib.sh gives the test a cache of its own; what images are built from is kept.
export PLUMB_CACHE=${PLUMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plumb-test}
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/git_lib.sh"

IMAGE=plumb.test/plumb
CLUSTER=$(dirname "${KUBECONFIG:-/none/none}")

need_node() {
	[[ -S $CLUSTER/containerd/sock ]] || skip 'the cluster has no node that runs containers'
	need buildah ctr curl
	curl -sk --max-time 30 https://10.96.0.1/version >/dev/null || skip 'pods do not reach the API server on this machine'
}

# Builds the image once, gives it to the node as 1, and as 2 one that differs.
image_once() {
	need_node
	[[ ! -e $T/image.tar ]] || return 0
	local code=0
	if [[ ${E2E_ARCHIVE:-} ]]; then
		cp "$E2E_ARCHIVE" "$T/image.tar"
	else
		"$TOP/tests/cluster/plumb-image" "$T/image.tar" $IMAGE:1 || code=$?
	fi
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

# --- the agent, installed once ---------------------------------------------------------------------------------------------

# The repository of the platform: what deploys plumb, with this tag of its image. As a kustomization where plumb renders them.
platform() { # TAG
	local overlay=$WORK/platform
	rm -rf "$WORK/plumb" "$overlay"
	mkdir -p "$overlay"
	cp -r "$TOP/deploy" "$WORK/plumb"
	rm -f "$WORK"/plumb/{Dockerfile,image-root,install-deps,quickstart}
	printf 'resources: [../plumb/overlays/cluster]\nimages: [{name: plumb, newName: %s, newTag: "%s"}]\n' $IMAGE "$1" >"$overlay/kustomization.yaml"
	if [[ $("$PLUMB" render "$overlay" 2>&1 || true) == *'Kustomize is not there yet'* ]]; then
		kubectl kustomize "$overlay" >"$T/platform.yaml"
		rm -rf "$overlay" "$WORK/plumb"
		mkdir -p "$overlay"
		cp "$T/platform.yaml" "$overlay/all.yaml"
	fi
}

# The case's variables are those of the platform's repository and sync.
use_platform() {
	NAME=plumb NS=plumb-system DIR=platform WORK=$T/platform REPO=$T/platform.git
}

remote_flags() {
	FLAGS=(--repo "$GIT_URL/${REPO##*/}" --ref main --path "$DIR" --name "$NAME" -n "$NS" --git-ca-file "$GIT_CA" --git-username ana
		--git-password-file "$T/git-password")
}

agent_once() {
	image_once
	"$PLUMB" agent --help >/dev/null 2>&1 || skip 'there is no plumb agent yet'
	if [[ -e $T/git-server.env ]]; then
		. "$T/git-server.env"
		return
	fi
	git_server_start
	printf '%s' "$GIT_PASSWORD" >"$T/git-password"
	declare -p GIT_URL GIT_CA GIT_PASSWORD | sed 's/^declare [^ ]* /export /' >"$T/git-server.env"
	use_platform
	git init -q --bare -b main "$REPO"
	git init -q -b main "$WORK"
	git -C "$WORK" remote add origin "$REPO"
	platform 1
	commit 'Install plumb'
	declare -f uninstall_all >"$T/uninstall"
	at_exit bash -c ". '$T/uninstall'; uninstall_all"
	remote_flags
	plumb 0 sync "${FLAGS[@]}" --create-namespace --prune --wait --timeout 590s -o json
	expect_result healthy
}

# A Sync of the current repository; more of its spec as arguments.
declare_sync() { # [LINE...]
	git_secret "$NS" git-credentials
	{
		printf 'apiVersion: plumb.dev/v1alpha1\nkind: Sync\nmetadata: {name: %s, namespace: %s}\nspec:\n' "$NAME" "$NS"
		printf '  source: {url: "%s", ref: {branch: main}, path: "%s", secretRef: {name: git-credentials}}\n' "$GIT_URL/${REPO##*/}" "$DIR"
		printf '  %s\n' 'prune: true' "$@"
	} >"$T/sync.yaml"
	kubectl apply --server-side -f "$T/sync.yaml" >/dev/null
}

agents() {
	kubectl get pods -n plumb-system -l app.kubernetes.io/component=agent -o json |
		jq -r '.items[] | select(.metadata.deletionTimestamp == null) | "\(.metadata.name) \(.status.podIP)"'
}

agent_logs() {
	local name ip
	while read -r name ip; do
		kubectl logs -n plumb-system "$name"
	done < <(agents)
}

is_synced() { # COMMIT
	kubectl get sync -n "$NS" "$NAME" -o json |
		jq -e --arg commit "$1" '(.status.lastAppliedCommit // "" | endswith($commit)) and
			any(.status.conditions[]?; .type == "Ready" and .status == "True") and .status.observedGeneration == .metadata.generation' >/dev/null
}

# What went wrong, for whoever reads the test's output.
explain() {
	kubectl get sync -n "$NS" "$NAME" -o json | jq -c .status >&2 || true
	agent_logs | tail -n 20 >&2 || true
}

eventually_synced() { # SECONDS
	eventually "$1" "$NAME at $COMMIT" is_synced "$COMMIT"
	is_synced "$COMMIT" || explain
}

it_is_installed_by_plumb_sync_and_one_of_two_leads() {
	agent_once
	local name ip
	expect_eq 'agents' 2 "$(agents | wc -l)"
	while read -r name ip; do
		expect_eq "$name /healthz" ok "$(curl -s "http://$ip:9440/healthz")"
		expect_eq "$name /readyz" ok "$(curl -s "http://$ip:9440/readyz")"
		curl -s "http://$ip:8080/metrics" >"$T/metrics"
		grep -qE '^process_resident_memory_bytes [1-9]' "$T/metrics" || fail "$name: no metrics, got: $(head -c 300 "$T/metrics")"
		expect_eq "$name answers at /" 404 "$(curl -s -o /dev/null -w '%{http_code}' "http://$ip:9292/")"
		! kubectl exec -n plumb-system "$name" -- /bin/sh -c true 2>/dev/null || fail "$name has a shell"
	done < <(agents)
	eventually 30 'one leader' test_one_leader
	eventually 30 'the label of the leader' test_leader_is_marked
	agent_logs | jq -e 'has("time") and has("level") and has("msg")' >/dev/null || fail "a line of the log is no JSON: $(agent_logs | head -n 3)"
}

test_one_leader() {
	[[ $(for ip in $(agents | cut -d ' ' -f 2); do curl -s "http://$ip:8080/metrics"; done | grep -c '^plumb_leader 1$') == 1 ]]
}

# By the Service of webhooks.
test_leader_is_marked() {
	[[ $(kubectl get endpointslices -n plumb-system -l kubernetes.io/service-name=plumb-webhook -o 'jsonpath={.items[*].endpoints[*].targetRef.name}') == "$(lease_holder | cut -d / -f 1)" ]]
}

it_keeps_a_repository_over_https_and_hears_of_a_push() {
	agent_once
	fresh
	{ configmap one; deployment web plumb.test/shell:1 0; } | write all.yaml
	commit 'Open the shop'
	kubectl create secret generic -n "$NS" webhook --from-literal=token=token-of-the-webhook >/dev/null
	declare_sync 'interval: 1h' 'webhook: {secretRef: {name: webhook}}'
	eventually_synced 30
	expect_there configmap one
	expect_match 'change-cause' "^${COMMIT:0:7} " "$(live deployment web '.metadata.annotations.kubernetes\.io/change-cause')"

	configmap two | write two.yaml
	commit 'More'
	expect_eq 'a call with a wrong signature' 403 "$(call_webhook wrong)"
	expect_gone configmap two
	expect_eq 'a call' 202 "$(call_webhook token-of-the-webhook)"
	eventually_synced 10
	expect_there configmap two

	rm "$WORK/two.yaml"
	commit 'Less'
	expect_eq 'a call' 202 "$(call_webhook token-of-the-webhook)"
	eventually_synced 10
	expect_gone configmap two
	expect_no_match 'logs' "$GIT_PASSWORD|token-of-the-webhook" "$(agent_logs)"
	local ip
	for ip in $(agents | cut -d ' ' -f 2); do
		curl -s "http://$ip:8080/metrics"
	done | grep -E "^plumb_sync_info.*namespace=\"$NS\".*$COMMIT" >/dev/null || fail "the metrics do not name $COMMIT"
}

# Calls the current Sync's webhook by the Service, which knows the pod that works; prints the status.
call_webhook() { # TOKEN
	local body='{"ref": "refs/heads/main"}' sum address
	sum=$(openssl dgst -sha256 -hmac "$1" -r <<<"$body" | cut -d ' ' -f 1)
	address=$(kubectl get service -n plumb-system plumb-webhook -o 'jsonpath={.spec.clusterIP}')
	curl -s -o /dev/null -w '%{http_code}' -H "X-Hub-Signature-256: sha256=$sum" --data-binary "$body"$'\n' "http://$address:9292/hook/$NS/$NAME"
}

lease_holder() {
	kubectl get lease -n plumb-system plumb-agent -o 'jsonpath={.spec.holderIdentity}'
}

image_of_agent() {
	live deployment plumb '.spec.template.spec.containers[0].image'
}

it_rolls_itself_over_by_a_commit_of_its_own_repository() {
	agent_once
	use_platform
	COMMIT=$(git -C "$WORK" rev-parse HEAD)
	declare_sync 'interval: 5s' 'wait: true'
	eventually_synced 60
	local before
	before=$(lease_holder)
	platform 2
	commit 'Update plumb to 2'
	eventually_synced 120
	expect_eq 'image' $IMAGE:2 "$(image_of_agent)"
	kubectl rollout status -n "$NS" deployment/plumb --timeout=300s >/dev/null || fail 'the rollout does not end'
	eventually 60 'the end of the old pods' test_two_agents
	eventually 30 'the label of the new leader' test_leader_is_marked
	local after
	after=$(lease_holder)
	expect_no_match 'the holder of the Lease' "^${before%%/*}/" "$after"
	agents | grep -q "^${after%%/*} " || fail "the Lease is held by '$after', the pods are: $(agents)"
	history 0 deployment/plumb
	expect_eq 'commits of the revisions' "$COMMIT true" "$(answer '.revisions[0] | "\(.commit) \(.current)"')"
	history 0
	expect_eq 'the last sync' 'healthy' "$(answer '.syncs[0].result')"
	# What it keeps goes on.
	platform 1
	commit 'And back'
	eventually_synced 120
	expect_eq 'image' $IMAGE:1 "$(image_of_agent)"
}

test_two_agents() {
	[[ $(kubectl get pods -n plumb-system -l app.kubernetes.io/component=agent -o name | wc -l) == 2 ]]
}

it_deletes_no_workload_when_it_is_uninstalled() {
	agent_once
	fresh stays
	{ configmap kept; deployment web plumb.test/shell:1 0; } | write all.yaml
	commit 'Stays'
	declare_sync 'interval: 1h'
	eventually_synced 30
	uninstall_all
	expect_there configmap kept
	expect_there deployment web
	expect_eq 'deletions' '' "$(live configmap kept .metadata.deletionTimestamp)$(live deployment web .metadata.deletionTimestamp)"
	! kubectl get syncs.plumb.dev --all-namespaces 2>/dev/null || fail 'the definition of Syncs is still there'
	rm -f "$T/git-server.env"
}

uninstall_all() {
	kubectl delete syncs.plumb.dev --all --all-namespaces --timeout=120s >/dev/null 2>&1 || true
	kubectl delete --wait=true --timeout=180s crd syncs.plumb.dev --ignore-not-found >/dev/null
	kubectl delete --wait=true --timeout=300s namespace plumb-system --ignore-not-found >/dev/null
	kubectl delete clusterrole,clusterrolebinding -l app.kubernetes.io/name=plumb >/dev/null
}

run_cases "$@"
