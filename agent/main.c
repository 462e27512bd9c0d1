#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "agent/version.h"

/* The signal that came first; what runs looks at it between its steps. */
static atomic_int stopped;

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

/* Of a file that -f names all that is wrong, else the one error. */
static void tell(const struct options *options, const struct err *err)
{
	for (size_t i = 0; i < options->problems.count; i++) {
		output_error(options->problems.items[i].text);
	}
	if (!options->problems.count) {
		output_error(err->msg);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = ERR_INIT;
	int code = 2;
	catch_signals();
	if (!options_parse(argc, argv, &options, &err)) {
		tell(&options, &err);
	} else if (options.help) {
		char *text = options_help(options.command);
		code = output_text(text) ? 0 : 7;
		free(text);
	} else if (options.version) {
		CLEANUP(text_freep) char *text = text_printf("plumb %s\n", plumb_version());
		code = output_text(text) ? 0 : 7;
	} else {
		options.cycle.stop = &stopped;
		code = options.run(&options);
	}
	options_release(&options);
	return code;
}
