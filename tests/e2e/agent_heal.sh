#!/bin/bash
# The agent heals what others change in what Git sets, soon, and leaves the rest alone; who fights back is named and slowed down.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/agent_lib.sh
source "$(dirname "$0")/agent_lib.sh"

IMAGE='.spec.template.spec.containers[0].image'
FAST='heal: {delay: 100ms}'

# Deployments without replicas, so that nothing but the API server is busy.
many() { # NAME...
	local one
	for one; do
		deployment "$one" registry.test/web:1 0
	done
}

# The agent runs, with what the work tree has applied and its watches up.
running() { # [SPEC-LINE...]
	commit 'What there is'
	agent_start 'interval: 10m' 'wait: false' "$@"
	agent_synced
	sleep 1
}

# Each of them is as wanted within the time.
soon() { # KIND NAME JSONPATH EXPECTED
	eventually 15 "$1/$2 $3" is_live "$1" "$2" "$3" "$4"
}

has_heals() { # COUNT
	[[ $(heals) == "$1" ]]
}

it_heals_every_change_of_what_git_sets() {
	fresh
	many set-image edited scaled labeled patched replaced removed deleted undone relabeled emptied | write web.yaml
	running "$FAST"
	sed -i '/name: undone$/,/image:/ s/web:1/web:2/' "$WORK/web.yaml"
	kubectl set image -n "$NS" deployment/set-image main=registry.test/evil:1 >/dev/null
	KUBE_EDITOR='sed -i s/web:1/evil:1/' kubectl edit -n "$NS" deployment edited >/dev/null
	kubectl scale -n "$NS" deployment/scaled --replicas=2 >/dev/null
	kubectl label -n "$NS" deployment/labeled --overwrite app=evil >/dev/null
	kubectl patch -n "$NS" deployment patched --type=json \
		-p '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "evil"}]' >/dev/null
	kubectl get -n "$NS" deployment replaced -o json | jq '.spec.template.spec.containers[0].image = "registry.test/evil:1"' |
		kubectl replace -f - >/dev/null
	kubectl patch -n "$NS" deployment removed --type=json \
		-p '[{"op": "remove", "path": "/spec/template/spec/containers/0/env"}]' >/dev/null
	kubectl delete -n "$NS" deployment deleted >/dev/null
	kubectl label -n "$NS" deployment/relabeled plumb.dev/name- plumb.dev/namespace- >/dev/null
	kubectl get -n "$NS" deployment emptied -o json | jq '.metadata.managedFields = [{}] | .spec.template.spec.containers[0].image = "registry.test/evil:1"' |
		kubectl replace -f - >/dev/null
	local one
	for one in set-image edited replaced deleted emptied; do
		soon deployment "$one" "$IMAGE" registry.test/web:1
	done
	soon deployment scaled .spec.replicas 0
	soon deployment labeled .metadata.labels.app labeled
	soon deployment patched '.spec.template.spec.containers[0].env[0].value' plain
	soon deployment removed '.spec.template.spec.containers[0].env[0].value' plain
	soon deployment relabeled '.metadata.labels.plumb\.dev/name' shop
	soon deployment relabeled '.metadata.labels.plumb\.dev/namespace' "$NS"
	expect_said 'kubectl-set'
	agent_stop
	sync 0
	expect_counts 'unchanged=11'
}

it_heals_other_kinds() {
	fresh
	{
		configmap patched
		configmap deleted
		configmap forced
		configmap digest
		printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: password}\nstringData: {password: correct-horse}\n'
		printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{name: http, port: 80}]\n'
		printf -- '---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n'
	} | write all.yaml
	running "$FAST"
	kubectl patch -n "$NS" configmap patched -p '{"data": {"value": "evil"}}' >/dev/null
	kubectl delete -n "$NS" configmap deleted >/dev/null
	configmap forced evil | kubectl apply -n "$NS" --server-side --force-conflicts --field-manager=somebody -f - >/dev/null
	kubectl annotate -n "$NS" configmap digest plumb.dev/digest- >/dev/null
	kubectl patch -n "$NS" secret password -p '{"data": {"password": "ZXZpbA=="}}' >/dev/null
	kubectl patch -n "$NS" service web -p '{"spec": {"selector": {"app": "evil"}}}' >/dev/null
	kubectl patch -n "$NS" role reader --type=json -p '[{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}]' >/dev/null
	soon configmap patched .data.value one
	soon configmap deleted .data.value one
	soon configmap forced .data.value one
	soon secret password .data.password "$(printf correct-horse | base64)"
	soon service web .spec.selector.app web
	soon role reader '.rules[0].verbs' '["get"]'
	expect_not_said 'correct-horse|Y29ycmVjdC1ob3JzZQ|ZXZpbA'
	agent_stop
	sync 0
	expect_counts 'unchanged=7'
}

