#!/bin/bash
# First contact with objects that others made: kubectl's fields are taken over, those of Flux and Argo CD with --take-over,
# any other manager's block the object. What Git leaves out and a cluster sets stays.
. "$(dirname "$0")/lib.sh"

apply() { # FLAG...
	kubectl apply -n "$NS" "$@" -f - >/dev/null
}

it_takes_over_from_kubectl_apply() {
	fresh
	{
		deployment same registry.test/web:1 1
		deployment less registry.test/web:1 3
		deployment other registry.test/web:1 0
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {keep: "1", drop: "1"}\n'
	} | apply
	kubectl rollout restart -n "$NS" deployment/less >/dev/null
	kubectl patch -n "$NS" configmap cm -p '{"data": {"theirs": "1"}}' >/dev/null
	local same ip port
	kubectl rollout status -n "$NS" deployment/same --timeout=180s >/dev/null
	same=$(live deployment same '.metadata.annotations.deployment\.kubernetes\.io/revision')
	ip=$(live service web .spec.clusterIP) port=$(live service web '.spec.ports[0].nodePort')
	{
		deployment same registry.test/web:1 1
		deployment less registry.test/web:1 '' | sed '/env:/d'
		deployment other registry.test/web:2 0
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {keep: "1"}\n'
	} | write all.yaml
	commit 'The shop comes to Git'
	sync 0
	expect_counts 'adopted=5'
	expect_eq 'revision of what is the same' "$same" "$(live deployment same '.metadata.annotations.deployment\.kubernetes\.io/revision')"
	expect_eq 'ReplicaSets of what is the same' 1 "$(kubectl get rs -n "$NS" -l app=same -o name | wc -l)"
	expect_live deployment same '.metadata.annotations.kubernetes\.io/change-cause' ''
	expect_live deployment less .spec.replicas 3
	expect_live deployment less '.spec.template.spec.containers[0].env' ''
	expect_match 'restartedAt' 20 "$(live deployment less '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt')"
	expect_live deployment other '.spec.template.spec.containers[0].image' registry.test/web:2
	expect_live service web .spec.clusterIP "$ip"
	expect_live service web '.spec.ports[0].nodePort' "$port"
	expect_live configmap cm .data.drop ''
	expect_live configmap cm .data.theirs 1
	sync 0
	expect_counts 'unchanged=5'
	expect_live deployment less .spec.replicas 3

	sed -i '/env:/d' "$WORK/all.yaml"
	commit 'Drop a field that kubectl had set'
	sync 0
	expect_live deployment same '.spec.template.spec.containers[0].env' ''
	expect_live deployment less .spec.replicas 3
}

# Not even where the last applied configuration names it.
it_never_absorbs_what_the_cluster_sets() {
	fresh
	at_exit kubectl delete validatingwebhookconfiguration "$NS" --ignore-not-found
	local bundle address port
	bundle=$(kubectl config view --raw --flatten --minify -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}')
	service web | apply
	address=$(live service web .spec.clusterIP) port=$(live service web '.spec.ports[0].nodePort')
	kubectl delete service -n "$NS" web >/dev/null
	{
		service web | sed "s|^spec:|spec:\n  clusterIP: $address\n  clusterIPs: [$address]|; s|port: 80|port: 80, nodePort: $port|"
		deployment restarted registry.test/web:1 0 | sed 's|^      labels: .*|&\n      annotations: {kubectl.kubernetes.io/restartedAt: then}|'
		webhooks 5 ", caBundle: $bundle"
	} | apply
	{
		service web
		deployment restarted registry.test/web:1 0
		webhooks 5
	} | write all.yaml
	commit 'The shop comes to Git, without what the cluster set'
	sync 0
	expect_counts 'adopted=3'
	# The server would put an address back that nobody owns: whose it is tells.
	local field theirs
	theirs=$(kubectl get service -n "$NS" web --show-managed-fields -o json |
		jq -c '.metadata.managedFields[] | select(.manager == "kubectl-client-side-apply").fieldsV1')
	for field in clusterIP clusterIPs nodePort; do
		expect_match 'what stays of kubectl apply' "\"f:$field\"" "$theirs"
	done
	sed -i 's|timeoutSeconds: 5|timeoutSeconds: 6|; s|port: 80|port: 81|; s|web:1|web:2|' "$WORK/all.yaml"
	commit 'Another of each'
	sync 0
	expect_counts 'changed=3'
	expect_live service web .spec.clusterIP "$address"
	expect_live service web '.spec.ports[?(@.port==80)].nodePort' ''
	expect_live deployment restarted '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt' then
	expect_live validatingwebhookconfiguration "$NS" '.webhooks[0].clientConfig.caBundle' "$bundle"
	expect_live validatingwebhookconfiguration "$NS" '.webhooks[0].timeoutSeconds' 6
	expect_no_match 'what plumb owns' 'clusterIP|nodePort|caBundle|restartedAt' "$(kubectl get -n "$NS" \
		service/web deployment/restarted "validatingwebhookconfiguration/$NS" --show-managed-fields -o json |
		jq -c '.items[].metadata.managedFields[] | select(.manager == "plumb").fieldsV1')"
}

service() { # NAME
	printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec:\n  type: NodePort\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n' "$1"
}

