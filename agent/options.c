#include "agent/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "sync/syncspec.h"

enum {
	NAME_MAX_LEN = 40, /* names of records are longer by some 30 bytes, labels end at 63 */
	LABEL_MAX_LEN = 63,
	DEFAULT_TIMEOUT = 5 * 60 * 1000,
	DEFAULT_VERIFY = 60 * 60 * 1000,
	ON_CLUSTER = COMMAND_SYNC | COMMAND_DIFF | COMMAND_STATUS | COMMAND_HISTORY,
	ON_SOURCE = COMMAND_SYNC | COMMAND_DIFF | COMMAND_RENDER,
	ON_PLAN = COMMAND_SYNC | COMMAND_DIFF,
	EVERY = ON_CLUSTER | ON_SOURCE,
};

struct command_row {
	const char *name;
	enum command command;
	const char *arguments;
	const char *what;
};

static const struct command_row commands[] = {
	{ "sync", COMMAND_SYNC, "--repo URL --name NAME [FLAG...]", "bring the cluster to a commit and record it" },
	{ "diff", COMMAND_DIFF, "--repo URL --name NAME [FLAG...]", "show what a sync would change; exit 1 when something differs" },
	{ "render", COMMAND_RENDER, "DIR | --repo URL [FLAG...]", "print the objects of a directory or of a commit" },
	{ "status", COMMAND_STATUS, "--name NAME [FLAG...]", "show the last sync and the health of its objects" },
	{ "history", COMMAND_HISTORY, "--name NAME [deployment/NAME] [FLAG...]",
	  "list syncs, or a Deployment's revisions, with their commits" },
};

enum value { VALUE_NONE, VALUE_TEXT, VALUE_DURATION, VALUE_PERCENT, VALUE_COUNT, VALUE_PROPAGATION, VALUE_OUTPUT, VALUE_LIST };

struct flag {
	const char *name;
	char letter;
	enum value value;
	unsigned commands;
	size_t at;           /* in struct options */
	const char *operand; /* NULL for switches */
	const char *what;
};

#define AT(member) offsetof(struct options, member)

static const struct flag flags[] = {
	{ "repo", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.url), "URL", "https://, file:// or a path" },
	{ "ref", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.ref), "REF", "branch, tag or full commit (the remote's HEAD)" },
	{ "path", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.path), "DIR", "directory of the manifests in the repository (its root)" },
	{ "name", 0, VALUE_TEXT, ON_CLUSTER, AT(cycle.name), "NAME", "of the sync; what it made is known by it" },
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
	{ "verify-interval", 0, VALUE_DURATION, ON_PLAN, AT(cycle.verify_interval), "DURATION",
	  "the same by itself after that time, 0 never (1h)" },
	{ "take-over", 0, VALUE_LIST, ON_PLAN, AT(take_over), "MANAGER",
	  "take over the fields of this field manager; may be repeated" },
	{ "allow-rewind", 0, VALUE_NONE, ON_PLAN, AT(cycle.allow_rewind), NULL,
	  "accept a commit that does not descend from the last one" },
	{ "source-changed", 0, VALUE_NONE, ON_PLAN, AT(cycle.source_changed), NULL,
	  "accept another URL or path than the recorded one" },
	{ "history-limit", 0, VALUE_COUNT, COMMAND_SYNC, AT(cycle.history_limit), "N", "syncs that are kept (20)" },
	{ "store", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.store), "DIR", "where fetched repositories are kept ($XDG_CACHE_HOME/plumb)" },
	{ "git-ca-file", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.ca_file), "FILE",
	  "certificates to trust for https, instead of the system's" },
	{ "git-username", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.username), "NAME", "with --git-password-file" },
	{ "git-password-file", 0, VALUE_TEXT, ON_SOURCE, AT(password_file), "FILE", "holds the password" },
	{ "git-token-file", 0, VALUE_TEXT, ON_SOURCE, AT(token_file), "FILE", "holds a token; so does the variable PLUMB_GIT_TOKEN" },
	{ "git-proxy", 0, VALUE_TEXT, ON_SOURCE, AT(cycle.source.proxy), "URL", "proxy for https (https_proxy, no_proxy)" },
	{ "kubeconfig", 0, VALUE_TEXT, ON_CLUSTER, AT(cycle.access.kubeconfig), "FILE",
	  "as kubectl's (KUBECONFIG, ~/.kube/config, in a pod its account)" },
	{ "context", 0, VALUE_TEXT, ON_CLUSTER, AT(cycle.access.context), "NAME", "of the kubeconfig (its current one)" },
	{ "output", 'o', VALUE_OUTPUT, COMMAND_SYNC | COMMAND_STATUS | COMMAND_HISTORY, AT(json), "FORMAT", "text or json (text)" },
	{ "quiet", 'q', VALUE_NONE, COMMAND_SYNC, AT(quiet), NULL, "no progress" },
	{ "help", 'h', VALUE_NONE, EVERY, AT(help), NULL, "this text" },
};

/* --- values ------------------------------------------------------------------------------------------------------- */

