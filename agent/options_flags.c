/*
 * What commands and flags there are.
 */
#include <string.h>

#include "agent/commands.h"
#include "agent/options_impl.h"
#include "render/base/buf.h"
#include "render/base/limits.h"

enum {
	ON_RESOURCE = COMMAND_SUSPEND | COMMAND_RESUME | COMMAND_RECONCILE,
	ON_NAME = COMMAND_SYNC | COMMAND_DIFF | COMMAND_STATUS | COMMAND_HISTORY | COMMAND_WAIT,
	ON_CLUSTER = ON_NAME | ON_RESOURCE | COMMAND_AGENT,
	ON_SOURCE = COMMAND_SYNC | COMMAND_DIFF | COMMAND_RENDER,
	ON_PLAN = COMMAND_SYNC | COMMAND_DIFF,
	ON_FILE = ON_NAME | COMMAND_RENDER,
	EVERY = ON_CLUSTER | ON_SOURCE,
};

static const struct command_row commands[] = {
	{ "sync", COMMAND_SYNC, ARGUMENT_NONE, "-f FILE | --repo URL --name NAME [FLAG...]",
	  "bring the cluster to a commit and record it", command_sync },
	{ "diff", COMMAND_DIFF, ARGUMENT_NONE, "-f FILE | --repo URL --name NAME [FLAG...]",
	  "show what a sync would change; exit 1 when something differs", command_diff },
	{ "render", COMMAND_RENDER, ARGUMENT_MAY, "DIR | -f FILE | --repo URL [FLAG...]",
	  "print the objects of a directory or of a commit", command_render },
	{ "status", COMMAND_STATUS, ARGUMENT_NAME, "NAME [FLAG...]", "show the last sync and the health of its objects",
	  command_status },
	{ "history", COMMAND_HISTORY, ARGUMENT_MAY, "--name NAME [deployment/NAME] [FLAG...]",
	  "list syncs, or a Deployment's revisions, with their commits", command_history },
	{ "wait", COMMAND_WAIT, ARGUMENT_NAME, "NAME [--commit SHA] [FLAG...]",
	  "wait until a Sync is ready, or a commit is in the cluster; exit 3 to 7 as sync when it failed, 6 when the time is over",
	  command_wait },
	{ "suspend", COMMAND_SUSPEND, ARGUMENT_NAME, "NAME [--for DURATION] [FLAG...]",
	  "let the agent leave a Sync alone: neither new commits nor drift are acted on", command_suspend },
	{ "resume", COMMAND_RESUME, ARGUMENT_NAME, "NAME [FLAG...]", "end a suspension", command_resume },
	{ "reconcile", COMMAND_RECONCILE, ARGUMENT_NAME, "NAME [--wait] [FLAG...]", "let the agent look for new commits now",
	  command_reconcile },
	{ "agent", COMMAND_AGENT, ARGUMENT_NONE, "[FLAG...]", "keep what Sync resources declare, until it is told to stop",
	  command_agent },
};

#define AT(member) offsetof(struct options, member)