it_leaves_alone_what_git_does_not_set() {
	fresh
	{
		many restarted annotated sidecar equal
		deployment free registry.test/web:1 ''
		configmap extended
	} | write all.yaml
	running "$FAST"
	kubectl rollout restart -n "$NS" deployment/restarted >/dev/null
	kubectl annotate -n "$NS" deployment/annotated other.test/note=theirs >/dev/null
	kubectl patch -n "$NS" deployment annotated -p '{"spec": {"minReadySeconds": 3}}' >/dev/null
	kubectl apply -n "$NS" --server-side --field-manager=mesh -f - >/dev/null <<-X
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: sidecar}
		spec:
		  template:
		    spec:
		      containers: [{name: proxy, image: "registry.test/proxy:1"}]
	X
	kubectl set image -n "$NS" deployment/equal main=registry.test/web:1 >/dev/null
	kubectl scale -n "$NS" deployment/free --replicas=3 >/dev/null
	kubectl patch -n "$NS" configmap extended -p '{"data": {"more": "theirs"}}' >/dev/null
	sleep 3
	expect_match 'restartedAt' 20 "$(live deployment restarted '.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt')"
	expect_live deployment annotated '.metadata.annotations.other\.test/note' theirs
	expect_live deployment annotated .spec.minReadySeconds 3
	expect_live deployment sidecar '.spec.template.spec.containers[*].name' 'main proxy'
	expect_live deployment free .spec.replicas 3
	expect_live configmap extended .data.more theirs
	expect_eq 'records' 1 "$(heals)"
}

# Safety rule 10.
it_leaves_replicas_to_an_autoscaler_that_appears_later() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	running "$FAST"
	printf 'apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 3\n  maxReplicas: 5\n' |
		kubectl apply -n "$NS" -f - >/dev/null
	eventually 60 'the autoscaler raised the replicas' is_live deployment web .spec.replicas 3
	sleep 2
	expect_live deployment web .spec.replicas 3
	# Where a person's hand took the field from it, the autoscaler is looked for.
	kubectl scale -n "$NS" deployment/web --replicas=4 >/dev/null
	sleep 2
	expect_live deployment web .spec.replicas 4
	expect_eq 'records' 1 "$(heals)"
	kubectl delete -n "$NS" hpa web >/dev/null
	kubectl scale -n "$NS" deployment/web --replicas=5 >/dev/null
	soon deployment web .spec.replicas 1
}

# Safety rule 10: no autoscaler of Kubernetes' own, known by who wrote the scale.
it_leaves_replicas_to_keda() {
	fresh
	deployment web registry.test/web:1 1 | write web.yaml
	running "$FAST"
	kubectl patch -n "$NS" deployment web --subresource=scale --field-manager=keda-operator --type=merge -p '{"spec": {"replicas": 3}}' >/dev/null
	sleep 3
	expect_live deployment web .spec.replicas 3
	expect_eq 'records' 1 "$(heals)"
	# Nobody's any more once a person has written it.
	kubectl scale -n "$NS" deployment/web --replicas=4 >/dev/null
	soon deployment web .spec.replicas 1
}

# Safety rule 11.
it_makes_what_is_healed_once_not_again() {
	fresh
	configmap seed | sed 's|^  name: seed|&\n  annotations: {plumb.dev/heal: once}|' | write seed.yaml
	commit 'A seed'
	agent_start 'interval: 5s' 'wait: false' "$FAST"
	agent_synced
	sleep 1
	kubectl patch -n "$NS" configmap seed -p '{"data": {"value": "evil"}}' >/dev/null
	soon configmap seed .data.value one
	kubectl delete -n "$NS" configmap seed >/dev/null
	sleep 3
	expect_gone configmap seed
	# Another manifest is another word.
	sed -i 's/"one"/"two"/' "$WORK/seed.yaml"
	commit 'Another seed'
	eventually 60 'the other one' is_live configmap seed .data.value two
}

