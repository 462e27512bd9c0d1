#!/bin/bash
# What deploy/ has: it renders alike everywhere, the API server takes it, and the rights are those that are needed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/syncs_lib.sh"
. "$(dirname "$0")/agents_lib.sh"

AGENT=system:serviceaccount:plumb-system:plumb

# An overlay of a directory of deploy/ in a namespace, as a file.
rendered() { # DIRECTORY NAMESPACE
	local dir
	dir=$T/$(unique)
	mkdir -p "$dir"
	printf 'namespace: %s\nresources: [%s]\n' "$2" "$(realpath --relative-to="$dir" "$TOP/deploy/$1")" >"$dir/kustomization.yaml"
	kubectl kustomize "$dir" >"$dir.yaml"
	echo "$dir.yaml"
}

# The CRD stays: other tests on this cluster have it too.
installed() { # DIRECTORY
	kubectl kustomize "$TOP/deploy/$1" >"$T/deploy.yaml"
	kubectl apply --server-side --force-conflicts -f "$T/deploy.yaml" >"$T/deploy.out" || die "kubectl apply: $(cat "$T/deploy.out")"
	at_exit kubectl delete namespace plumb-system --wait=false --ignore-not-found
	at_exit kubectl delete clusterrole,clusterrolebinding -l app.kubernetes.io/name=plumb
}

# The API server learns of rights a moment after they were given or taken.
may() { # yes|no AS VERB RESOURCE [FLAG...]
	local want=$1 as=$2
	shift 2
	eventually 10 "$as may $*: expected $want" is_allowed "$want" "$as" "$@"
}

is_allowed() { # yes|no AS VERB RESOURCE [FLAG...]
	local want=$1 as=$2
	shift 2
	[[ $(kubectl auth can-i --as="$as" "$@" 2>/dev/null || true) == "$want" ]]
}

it_renders_alike_with_kubectl_kustomize_and_plumb() {
	need kustomize
	local dir
	if [[ $("$PLUMB" render "$TOP/deploy" 2>&1 || true) == *'Kustomize is not there yet'* ]]; then
		skip 'plumb does not render kustomizations yet'
	fi
	for dir in . crd agent overlays/cluster overlays/tenant overlays/ci; do
		kustomize build "$TOP/deploy/$dir" >"$T/kustomize.yaml"
		kubectl kustomize "$TOP/deploy/$dir" >"$T/kubectl.yaml"
		cmp "$T/kustomize.yaml" "$T/kubectl.yaml" || fail "deploy/$dir: kustomize and kubectl differ"
		plumb 0 render "$TOP/deploy/$dir"
		diff "$T/kubectl.yaml" "$OUT" >"$T/difference" || fail "deploy/$dir: kubectl and plumb differ: $(head -n 20 "$T/difference")"
	done
}

it_runs_under_restricted_pod_security() {
	installed .
	eventually 30 'two agents' is_ready_twice
	expect_eq 'warnings' '' "$(kubectl label namespace plumb-system --overwrite --dry-run=server pod-security.kubernetes.io/enforce=restricted 2>&1 >/dev/null || true)"
	local pod
	pod=$(kubectl get pods -n plumb-system -o json | jq '.items[0].spec')
	expect_eq 'container' 'true false ["ALL"] 10m 24Mi' \
		"$(jq -r '.containers[0] | "\(.securityContext.readOnlyRootFilesystem) \(.securityContext.allowPrivilegeEscalation) \(.securityContext.capabilities.drop | tostring) \(.resources.requests.cpu) \(.resources.requests.memory)"' <<<"$pod")"
	expect_eq 'pod' 'true RuntimeDefault' "$(jq -r '.securityContext | "\(.runAsNonRoot) \(.seccompProfile.type)"' <<<"$pod")"
}

is_ready_twice() {
	[[ $(kubectl get deployment -n plumb-system plumb -o 'jsonpath={.status.readyReplicas}') == 2 ]]
}

it_gives_the_agent_what_it_needs_and_no_more() {
	installed .
	local verb
	for verb in get list watch patch; do
		may yes $AGENT $verb syncs.plumb.dev --all-namespaces
	done
	may yes $AGENT patch syncs.plumb.dev/x --subresource=status -n default
	for verb in get create update delete; do
		may yes $AGENT $verb leases.coordination.k8s.io -n plumb-system
	done
	for verb in get list create patch delete; do
		may yes $AGENT $verb controllerrevisions.apps -n default
	done
	may yes $AGENT create events -n default
	may yes $AGENT patch pods -n plumb-system
	may no $AGENT patch pods -n default
	may no $AGENT list pods -n plumb-system
	may no $AGENT patch leases.coordination.k8s.io -n plumb-system
	may no $AGENT list leases.coordination.k8s.io -n plumb-system
	may no $AGENT update controllerrevisions.apps -n default
	may no $AGENT create syncs.plumb.dev -n default
	may no $AGENT list namespaces
	may no $AGENT get secrets -n plumb-system
	may no $AGENT list secrets --all-namespaces
	may no $AGENT impersonate serviceaccounts -n default
	may no $AGENT impersonate users
	may no $AGENT create deployments.apps -n default
	may no $AGENT patch deployments.apps -n plumb-system
	may no $AGENT create pods -n plumb-system
	may no $AGENT delete syncs.plumb.dev --all-namespaces
	may no $AGENT update configmaps -n default
	may no $AGENT create clusterrolebindings
	may no $AGENT create serviceaccounts/plumb --subresource=token -n plumb-system
}

