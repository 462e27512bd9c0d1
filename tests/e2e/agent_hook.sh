#!/bin/bash
# Webhooks of an agent that runs outside of the cluster: a signed call means "poll now".
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

TOKEN=token-of-the-webhook
BODY='{"ref": "refs/heads/main"}'

# An agent with a webhook for the case's Sync, which it asks for by itself only once an hour.
hooked() {
	crd
	fresh
	HOOK=$(free_port) METRICS=$(free_port)
	kubectl create secret generic -n "$NS" hook --from-literal=token="$TOKEN" >/dev/null
	configmap cm 0 | write cm.yaml
	commit 'Begin'
	declare_sync $'  interval: 1h\n  wait: false\n  webhook: {secretRef: {name: hook}}'
	agent_run --webhook-address "127.0.0.1:$HOOK" --metrics-address "127.0.0.1:$METRICS"
	soon_applied
}

signature() { # TOKEN
	printf %s "$BODY" | openssl dgst -sha256 -hmac "$1" -r | cut -d ' ' -f 1
}

# Prints the status of the answer.
call() { # HEADER [NAME]
	curl -s -o /dev/null -w '%{http_code}' --max-time 60 -H "$1" -d "$BODY" "http://127.0.0.1:$HOOK/hook/$NS/${2:-$NAME}"
}

it_syncs_what_each_git_server_calls_for() {
	hooked
	local header n=0
	for header in "X-Hub-Signature-256: sha256=$(signature "$TOKEN")" "X-Gitea-Signature: $(signature "$TOKEN")" \
		"X-Gitlab-Token: $TOKEN" "X-Signature: sha256=$(signature "$TOKEN")"; do
		n=$((n + 1))
		configmap cm "$n" | write cm.yaml
		commit "Number $n"
		expect_eq "$header" 202 "$(call "$header")"
		eventually 15 "synced by ${header%%:*}" is_live configmap cm .data.value "$n"
	done
	expect_match metrics 'plumb_webhook_requests_total' "$(curl -s "http://127.0.0.1:$METRICS/metrics")"
	! grep -qE "$TOKEN" "$AGENT_LOG" || fail 'the token is in the log'
	agent_end
}

it_refuses_every_other_call_alike() {
	hooked
	configmap cm secret | write cm.yaml
	commit 'Not to be seen yet'
	expect_eq 'a wrong token' 403 "$(call "X-Gitlab-Token: $TOKEN-")"
	expect_eq 'a wrong signature' 403 "$(call "X-Hub-Signature-256: sha256=$(signature wrong)")"
	expect_eq 'a signature of nothing' 403 "$(call "X-Hub-Signature-256: sha256=")"
	expect_eq 'no signature' 403 "$(call 'X-Nothing: x')"
	expect_eq 'a Sync that is not there' 403 "$(call "X-Gitlab-Token: $TOKEN" nobody)"
	sleep 2
	expect_live configmap cm .data.value 0
	agent_end
}

# How often the agent asked a repository.
asked() {
	curl -s "http://127.0.0.1:$METRICS/metrics" | sed -nE 's/^plumb_git_requests_total\{operation="ls-remote",result="success"\} //p'
}

asked_more_than() { # COUNT
	(($(asked) > $1))
}

it_asks_git_nothing_for_a_suspended_sync_and_at_once_when_that_ends() {
	hooked
	kubectl patch sync -n "$NS" "$NAME" --type merge -p '{"spec": {"interval": "5s"}}' >/dev/null
	eventually 30 'it is asked again and again' asked_more_than "$(($(asked) + 1))"
	plumb 0 suspend "$NAME" -n "$NS"
	soon_condition Ready reason Suspended
	local before
	before=$(settled asked) # what was asked before that is answered
	configmap cm 1 | write cm.yaml
	commit 'While it is suspended'
	expect_eq 'the webhook' 202 "$(call "X-Gitlab-Token: $TOKEN")"
	plumb 0 reconcile "$NAME" -n "$NS"
	sleep 12
	expect_eq 'questions while it is suspended' "$before" "$(asked)"
	# By itself it would be asked in an hour.
	kubectl patch sync -n "$NS" "$NAME" --type merge -p '{"spec": {"interval": "1h", "suspend": false}}' >/dev/null
	eventually 30 'resumed' is_live configmap cm .data.value 1
	plumb 0 suspend "$NAME" -n "$NS" --for 20s
	soon_condition Ready reason Suspended
	before=$(asked)
	configmap cm 2 | write cm.yaml
	commit 'While it is suspended for a while'
	eventually 60 'that ends by itself' is_live configmap cm .data.value 2
	expect_eq 'questions since' "$((before + 1))" "$(asked)"
	agent_end
}

# Lists of the agent so far, those of its watches too.
lists() {
	curl -s "http://127.0.0.1:$METRICS/metrics" | awk '/^plumb_api_requests_total.*verb="LIST"/ { sum += $2 } END { print sum + 0 }'
}

# What the watches know is not listed again: the one list left is that of the records.
it_reads_only_what_a_commit_changes() {
	hooked
	configmaps 1 30 | write many.yaml
	commit 'Thirty'
	expect_eq 'the call' 202 "$(call "X-Gitlab-Token: $TOKEN")"
	soon_applied
	local before
	before=$(lists)
	configmaps 1 29 | write many.yaml
	configmap cm changed | write cm.yaml
	commit 'One changed, one is gone'
	expect_eq 'the call' 202 "$(call "X-Gitlab-Token: $TOKEN")"
	soon_applied
	expect_live configmap cm .data.value changed
	expect_live configmap cm-29 .data.value one
	expect_eq 'lists of that sync' 1 "$(($(lists) - before))"
	# What somebody does meanwhile is seen all the same.
	kubectl patch configmap -n "$NS" cm-1 --type merge -p '{"data": {"value": "two"}}' >/dev/null
	eventually 15 'healed' is_live configmap cm-1 .data.value one
	agent_end
}

run_cases "$@"
