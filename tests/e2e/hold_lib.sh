# shellcheck shell=bash
# For tests of what happens between two requests of plumb: a webhook that answers nothing holds one of them until it is let go. The
# server gives up after a while, and plumb tries again: held it is for as long as the test needs. Source lib.sh first.

HOLDER='' HELD=$T/none

# Holds the requests that create or change objects of this name, of a resource ("configmaps", "rbac.authorization.k8s.io/clusterroles").
hold_requests() { # RESOURCE NAME
	need perl
	local group=${1%/*} resource=${1##*/} port
	[[ $group != "$1" ]] || group=''
	HELD=$T/held.$NS
	# It takes connections and says nothing; who asks it gets on when it ends.
	perl -MIO::Socket::INET -e '$| = 1; my $s = IO::Socket::INET->new(Listen => 64, LocalAddr => "127.0.0.1") or die; my @c;
		print $s->sockport, "\n"; while (my $c = $s->accept) { push @c, $c; print "held\n" }' >"$HELD" &
	HOLDER=$!
	at_exit kill "$HOLDER"
	eventually 10 'the webhook listens' test -s "$HELD"
	port=$(head -n 1 "$HELD")
	at_exit kubectl delete validatingwebhookconfiguration "hold-$NS" --ignore-not-found
	kubectl apply -f - >/dev/null <<-X
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingWebhookConfiguration
		metadata: {name: hold-$NS}
		webhooks:
		  - name: hold.plumb.test
		    admissionReviewVersions: [v1]
		    sideEffects: None
		    failurePolicy: Fail
		    timeoutSeconds: 10
		    clientConfig: {url: "https://127.0.0.1:$port/"}
		    matchConditions: [{name: name, expression: "object.metadata.name == '$2'"}]
		    rules: [{apiGroups: ["$group"], apiVersions: ["*"], resources: ["$resource"], operations: [CREATE, UPDATE]}]
	X
}

# Tries with the manifest of such an object on standard input, dry, until the webhook is asked; then forgets that it was.
hold_works() {
	cat >"$T/probe"
	eventually 30 'the webhook is asked' probe_is_held
	grep -c held "$HELD" >"$HELD.before"
}

probe_is_held() {
	kubectl create -n "$NS" -f "$T/probe" --dry-run=server --request-timeout=1s >/dev/null 2>&1 || true
	grep -q held "$HELD"
}

# A request was held since hold_works.
is_held() {
	(($(grep -c held "$HELD") > $(<"$HELD.before")))
}

let_requests_go() {
	kubectl delete validatingwebhookconfiguration "hold-$NS" >/dev/null
	kill "$HOLDER"
	wait "$HOLDER" 2>/dev/null || true
}