it_gives_a_tenant_its_namespace_and_no_other() {
	installed .
	namespace_new
	local other=$NS
	namespace_new
	kubectl apply --server-side -f "$(rendered overlays/tenant "$NS")" >/dev/null
	may yes $AGENT impersonate serviceaccounts/deployer -n "$NS"
	may no $AGENT impersonate serviceaccounts/default -n "$NS"
	may no $AGENT impersonate serviceaccounts/deployer -n "$other"
	may no $AGENT get secrets -n "$NS"
	local deployer=system:serviceaccount:$NS:deployer
	may yes "$deployer" patch deployments.apps -n "$NS"
	may no "$deployer" patch deployments.apps -n "$other"
	may no "$deployer" get namespaces
	# As the agent does it: its own token, and the header.
	local token
	token=$(kubectl create token plumb -n plumb-system)
	as_agent() {
		kubectl --kubeconfig=/dev/null --server="$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')" \
			--certificate-authority="$T/ca.crt" --token="$token" "$@"
	}
	kubectl config view --raw --minify -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$T/ca.crt"
	as_agent --as="$deployer" create configmap made -n "$NS" >/dev/null || fail 'as the deployer: expected to be allowed'
	! as_agent --as="$deployer" create configmap made -n "$other" 2>/dev/null || fail 'as the deployer, elsewhere: expected to be denied'
	! as_agent create configmap mine -n "$NS" 2>/dev/null || fail 'as itself: expected to be denied'
	! as_agent --as="system:serviceaccount:$NS:default" get pods -n "$NS" 2>/dev/null || fail 'as another: expected to be denied'
}

it_works_with_the_rights_that_it_is_given() {
	installed .
	fresh
	kubectl apply --server-side -f "$(rendered overlays/tenant "$NS")" >/dev/null
	kubectl config view --raw --minify -o json |
		jq --arg token "$(kubectl create token plumb -n plumb-system --duration 1h)" '.users[0].user = {token: $token}' >"$T/agent.kubeconfig"
	{ configmap one; deployment web; } | write all.yaml
	commit 'First'
	kubectl create secret generic -n "$NS" webhook --from-literal=token=a-token >/dev/null
	declare_sync '  prune: true
  serviceAccountName: deployer
  webhook: {secretRef: {name: webhook}}'
	agent_start a --kubeconfig "$T/agent.kubeconfig" --namespace plumb-system --leader-elect
	synced
	expect_there deployment web
	# Records, the lease and Events are the agent's own.
	records outcome | grep -q . || fail 'there are no records'
	eventually 20 'an Event of the Sync' has_event
	kubectl delete configmap one -n "$NS" >/dev/null
	eventually 20 'the heal' is_live configmap one .data.value one
	configmap two | write all.yaml
	commit 'Second'
	synced
	expect_gone deployment web
	# As itself it may do nothing to the Sync's objects.
	kubectl patch sync -n "$NS" "$NAME" --type merge -p '{"spec": {"serviceAccountName": null, "webhook": null}}' >/dev/null
	configmap three | write all.yaml
	commit 'Third'
	eventually 60 'the Sync to be denied' has_reason ClusterFailed
	expect_gone configmap three
	agent_stop a
}

has_event() {
	[[ $(kubectl get events -n "$NS" --field-selector involvedObject.kind=Sync -o name) ]]
}

it_gives_the_agent_the_whole_cluster_where_that_is_wanted() {
	installed overlays/cluster
	may yes $AGENT '*' '*' --all-namespaces
	kubectl delete clusterrolebinding plumb-cluster-admin >/dev/null
	may no $AGENT '*' '*' --all-namespaces
}

it_lets_a_job_of_ci_sync_one_namespace() {
	fresh
	kubectl apply --server-side -f "$(rendered overlays/ci "$NS")" >/dev/null
	kubectl config view --raw --minify -o json |
		jq --arg token "$(kubectl create token plumb-ci -n "$NS" --duration 1h)" '.users[0].user = {token: $token}' >"$T/ci.kubeconfig"
	soon_may plumb-ci patch deployments.apps
	{ configmap one; deployment web; } | write all.yaml
	commit 'First'
	sync 0 --prune --wait --kubeconfig "$T/ci.kubeconfig"
	expect_counts 'created=2'
	configmap two | write all.yaml
	commit 'Second'
	sync 0 --prune --kubeconfig "$T/ci.kubeconfig"
	expect_counts 'created=1 pruned=2'
	expect_gone deployment web
	{ configmap three; printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: there, namespace: default}\n'; } | write all.yaml
	commit 'Elsewhere'
	plumb 5 sync --repo "$REPO" --ref main --name "$NAME" -n "$NS" --timeout 60s --kubeconfig "$T/ci.kubeconfig"
}

run_cases "$@"