static bool read_number(const char *text, long least, long most, long *out)
{
	char *end = NULL;
	if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
		return false;
	}
	*out = strtol(text, &end, 10);
	return *out >= least && *out <= most;
}

static const char *propagation_of(const char *text)
{
	static const char *const policies[][2] = { { "foreground", "Foreground" },
		                                       { "background", "Background" },
		                                       { "orphan", "Orphan" } };
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		if (strcmp(text, policies[i][0]) == 0 || strcmp(text, policies[i][1]) == 0) {
			return policies[i][1];
		}
	}
	return NULL;
}

static void list_add(const char ***list, const char *text)
{
	size_t count = 0;
	while (*list && (*list)[count]) {
		count++;
	}
	*list = alloc_grow(*list, count + 2, sizeof **list);
	(*list)[count] = text;
	(*list)[count + 1] = NULL;
}

/* The members are of the types that the values have; `at` was made by offsetof. */
static bool set_value(const struct flag *flag, const char *text, struct options *options)
{
	void *member = (char *)options + flag->at;
	long number = 0;
	switch (flag->value) {
	case VALUE_NONE:
		*(bool *)member = true;
		return true;
	case VALUE_TEXT:
		*(const char **)member = text;
		return *text != 0;
	case VALUE_DURATION:
		return syncspec_duration(text, member);
	case VALUE_PERCENT:
		if (read_number(text, 0, 100, &number)) {
			*(int *)member = (int)number;
			return true;
		}
		return false;
	case VALUE_COUNT:
		if (read_number(text, 1, 1000, &number)) {
			*(unsigned *)member = (unsigned)number;
			return true;
		}
		return false;
	case VALUE_PROPAGATION:
		*(const char **)member = propagation_of(text);
		return *(const char **)member != NULL;
	case VALUE_OUTPUT:
		*(bool *)member = strcmp(text, "json") == 0;
		return *(bool *)member || strcmp(text, "text") == 0;
	case VALUE_LIST:
		list_add(member, text);
		return *text != 0;
	}
	return false;
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

static const struct flag *find_flag(const char *name, size_t len, enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0 && (flags[i].commands & command)) {
			return &flags[i];
		}
	}
	return NULL;
}

static const struct flag *find_letter(char letter, enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (flags[i].letter && flags[i].letter == letter && (flags[i].commands & command)) {
			return &flags[i];
		}
	}
	return NULL;
}

struct line {
	int argc;
	char **argv;
	int at;
	struct options *options;
};

static const char *command_name(enum command command)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].command == command) {
			return commands[i].name;
		}
	}
	return "";
}

static bool take_flag(struct line *line, const struct flag *flag, const char *value, struct err *err)
{
	if (flag->value == VALUE_NONE && value) {
		return err_set(err, ERR_INPUT, "--%s takes no value", flag->name);
	}
	if (flag->value != VALUE_NONE && !value) {
		value = line->at + 1 < line->argc ? line->argv[++line->at] : NULL;
		if (!value) {
			return err_set(err, ERR_INPUT, "--%s wants a value: --%s %s", flag->name, flag->name, flag->operand);
		}
	}
	return set_value(flag, value, line->options) ||
	       err_set(err, ERR_INPUT, "--%s: '%.100s' is not a %s: %s", flag->name, value, flag->operand, flag->what);
}

static bool take_long(struct line *line, const char *text, struct err *err)
{
	const char *mark = strchr(text, '=');
	size_t len = mark ? (size_t)(mark - text) : strlen(text);
	enum command command = line->options->command;
	const struct flag *flag = find_flag(text, len, command);
	if (!flag) {
		return err_set(err, ERR_INPUT, "unknown flag --%.*s; see plumb %s --help", (int)(len > 60 ? 60 : len), text,
		               command_name(command));
	}
	return take_flag(line, flag, mark ? mark + 1 : NULL, err);
}

static bool take_short(struct line *line, const char *text, struct err *err)
{
	const struct flag *flag = find_letter(text[0], line->options->command);
	if (!flag) {
		return err_set(err, ERR_INPUT, "unknown flag -%c; see plumb %s --help", text[0], command_name(line->options->command));
	}
	const char *value = text[1] ? text + 1 + (text[1] == '=') : NULL;
	return take_flag(line, flag, value, err);
}

static bool take_argument(struct line *line, const char *text, struct err *err)
{
	struct options *options = line->options;
	bool wanted = options->command == COMMAND_RENDER || options->command == COMMAND_HISTORY;
	if (!wanted || options->argument || !*text) {
		return err_set(err, ERR_INPUT, "unexpected argument '%.100s'; see plumb %s --help", text, command_name(options->command));
	}
	options->argument = text;
	return true;
}

