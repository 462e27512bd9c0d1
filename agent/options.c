#include "agent/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agent/options_impl.h"
#include "render/base/buf.h"
#include "render/base/limits.h"
#include "sync/syncspec.h"

enum {
	LABEL_MAX_LEN = 63,
	DEFAULT_TIMEOUT = 5 * 60 * 1000,
	DEFAULT_VERIFY = 60 * 60 * 1000,
	NOT_GIVEN = -1,
	COMMIT_LEAST = 7,
	COMMIT_LEN = 40,
	ON_PLAN = COMMAND_SYNC | COMMAND_DIFF,
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
	case VALUE_MAYBE:
		*(const char **)member = text;
		return true;
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
	case VALUE_RESTRICTOR:
		*(bool *)member = strcmp(text, "LoadRestrictionsNone") == 0;
		return *(bool *)member || strcmp(text, "LoadRestrictionsRootOnly") == 0;
	case VALUE_LIST:
		list_add(member, text);
		return *text != 0;
	}
	return false;
}

/* What a value that was refused should be. */
static const char *wanted(const struct flag *flag)
{
	switch (flag->value) {
	case VALUE_DURATION:
		return "such as 90s, 5m or 1h30m";
	case VALUE_PERCENT:
		return "a whole number from 0 to 100";
	case VALUE_COUNT:
		return "a whole number from 1 to 1000";
	case VALUE_TEXT:
	case VALUE_LIST:
		return "it must not be empty";
	case VALUE_NONE:
	case VALUE_MAYBE:
	case VALUE_PROPAGATION:
	case VALUE_OUTPUT:
	case VALUE_RESTRICTOR:
		break;
	}
	return flag->what; /* it names the choices */
}

/* --- the line ----------------------------------------------------------------------------------------------------- */

struct line {
	int argc;
	char **argv;
	int at;
	struct options *options;
};

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
	       err_set(err, ERR_INPUT, "--%s: '%.100s' is not a %s: %s", flag->name, value, flag->operand, wanted(flag));
}

static bool take_long(struct line *line, const char *text, struct err *err)
{
	const char *mark = strchr(text, '=');
	size_t len = mark ? (size_t)(mark - text) : strlen(text);
	enum command command = line->options->command;
	const struct flag *flag = flag_named(text, len, command);
	if (!flag) {
		return err_set(err, ERR_INPUT, "unknown flag --%.*s; see plumb %s --help", (int)(len > 60 ? 60 : len), text,
		               command_row_of(command)->name);
	}
	return take_flag(line, flag, mark ? mark + 1 : NULL, err);
}

static bool take_short(struct line *line, const char *text, struct err *err)
{
	const struct flag *flag = flag_lettered(text[0], line->options->command);
	if (!flag) {
		return err_set(err, ERR_INPUT, "unknown flag -%c; see plumb %s --help", text[0],
		               command_row_of(line->options->command)->name);
	}
	const char *value = text[1] ? text + 1 + (text[1] == '=') : NULL;
	return take_flag(line, flag, value, err);
}

static bool take_argument(struct line *line, const char *text, struct err *err)
{
	struct options *options = line->options;
	const struct command_row *row = command_row_of(options->command);
	const char **into = row->argument == ARGUMENT_NAME ? &options->cycle.name : &options->argument;
	if (row->argument == ARGUMENT_NONE || *into || !*text) {
		return err_set(err, ERR_INPUT, "unexpected argument '%.100s'; see plumb %s --help", text, row->name);
	}
	*into = text;
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
	const struct command_row *row = command_row_of(options->command);
	bool lacks_repo = (options->command & ON_PLAN) != 0 && !cycle->source.url;
	bool lacks_name = !(options->command & (COMMAND_RENDER | COMMAND_AGENT)) && !cycle->name;
	if (lacks_repo || lacks_name) {
		const char *name = row->argument == ARGUMENT_NAME ? "NAME" : "--name";
		return err_set(err, ERR_INPUT, "%s%s%s %s missing; see plumb %s --help", lacks_repo ? "--repo" : "",
		               lacks_repo && lacks_name ? " and " : "", lacks_name ? name : "", lacks_repo && lacks_name ? "are" : "is",
		               row->name);
	}
	if (cycle->name && !is_label(cycle->name, SYNCSPEC_NAME_MAX)) {
		return err_set(err, ERR_INPUT, "--name: '%.60s' is no name: lower case letters, digits and '-', at most %d", cycle->name,
		               SYNCSPEC_NAME_MAX);
	}
	if (cycle->ns && !is_label(cycle->ns, LABEL_MAX_LEN)) {
		return err_set(err, ERR_INPUT, "--namespace: '%.70s' is no name of a namespace", cycle->ns);
	}
	return true;
}

static bool check_commit(const struct options *options, struct err *err)
{
	const char *commit = options->commit;
	size_t len = commit ? strlen(commit) : COMMIT_LEN;
	if (commit && (len < COMMIT_LEAST || len > COMMIT_LEN || strspn(commit, "0123456789abcdef") != len)) {
		return err_set(err, ERR_INPUT, "--commit: '%.60s' is no commit id: %d to %d hexadecimal digits", commit, COMMIT_LEAST,
		               COMMIT_LEN);
	}
	return true;
}

/* Behind a file, which may say it too. */
static void set_defaults(struct options *options)
{
	struct cycle_options *cycle = &options->cycle;
	cycle->timeout = cycle->timeout == NOT_GIVEN ? DEFAULT_TIMEOUT : cycle->timeout;
	cycle->take_over = options->take_over;
	cycle->only_looks = options->command == COMMAND_DIFF;
}

static bool check_render(const struct options *options, struct err *err)
{
	if (options->root && !options->argument) {
		return err_set(err, ERR_INPUT, "--root goes with render DIR");
	}
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

static bool unknown_command(const char *given, struct err *err)
{
	CLEANUP(text_freep) char *names = command_names();
	return given ? err_set(err, ERR_INPUT, "unknown command '%.60s': %s; see plumb --help", given, names)
	             : err_set(err, ERR_INPUT, "a command is missing: %s; see plumb --help", names);
}

bool options_parse(int argc, char **argv, struct options *out, struct err *err)
{
	*out = (struct options){
		.cycle = { .prune_limit = -1, .timeout = NOT_GIVEN, .verify_interval = DEFAULT_VERIFY, .access.allow_exec = true },
	};
	const char *first = argc > 1 ? argv[1] : NULL;
	if (!first) {
		return unknown_command(NULL, err);
	}
	out->help = strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0;
	out->version = strcmp(first, "--version") == 0 || strcmp(first, "version") == 0;
	if (out->help || out->version) {
		return true;
	}
	const struct command_row *row = command_named(first);
	if (!row) {
		return unknown_command(first, err);
	}
	out->command = row->command;
	out->run = row->run;
	struct line line = { .argc = argc, .argv = argv, .at = 2, .options = out };
	if (!take_all(&line, err)) {
		return false;
	}
	if (out->help) {
		return true;
	}
	if (out->file && !options_load_file(out, err)) {
		return false;
	}
	set_defaults(out);
	return check_names(out, err) && check_render(out, err) && check_commit(out, err) && read_secrets(out, err);
}

void options_release(struct options *options)
{
	secret_release(&options->cycle.source.password);
	secret_release(&options->cycle.source.token);
	free(options->take_over);
	syncspec_release(&options->spec);
	problems_release(&options->problems);
	*options = (struct options){ 0 };
}
