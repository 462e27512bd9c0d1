/*
 * Shared by the files of options.h only: the tables of commands and flags.
 */
#ifndef AGENT_OPTIONS_IMPL_H
#define AGENT_OPTIONS_IMPL_H

#include <stddef.h>

#include "agent/options.h"

enum argument { ARGUMENT_NONE, ARGUMENT_MAY, ARGUMENT_NAME }; /* ARGUMENT_NAME: the Sync's, instead of --name */

struct command_row {
	const char *name;
	enum command command;
	enum argument argument;
	const char *arguments;
	const char *what;
	int (*run)(const struct options *options);
};

enum value {
	VALUE_NONE,
	VALUE_TEXT,
	VALUE_DURATION,
	VALUE_PERCENT,
	VALUE_COUNT,
	VALUE_PROPAGATION,
	VALUE_OUTPUT,
	VALUE_LIST,
	VALUE_MAYBE,
	VALUE_RESTRICTOR
};

struct flag {
	const char *name;
	char letter;
	enum value value;
	unsigned commands;
	size_t at;           /* in struct options */
	const char *operand; /* NULL for switches */
	const char *what;
};

/* NULL where there is none. */
const struct command_row *command_named(const char *name);
const struct command_row *command_row_of(enum command command);

/* "sync, diff, ..."; free() it. */
char *command_names(void);

/* A flag of the command; NULL where it has none of that name. */
const struct flag *flag_named(const char *name, size_t len, enum command command);
const struct flag *flag_lettered(char letter, enum command command);

/* -f: what the document says becomes options, beside what flags say. */
bool options_load_file(struct options *options, struct err *err) MUST_CHECK;

#endif