static bool take_all(struct line *line, struct err *err)
{
	bool flags_end = false;
	for (; line->at < line->argc; line->at++) {
		const char *text = line->argv[line->at];
		bool fine = true;
		if (!flags_end && strcmp(text, "--") == 0) {
			flags_end = true;
		} else if (!flags_end && strncmp(text, "--", 2) == 0) {
			fine = take_long(line, text + 2, err);
		} else if (!flags_end && text[0] == '-' && text[1]) {
			fine = take_short(line, text + 1, err);
		} else {
			fine = take_argument(line, text, err);
		}
		if (!fine) {
			return false;
		}
	}
	return true;
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static bool is_label(const char *text, size_t most)
{
	size_t len = strlen(text);
	return len && len <= most && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && text[0] != '-' &&
	       text[len - 1] != '-';
}

static bool check_names(const struct options *options, struct err *err)
{
	const struct cycle_options *cycle = &options->cycle;
	bool planned = (options->command & ON_PLAN) != 0;
	bool lacks_repo = planned && !cycle->source.url;
	bool lacks_name = (options->command & ON_CLUSTER) && !cycle->name;
	if (lacks_repo || lacks_name) {
		return err_set(err, ERR_INPUT, "%s%s%s %s missing; see plumb %s --help", lacks_repo ? "--repo" : "",
		               lacks_repo && lacks_name ? " and " : "", lacks_name ? "--name" : "",
		               lacks_repo && lacks_name ? "are" : "is", command_name(options->command));
	}
	if (cycle->name && !is_label(cycle->name, NAME_MAX_LEN)) {
		return err_set(err, ERR_INPUT, "--name: '%.60s' is no name: lower case letters, digits and '-', at most %d", cycle->name,
		               NAME_MAX_LEN);
	}
	if (cycle->ns && !is_label(cycle->ns, LABEL_MAX_LEN)) {
		return err_set(err, ERR_INPUT, "--namespace: '%.70s' is no name of a namespace", cycle->ns);
	}
	return true;
}

static bool check_render(const struct options *options, struct err *err)
{
	if (options->command != COMMAND_RENDER || !options->argument == !!options->cycle.source.url) {
		return true;
	}
	return err_set(err, ERR_INPUT,
	               options->argument ? "render takes a directory or --repo, not both"
	                                 : "render wants a directory or --repo; see plumb render --help");
}

static bool read_secrets(struct options *options, struct err *err)
{
	struct repo_source *source = &options->cycle.source;
	if (options->password_file && !secret_read_file(&source->password, options->password_file, err)) {
		return err_wrap(err, "--git-password-file");
	}
	if (options->password_file && !source->username) {
		return err_set(err, ERR_INPUT, "--git-password-file goes with --git-username");
	}
	const char *token = getenv("PLUMB_GIT_TOKEN");
	if (options->token_file) {
		if (!secret_read_file(&source->token, options->token_file, err)) {
			return err_wrap(err, "--git-token-file");
		}
	} else if (token && *token && !options->password_file) {
		secret_set(&source->token, token, strlen(token));
	}
	/* Not for the credential plugins of a kubeconfig. */
	(void)unsetenv("PLUMB_GIT_TOKEN");
	return true;
}

static enum command find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return commands[i].command;
		}
	}
	return COMMAND_NONE;
}

bool options_parse(int argc, char **argv, struct options *out, struct err *err)
{
	*out = (struct options){
		.cycle = { .prune_limit = -1, .timeout = DEFAULT_TIMEOUT, .verify_interval = DEFAULT_VERIFY, .access.allow_exec = true },
	};
	const char *first = argc > 1 ? argv[1] : NULL;
	if (!first) {
		return err_set(err, ERR_INPUT, "a command is missing: sync, diff, render, status, history; see plumb --help");
	}
	out->help = strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0;
	out->version = strcmp(first, "--version") == 0 || strcmp(first, "version") == 0;
	if (out->help || out->version) {
		return true;
	}
	out->command = find_command(first);
	if (out->command == COMMAND_NONE) {
		return err_set(err, ERR_INPUT, "unknown command '%.60s': sync, diff, render, status, history; see plumb --help", first);
	}
	struct line line = { .argc = argc, .argv = argv, .at = 2, .options = out };
	if (!take_all(&line, err)) {
		return false;
	}
	out->cycle.take_over = out->take_over;
	return out->help || (check_names(out, err) && check_render(out, err) && read_secrets(out, err));
}

void options_release(struct options *options)
{
	secret_release(&options->cycle.source.password);
	secret_release(&options->cycle.source.token);
	free(options->take_over);
}

/* --- help --------------------------------------------------------------------------------------------------------- */

static char *program_help(void)
{
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	(void)buf_puts(&text, "plumb keeps a Kubernetes cluster true to a Git repository.\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		(void)buf_printf(&text, "  plumb %-8s %s\n", commands[i].name, commands[i].what);
	}
	(void)buf_puts(&text, "\nplumb COMMAND --help lists its flags; plumb --version.\n");
	return buf_detach(&text);
}

char *options_help(enum command command)
{
	if (command == COMMAND_NONE) {
		return program_help();
	}
	struct buf text = BUF_INIT(LIMIT_KIB(16));
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i].command == command) {
			(void)buf_printf(&text, "plumb %s %s\n\n%s\n\n", commands[i].name, commands[i].arguments, commands[i].what);
		}
	}
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
