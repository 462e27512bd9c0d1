#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "agent/version.h"

/* The signal that came first; what runs looks at it between its steps. */
static volatile int stopped;

static void stop(int number)
{
	if (stopped) {
		/* A second one means it. */
		(void)signal(number, SIG_DFL);
		(void)raise(number);
	}
	stopped = number;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	/* Servers that hang up are errors, not deaths. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

static int run(const struct options *options)
{
	switch (options->command) {
	case COMMAND_SYNC:
		return command_sync(options);
	case COMMAND_DIFF:
		return command_diff(options);
	case COMMAND_RENDER:
		return command_render(options);
	case COMMAND_STATUS:
		return command_status(options);
	case COMMAND_HISTORY:
		return command_history(options);
	case COMMAND_NONE:
		break;
	}
	return 2;
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = ERR_INIT;
	int code = 2;
	catch_signals();
	if (!options_parse(argc, argv, &options, &err)) {
		output_error(err.msg);
	} else if (options.help) {
		char *text = options_help(options.command);
		code = output_text(text) ? 0 : 1;
		free(text);
	} else if (options.version) {
		code = printf("plumb %s\n", plumb_version()) > 0 ? 0 : 1;
	} else {
		options.cycle.stop = &stopped;
		code = run(&options);
	}
	options_release(&options);
	return code;
}
