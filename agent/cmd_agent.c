#include "agent/agent.h"
#include "agent/commands.h"
#include "agent/output.h"

int command_agent(const struct options *options)
{
	struct agent_options agent = options->agent;
	struct err err = ERR_INIT;
	agent.access = options->cycle.access;
	agent.ns = options->cycle.ns;
	agent.store = options->cycle.store;
	agent.verify_interval = options->cycle.verify_interval;
	agent.leader_elect = options->elect ? 1 : options->elect_not ? 0 : -1;
	int code = agent_run(&agent, &err);
	if (err.kind != ERR_NONE) {
		output_error(err.msg);
	}
	return code;
}
