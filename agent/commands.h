/*
 * The subcommands. Each returns the exit code, having printed everything: results to standard output, the rest to
 * standard error.
 */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

#include "agent/options.h"

int command_sync(const struct options *options);
int command_diff(const struct options *options);
int command_render(const struct options *options);
int command_status(const struct options *options);
int command_history(const struct options *options);
int command_wait(const struct options *options);
int command_suspend(const struct options *options);
int command_resume(const struct options *options);
int command_reconcile(const struct options *options);

int command_agent(const struct options *options);

#endif
