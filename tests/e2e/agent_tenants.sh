#!/bin/bash
# Two tenants on one agent: each Sync has the rights of the account that it names, and nothing else.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/syncs_lib.sh
source "$(dirname "$0")/syncs_lib.sh"

# An account "deployer" of the case's namespace that may write there, and nowhere else.
account() {
	kubectl create serviceaccount -n "$NS" deployer >/dev/null
	kubectl create rolebinding -n "$NS" deployer --clusterrole=admin --serviceaccount="$NS:deployer" >/dev/null
}

# A namespace with an account and a repository, as NAME; the Sync goes into the agent's directory.
tenant() { # NAME SPEC-LINE...
	NAME=$1 DIR=.
	shift
	repo_new
	namespace_new
	account
	declare_file "$@"
}

declare_file() { # SPEC-LINE...
	mkdir -p "$T/syncs"
	{
		sync_document "$(printf '  %s\n' 'interval: 5s' 'wait: false' "$@")"
	} >"$T/syncs/$NAME.yaml"
}

# Of the files of the directory: two tenants are two namespaces, and an agent for all of the cluster would meet other tests'.
agent_of_files() { # [FLAG...]
	AGENT_LOG=$T/agent.log
	"$PLUMB" agent --config "$T/syncs" -n "$NS" --allow-local-repos --store "$T/store" --health-address='' --metrics-address='' \
		--webhook-address='' --log-format json "$@" >>"$AGENT_LOG" 2>&1 &
	AGENT=$!
	at_exit kill -KILL "$AGENT"
}

logged() { # SYNC REGEX
	jq -rR --arg sync "$1" 'fromjson? | select(.sync == $sync) | "\(.level) \(.object // "-") \(.msg)"' "$AGENT_LOG" | grep -qE -- "$2"
}

it_keeps_a_tenant_out_of_the_namespace_of_another() {
	rm -rf "$T/syncs"
	tenant shop 'serviceAccountName: deployer'
	local shop=$NS shop_work=$WORK shop_repo=$REPO
	configmap cm shop | write cm.yaml
	commit 'Shop'
	tenant bank 'serviceAccountName: deployer'
	local bank=$NS
	configmap cm bank | write cm.yaml
	configmap vault gold | write vault.yaml
	commit 'Bank'
	agent_of_files
	NS=$shop eventually 30 'the shop' is_live configmap cm .data.value shop
	NS=$bank eventually 30 'the bank' is_live configmap vault .data.value gold
	# The shop reaches for the bank: what is there, and something new.
	WORK=$shop_work REPO=$shop_repo NS=$shop NAME=shop
	configmap cm more | write cm.yaml
	configmap vault stolen | sed "s/name: vault/name: vault\n  namespace: $bank/" | write vault.yaml
	configmap flag planted | sed "s/name: flag/name: flag\n  namespace: $bank/" | write flag.yaml
	commit 'Reach out'
	eventually 30 'its own part is applied' is_live configmap cm .data.value more
	eventually 30 'it is denied' logged "$shop/shop" "error .*configmaps .*is forbidden: User \"system:serviceaccount:$shop:deployer\" cannot"
	NS=$bank
	expect_live configmap vault .data.value gold
	expect_gone configmap flag
	expect_live configmap vault '.metadata.labels.plumb\.dev/name' bank
	agent_end
}

it_keeps_a_target_namespace_within_the_rights_of_the_account() {
	rm -rf "$T/syncs"
	namespace_new
	local other=$NS
	tenant shop 'serviceAccountName: deployer' "targetNamespace: $other"
	configmap cm shop | write cm.yaml
	commit 'Shop'
	agent_of_files
	eventually 30 'it is denied' logged "$NS/shop" "error .*is forbidden: User \"system:serviceaccount:$NS:deployer\" cannot .*\"$other\""
	NS=$other expect_gone configmap cm
	agent_end
}

it_gives_syncs_that_name_no_account_the_default_one_of_their_namespace() {
	rm -rf "$T/syncs"
	tenant shop
	configmap cm shop | write cm.yaml
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s-more}\n' "$NS" | write ns.yaml
	commit 'Shop'
	agent_of_files --default-service-account deployer
	eventually 30 'its own part is applied' is_live configmap cm .data.value shop
	eventually 30 'the rest is denied' logged "$NS/shop" "error .*namespaces .*is forbidden: User \"system:serviceaccount:$NS:deployer\" cannot"
	[[ ! $(kubectl get namespace "$NS-more" --ignore-not-found -o name) ]] || fail 'a namespace was made'
	agent_end
}

it_says_which_account_is_not_there() {
	rm -rf "$T/syncs"
	tenant shop 'serviceAccountName: nobody'
	configmap cm shop | write cm.yaml
	commit 'Shop'
	agent_of_files
	eventually 30 'it is denied' logged "$NS/shop" "error .*system:serviceaccount:$NS:nobody"
	expect_gone configmap cm
	agent_end
}

run_cases "$@"