static const struct flag flags[] = {
	{ "repo", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.url), "URL", "https://, file:// or a path" },
	{ "ref", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.ref), "REF", "branch, tag or full commit (the remote's HEAD)" },
	{ "path", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.path), "DIR", "directory of the manifests in the repository (its root)" },
	{ "load-restrictor", 0, VALUE_RESTRICTOR, ON_SOURCE, AT(cycle.load_any), "RESTRICTION",
	  "LoadRestrictionsNone: files of a kustomization may lie anywhere (LoadRestrictionsRootOnly)" },
	{ "kustomize", 'k', VALUE_NONE, COMMAND_RENDER, AT(kustomize), NULL, "DIR must be a kustomization" },
	{ "root", 0, VALUE_TEXT, COMMAND_RENDER, AT(root), "DIR", "with render DIR: nothing outside of this directory is read" },
	{ "name", 0, VALUE_TEXT, ON_NAME, AT(cycle.name), "NAME", "of the sync; what it made is known by it" },
	{ "file", 'f', VALUE_TEXT, ON_FILE, AT(file), "FILE", "a Sync resource that says all this; as the agent takes it" },
	{ "namespace", 'n', VALUE_TEXT, EVERY, AT(cycle.ns), "NAMESPACE",
	  "of the sync, and of objects that name none (the context's)" },
	{ "create-namespace", 0, VALUE_NONE, ON_PLAN, AT(cycle.create_namespace), NULL,
	  "make the namespace of the sync where it is missing" },
	{ "prune", 0, VALUE_NONE, ON_PLAN, AT(cycle.prune), NULL, "delete what Git dropped" },
	{ "prune-limit", 0, VALUE_PERCENT, ON_PLAN, AT(cycle.prune_limit), "PERCENT",
	  "most of the objects that may be deleted (20, or 5 objects)" },
	{ "prune-propagation", 0, VALUE_PROPAGATION, ON_PLAN, AT(cycle.prune_propagation), "POLICY",
	  "foreground, background or orphan (foreground)" },
	{ "wait", 0, VALUE_NONE, COMMAND_SYNC, AT(cycle.wait), NULL, "follow the rollouts to their end" },
	{ "timeout", 0, VALUE_DURATION, EVERY, AT(cycle.timeout), "DURATION", "of the whole run (5m)" },
	{ "verify", 0, VALUE_NONE, ON_PLAN, AT(cycle.verify), NULL, "apply every object, also those that look unchanged" },
	{ "verify-interval", 0, VALUE_DURATION, ON_PLAN | COMMAND_AGENT, AT(cycle.verify_interval), "DURATION",
	  "the same by itself after that time, 0 never (1h)" },
	{ "take-over", 0, VALUE_LIST, ON_PLAN, AT(take_over), "MANAGER",
	  "take over the fields of this field manager; may be repeated" },
	{ "allow-rewind", 0, VALUE_NONE, ON_PLAN, AT(cycle.allow_rewind), NULL,
	  "accept a commit that does not descend from the last one" },
	{ "source-changed", 0, VALUE_NONE, ON_PLAN, AT(cycle.source_changed), NULL,
	  "accept another URL or path than the recorded one" },
	{ "history-limit", 0, VALUE_COUNT, COMMAND_SYNC, AT(cycle.history_limit), "N", "syncs that are kept (20)" },
	{ "store", 0, VALUE_TEXT, ON_SOURCE | COMMAND_AGENT, AT(cycle.store), "DIR",
	  "where fetched repositories are kept ($XDG_CACHE_HOME/plumb)" },
	{ "git-ca-file", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.ca_file), "FILE",
	  "certificates to trust for https, instead of the system's" },
	{ "git-username", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.username), "NAME", "with --git-password-file" },
	{ "git-password-file", 0, VALUE_TEXT, ON_SOURCE, AT(password_file), "FILE", "holds the password" },
	{ "git-token-file", 0, VALUE_TEXT, ON_SOURCE, AT(token_file), "FILE", "holds a token; so does the variable PLUMB_GIT_TOKEN" },
	{ "git-proxy", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.proxy), "URL", "proxy for https (https_proxy, no_proxy)" },
	{ "kubeconfig", 0, VALUE_TEXT, ON_CLUSTER, AT(cycle.access.kubeconfig), "FILE",
	  "as kubectl's (KUBECONFIG, ~/.kube/config, in a pod its account)" },
	{ "context", 0, VALUE_TEXT, ON_CLUSTER, AT(cycle.access.context), "NAME", "of the kubeconfig (its current one)" },
	{ "output", 'o', VALUE_OUTPUT, COMMAND_SYNC | COMMAND_STATUS | COMMAND_HISTORY | COMMAND_WAIT, AT(json), "FORMAT",
	  "text or json (text)" },
	{ "quiet", 'q', VALUE_NONE, COMMAND_SYNC, AT(quiet), NULL, "no progress" },
	{ "commit", 0, VALUE_TEXT, COMMAND_WAIT, AT(commit), "SHA",
	  "until this commit is applied (and healthy, where the Sync waits)" },
	{ "for", 0, VALUE_DURATION, COMMAND_SUSPEND, AT(suspend_for), "DURATION", "resume by itself after that time" },
	{ "wait", 0, VALUE_NONE, COMMAND_RECONCILE, AT(cycle.wait), NULL, "until the agent has done it; exit code as plumb wait's" },
	{ "config", 0, VALUE_TEXT, COMMAND_AGENT, AT(agent.config), "DIR", "Syncs are files of this directory, not resources" },
	{ "watch-namespace", 0, VALUE_TEXT, COMMAND_AGENT, AT(agent.watch_ns), "NAMESPACE", "only Syncs of this namespace (all)" },
	{ "default-service-account", 0, VALUE_TEXT, COMMAND_AGENT, AT(agent.default_service_account), "NAME",
	  "applies the objects of Syncs that name none, of their namespace (the agent itself)" },
	{ "allow-local-repos", 0, VALUE_NONE, COMMAND_AGENT, AT(agent.allow_local_repos), NULL,
	  "sources may be paths and file:// of the agent's machine" },
	{ "leader-elect", 0, VALUE_NONE, COMMAND_AGENT, AT(elect), NULL, "only one of several agents works (in a cluster)" },
	{ "no-leader-elect", 0, VALUE_NONE, COMMAND_AGENT, AT(elect_not), NULL, "this agent is the only one" },
	{ "health-address", 0, VALUE_MAYBE, COMMAND_AGENT, AT(agent.health_address), "ADDRESS",
	  "of /healthz and /readyz (:9440), empty for none" },
	{ "metrics-address", 0, VALUE_MAYBE, COMMAND_AGENT, AT(agent.metrics_address), "ADDRESS",
	  "of /metrics (:8080), empty for none" },
	{ "webhook-address", 0, VALUE_MAYBE, COMMAND_AGENT, AT(agent.hook_address), "ADDRESS", "of /hook (:9292), empty for none" },
	{ "log-format", 0, VALUE_TEXT, COMMAND_AGENT, AT(agent.log_format), "FORMAT", "json or text (text on a terminal)" },
	{ "log-level", 0, VALUE_TEXT, COMMAND_AGENT, AT(agent.log_level), "LEVEL", "debug, info, warning or error (info)" },
	{ "grace", 0, VALUE_DURATION, COMMAND_AGENT, AT(agent.grace), "DURATION", "time to end in good order after SIGTERM (20s)" },
	{ "help", 'h', VALUE_NONE, EVERY, AT(help), NULL, "this text" },
};