webhooks() { # TIMEOUT [MORE-OF-THE-CLIENT-CONFIG]
	cat <<-X
		---
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingWebhookConfiguration
		metadata: {name: $NS}
		webhooks:
		  - name: none.plumb.test
		    admissionReviewVersions: [v1]
		    sideEffects: None
		    failurePolicy: Ignore
		    timeoutSeconds: $1
		    clientConfig: {url: "https://127.0.0.1:1/"${2:-}}
		    rules: [{apiGroups: [none.plumb.test], apiVersions: [v1], resources: [nothings], operations: [CREATE]}]
	X
}

it_takes_over_from_kubectl_create_and_server_side_apply() {
	fresh
	deployment made registry.test/web:1 0 | kubectl create -n "$NS" -f - >/dev/null
	deployment applied registry.test/web:1 0 | apply --server-side
	deployment scaled registry.test/web:1 0 | apply
	kubectl scale -n "$NS" deployment/scaled --replicas=1 >/dev/null
	{
		deployment made registry.test/web:2 0
		deployment applied registry.test/web:2 0
		deployment scaled registry.test/web:1 ''
	} | write all.yaml
	commit 'Come to Git'
	sync 0
	expect_counts 'adopted=3'
	expect_live deployment scaled .spec.replicas 1
	sed -i '/env:/d' "$WORK/all.yaml"
	commit 'Drop a field'
	sync 0
	expect_live deployment made '.spec.template.spec.containers[0].env' ''
	expect_live deployment applied '.spec.template.spec.containers[0].env' ''
	expect_live deployment scaled .spec.replicas 1
}

it_absorbs_before_first_apply() {
	fresh
	kubectl create configmap -n "$NS" old --from-literal=keep=1 --from-literal=drop=1 >/dev/null
	kubectl get configmap -n "$NS" old -o json | jq '.metadata.managedFields = [{}]' | kubectl replace -f - >/dev/null
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata: {keep: "1", drop: "1"}\n' | write cm.yaml
	commit 'Both'
	sync 0
	expect_verdict ConfigMap/old adopted
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata: {keep: "1"}\n' | write cm.yaml
	commit 'One'
	sync 0
	expect_live configmap old .data '{"keep":"1"}'
}

it_blocks_what_another_manager_sets_until_it_is_named() {
	fresh
	{
		deployment web registry.test/web:1 2
		configmap cm theirs
		configmap equal
	} | apply --server-side --field-manager=kustomize-controller
	configmap argo theirs | apply --field-manager=argocd-controller
	{
		deployment web registry.test/web:2 '' | sed '/env:/d'
		configmap cm ours
		configmap equal
		configmap argo ours
		configmap new
	} | write all.yaml
	commit 'Come to Git'
	sync 7
	expect_verdict Deployment/web blocked kustomize-controller
	expect_verdict ConfigMap/cm blocked kustomize-controller
	expect_verdict ConfigMap/argo blocked argocd-controller
	expect_verdict ConfigMap/equal adopted
	expect_verdict ConfigMap/new created
	expect_live configmap cm .data.value theirs
	expect_live configmap cm '.metadata.labels.plumb\.dev/name' ''
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:1
	sync 0 --take-over kustomize-controller --take-over argocd-controller
	expect_verdict Deployment/web adopted
	expect_verdict ConfigMap/cm adopted
	expect_verdict ConfigMap/argo adopted
	expect_live configmap cm .data.value ours
	expect_live configmap argo .data.value ours
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
	expect_live deployment web '.spec.template.spec.containers[0].env' ''
	expect_live deployment web .spec.replicas 2
	expect_no_match 'managers of cm' kustomize-controller \
		"$(kubectl get configmap -n "$NS" cm --show-managed-fields -o 'jsonpath={.metadata.managedFields[*].manager}')"
	sync 0
	expect_counts 'unchanged=5'
}

# Somebody's rollout that was paused is not taken from him by a first sync.
it_blocks_what_kubectl_rollout_sets() {
	fresh
	deployment web registry.test/web:1 0 | apply
	kubectl rollout pause -n "$NS" deployment/web >/dev/null
	deployment web registry.test/web:1 0 | sed 's|^  replicas:|  paused: false\n&|' | write web.yaml
	commit 'Not paused'
	sync 7
	expect_verdict Deployment/web blocked 'kubectl-rollout sets spec\.paused'
	expect_live deployment web .spec.paused true
	expect_live deployment web '.metadata.labels.plumb\.dev/name' ''
	deployment web registry.test/web:2 0 | write web.yaml
	commit 'Says nothing of it'
	sync 0
	expect_verdict Deployment/web adopted
	expect_live deployment web .spec.paused true
	expect_live deployment web '.spec.template.spec.containers[0].image' registry.test/web:2
}

it_takes_by_force_what_the_manifest_says() {
	fresh
	configmap cm theirs | apply --server-side --field-manager=somebody
	configmap cm ours | write cm.yaml
	commit 'Come to Git'
	sync 7
	expect_verdict ConfigMap/cm blocked somebody
	configmap cm ours | sed 's|name: cm|name: cm\n  annotations: {plumb.dev/conflicts: force}|' | write cm.yaml
	commit 'By force'
	sync 0
	expect_live configmap cm .data.value ours
	configmap cm again | apply --server-side --field-manager=somebody --force-conflicts
	sync 0
	expect_verdict ConfigMap/cm healed
	expect_live configmap cm .data.value ours
}

it_heals_with_force_after_the_first_contact() {
	fresh
	configmap cm ours | write cm.yaml
	commit 'Add it'
	sync 0
	configmap cm theirs | apply --server-side --field-manager=kustomize-controller --force-conflicts
	sync 0
	expect_verdict ConfigMap/cm healed kustomize-controller
	expect_live configmap cm .data.value ours
}

run_cases "$@"