# Safety rule 11.
it_does_not_run_a_finished_job_again() {
	fresh
	printf 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  ttlSecondsAfterFinished: 2\n  template:\n    spec:\n      restartPolicy: Never\n      terminationGracePeriodSeconds: 0\n      containers: [{name: main, image: "registry.test/web:1"}]\n' |
		write job.yaml
	running "$FAST"
	eventually 30 'the Job is cleaned up' is_gone job migrate
	sleep 3
	expect_gone job migrate
	expect_eq 'records' 1 "$(heals)"
}

# Safety rule 12.
it_yields_to_a_controller_that_took_a_field_twice() {
	fresh
	{ many web; configmap other; } | write web.yaml
	running 'heal: {delay: 0s}'
	(
		while [[ -d $T && ! -e $T/no-bot.$NS ]]; do
			[[ $(kubectl get -n "$NS" deployment web -o "jsonpath={$IMAGE}") == registry.test/bot:1 ]] ||
				kubectl set image -n "$NS" deployment/web main=registry.test/bot:1 --field-manager=image-bot
			sleep 0.2
		done
	) >/dev/null 2>&1 &
	local bot=$!
	at_exit touch "$T/no-bot.$NS"
	eventually 30 'plumb yields' agent_said 'contested: image-bot'
	sleep 3
	expect_live deployment web "$IMAGE" registry.test/bot:1
	expect_eq 'records of the sync and of two heals' 3 "$(heals)"
	# Its other fields are still Git's, and so are other objects.
	kubectl scale -n "$NS" deployment/web --replicas=2 >/dev/null
	kubectl patch -n "$NS" configmap other -p '{"data": {"value": "evil"}}' >/dev/null
	soon deployment web .spec.replicas 0
	soon configmap other .data.value one
	expect_live deployment web "$IMAGE" registry.test/bot:1
	# Another manifest is another word.
	touch "$T/no-bot.$NS"
	wait "$bot" || true
	many web | sed 's/web:1/web:2/' | write web.yaml
	commit 'A newer image'
	agent_stop
	agent_start 'interval: 10m' 'wait: false'
	agent_synced
	expect_live deployment web "$IMAGE" registry.test/web:2
}

undone_five_times() {
	kubectl patch -n "$NS" configmap web -p '{"data": {"value": "evil"}}' >/dev/null
	(($(heals) >= 6))
}

# Safety rule 12: what writes certificates would be broken by Git's old one at once.
it_leaves_a_ca_bundle_to_who_writes_it() {
	fresh
	local bundle renewed
	bundle=$(kubectl config view --raw --flatten --minify -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}')
	renewed=$({ base64 -d <<<"$bundle"; base64 -d <<<"$bundle"; } | base64 -w0)
	at_exit kubectl delete validatingwebhookconfiguration "$NS" --ignore-not-found
	cat >"$WORK/hook.yaml" <<-X
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingWebhookConfiguration
		metadata: {name: $NS}
		webhooks:
		  - name: hook.test.example
		    admissionReviewVersions: [v1]
		    sideEffects: None
		    failurePolicy: Ignore
		    timeoutSeconds: 5
		    clientConfig: {url: "https://127.0.0.1:1/", caBundle: $bundle}
		    rules: [{apiGroups: [nothing.example], apiVersions: [v1], operations: [CREATE], resources: [nothings]}]
	X
	running "$FAST"
	kubectl patch validatingwebhookconfiguration "$NS" --field-manager=cert-bot --type=json \
		-p "[{\"op\": \"replace\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"$renewed\"}]" >/dev/null
	sleep 3
	expect_live validatingwebhookconfiguration "$NS" '.webhooks[0].clientConfig.caBundle' "$renewed"
	# The rest of the object is kept, and the other one's field stays as it is.
	kubectl patch validatingwebhookconfiguration "$NS" --type=json -p '[{"op": "replace", "path": "/webhooks/0/timeoutSeconds", "value": 9}]' >/dev/null
	soon validatingwebhookconfiguration "$NS" '.webhooks[0].timeoutSeconds' 5
	expect_live validatingwebhookconfiguration "$NS" '.webhooks[0].clientConfig.caBundle' "$renewed"
}

