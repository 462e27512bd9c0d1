/*
 * The Sync that -f names. It says what the flags would say; what only an agent can do with it is warned of.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/options_impl.h"
#include "agent/output.h"

/* The document says it: a flag beside it would leave open which counts. */
static bool check_doubles(const struct options *options, struct err *err)
{
	const struct cycle_options *cycle = &options->cycle;
	const struct {
		const char *flag;
		const char *value;
	} flags[] = {
		{ "--repo", cycle->source.url },
		{ "--ref", cycle->ref },
		{ "--path", cycle->path },
		{ "--name", cycle->name },
		{ "DIR", options->command == COMMAND_RENDER ? options->argument : NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (flags[i].value) {
			return err_set(err, ERR_INPUT, "%s stands in '%s': give one of both", flags[i].flag, options->file);
		}
	}
	return true;
}

static bool check_namespace(const struct options *options, struct err *err)
{
	const char *given = options->cycle.ns;
	const char *ns = options->spec.ns;
	if (given && *ns && strcmp(given, ns) != 0) {
		return err_set(err, ERR_INPUT, "--namespace %.63s: '%s' says metadata.namespace %s", given, options->file, ns);
	}
	return true;
}

static void warn(const struct options *options)
{
	const struct syncspec *spec = &options->spec;
	bool given = getenv("PLUMB_GIT_TOKEN") || options->password_file || options->token_file || options->cycle.source.ca_file;
	if (!(options->command & (COMMAND_SYNC | COMMAND_DIFF))) {
		return;
	}
	if (spec->service_account) {
		output_warning("spec.serviceAccountName is the agent's: here objects are applied with your own rights");
	}
	if (spec->secret && !given) {
		output_warning("spec.source.secretRef is the agent's: credentials are given by --git-token-file, or --git-username with "
		               "--git-password-file");
	}
}

bool options_load_file(struct options *options, struct err *err)
{
	struct cycle_options *cycle = &options->cycle;
	if (!check_doubles(options, err)) {
		return false;
	}
	if (!syncspec_load(options->file, &options->spec, &options->problems)) {
		return err_set(err, ERR_INPUT, "'%s' is not the document of a Sync", options->file);
	}
	if (!check_namespace(options, err)) {
		return false;
	}
	bool prune = cycle->prune;
	bool wait = cycle->wait;
	int64_t timeout = cycle->timeout;
	syncspec_options(&options->spec, cycle);
	cycle->prune = cycle->prune || prune;
	cycle->wait = (cycle->wait || wait) && options->command != COMMAND_DIFF;
	cycle->timeout = timeout >= 0 ? timeout : cycle->timeout;
	warn(options);
	return true;
}
