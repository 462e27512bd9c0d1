/*
 * What the command line says. Strings are borrowed from argv; secrets are read from files or the environment, never
 * from argv.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent.h"
#include "render/base/err.h"
#include "render/problems.h"
#include "sync/cycle.h"
#include "sync/syncspec.h"

enum command {
	COMMAND_NONE,
	COMMAND_SYNC = 1,
	COMMAND_DIFF = 2,
	COMMAND_RENDER = 4,
	COMMAND_STATUS = 8,
	COMMAND_HISTORY = 16,
	COMMAND_WAIT = 32,
	COMMAND_SUSPEND = 64,
	COMMAND_RESUME = 128,
	COMMAND_RECONCILE = 256,
	COMMAND_AGENT = 512,
};

struct options {
	enum command command;
	struct cycle_options cycle;
	int (*run)(const struct options *options); /* the command */
	const char *argument;                      /* DIR of render, deployment/NAME of history; NULL if none */
	bool json;
	bool quiet;
	bool help;
	bool version;
	const char **take_over; /* what cycle.take_over points to */
	const char *password_file;
	const char *token_file;
	bool kustomize;           /* DIR of render must be a kustomization */
	const char *root;         /* of render DIR: nothing outside is read; NULL if not given */
	const char *file;         /* -f; NULL if none */
	struct syncspec spec;     /* what it holds; cycle borrows from it */
	struct problems problems; /* what is wrong with it */
	const char *commit;       /* of wait; NULL if none */
	int64_t suspend_for;      /* milliseconds; 0: until resumed */
	struct agent_options agent;
	bool elect; /* --leader-elect, --no-leader-elect */
	bool elect_not;
};

/*
 * Parses and checks; reads the file of -f (what is wrong there stands in `problems`, and err sums it up) and the secrets that
 * the flags and PLUMB_GIT_TOKEN give. ERR_INPUT: the usage is wrong. With help or version set nothing else is to be done.
 */
bool options_parse(int argc, char **argv, struct options *out, struct err *err) MUST_CHECK;
void options_release(struct options *options);

/* The text of --help; COMMAND_NONE: of the program. free() it. */
char *options_help(enum command command);

#endif