const struct command_row *command_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

const struct command_row *command_row_of(enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].command == command) {
			return &commands[i];
		}
	}
	return NULL;
}

char *command_names(void)
{
	struct buf text = BUF_INIT(LIMIT_KIB(4));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		(void)buf_printf(&text, "%s%s", i ? ", " : "", commands[i].name);
	}
	return buf_detach(&text);
}

const struct flag *flag_named(const char *name, size_t len, enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0 && (flags[i].commands & command)) {
			return &flags[i];
		}
	}
	return NULL;
}

const struct flag *flag_lettered(char letter, enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (flags[i].letter && flags[i].letter == letter && (flags[i].commands & command)) {
			return &flags[i];
		}
	}
	return NULL;
}

/* --- help --------------------------------------------------------------------------------------------------------- */

static char *program_help(void)
{
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	(void)buf_puts(&text, "plumb keeps a Kubernetes cluster true to a Git repository.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		(void)buf_printf(&text, "  plumb %-9s %s\n", commands[i].name, commands[i].what);
	}
	(void)buf_puts(&text, "\nplumb COMMAND --help lists its flags; plumb --version.\n");
	return buf_detach(&text);
}

char *options_help(enum command command)
{
	const struct command_row *row = command == COMMAND_NONE ? NULL : command_row_of(command);
	if (!row) {
		return program_help();
	}
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	(void)buf_printf(&text, "plumb %s %s\n\n%s\n\n", row->name, row->arguments, row->what);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		const struct flag *flag = &flags[i];
		if (flag->commands & command) {
			char letter[] = { flag->letter ? '-' : ' ', flag->letter ? flag->letter : ' ', flag->letter ? ',' : ' ', 0 };
			CLEANUP(text_freep)
			char *name = text_printf("--%s%s%s", flag->name, flag->operand ? " " : "", flag->operand ? flag->operand : "");
			(void)buf_printf(&text, "  %s %-30s %s\n", letter, name, flag->what);
		}
	}
	return buf_detach(&text);
}