it_slows_down_where_somebody_undoes_it() {
	fresh
	configmap web | write web.yaml
	running 'heal: {delay: 0s}'
	# The first heal is at once, those after it a second, two, four and eight after they were undone, however slow all this is.
	local start=$SECONDS
	eventually 60 'five heals' undone_five_times
	((SECONDS - start >= 14)) || fail "five heals took $((SECONDS - start)) s"
	expect_said 'kubectl-patch'
	eventually 30 'healed in the end' is_live configmap web .data.value one
}

disabled_objects() { # PORT COUNT
	[[ $(curl -s "http://127.0.0.1:$1/metrics" | sed -nE 's/^plumb_sync_disabled_objects\{.*\} //p') == "$2" ]]
}

# Safety rule 13.
it_keeps_its_hands_off_what_is_switched_off() {
	fresh
	configmap web | write web.yaml
	local port
	port=$(free_port)
	PLUMB_AGENT_FLAGS="--metrics-address=127.0.0.1:$port" running "$FAST"
	kubectl annotate -n "$NS" configmap web plumb.dev/reconcile=disabled >/dev/null
	kubectl patch -n "$NS" configmap web -p '{"data": {"value": "mine"}}' >/dev/null
	eventually 20 'it is counted' disabled_objects "$port" 1
	sleep 2
	expect_live configmap web .data.value mine
	kubectl annotate -n "$NS" configmap web plumb.dev/reconcile- >/dev/null
	soon configmap web .data.value one
	eventually 20 'it is not counted any more' disabled_objects "$port" 0
}

it_only_tells_in_mode_detect() {
	fresh
	configmap web | write web.yaml
	running 'heal: {mode: Detect, delay: 0s}'
	kubectl patch -n "$NS" configmap web -p '{"data": {"value": "evil"}}' >/dev/null
	eventually 10 'it is told' agent_said "data.value is kubectl-patch's"
	sleep 2
	expect_live configmap web .data.value evil
	expect_eq 'records' 1 "$(heals)"
}

# Safety rule 14.
it_waits_until_what_is_deleted_is_gone() {
	fresh
	configmap web | write web.yaml
	running "$FAST"
	kubectl patch -n "$NS" configmap web --type=merge -p '{"metadata": {"finalizers": ["test.example/hold"]}}' >/dev/null
	kubectl delete -n "$NS" configmap web --wait=false >/dev/null
	sleep 2
	expect_match 'deletionTimestamp' 20 "$(live configmap web .metadata.deletionTimestamp)"
	expect_eq 'records' 1 "$(heals)"
	kubectl patch -n "$NS" configmap web --type=merge -p '{"metadata": {"finalizers": null}}' >/dev/null
	eventually 15 'it is made anew' is_live configmap web .data.value one
	expect_eq 'deletionTimestamp' '' "$(live configmap web .metadata.deletionTimestamp)"
}

it_heals_while_a_rollout_is_waited_for() {
	fresh
	{ deployment web registry.test/web:1 1; configmap other; } | sed 's|^\( *\)terminationGracePeriodSeconds.*|&\n\1nodeSelector: {no: such}|' | write web.yaml
	commit 'A rollout that hangs'
	agent_start 'interval: 10m' 'wait: true' 'timeout: 2m' "$FAST"
	eventually 30 'applied' is_live configmap other .data.value one
	sleep 2
	kubectl patch -n "$NS" configmap other -p '{"data": {"value": "evil"}}' >/dev/null
	soon configmap other .data.value one
}

it_records_heals_beside_the_history_of_syncs() {
	fresh
	many web | write web.yaml
	running "$FAST"
	kubectl set image -n "$NS" deployment/web main=registry.test/evil:1 >/dev/null
	soon deployment web "$IMAGE" registry.test/web:1
	eventually 10 'the heal is recorded' has_heals 2
	history 0
	expect_eq 'syncs and whether they healed' 'false true' "$(answer '[.syncs[].heal | tostring] | sort | join(" ")')"
	expect_live deployment web '.metadata.annotations.plumb\.dev/template-commit' "$COMMIT"
}

run_cases "$@"
