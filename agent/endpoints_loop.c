#include "agent/endpoints_impl.h"

static void turn(void *context)
{
	struct endpoints *endpoints = context;
	endpoints_run(endpoints);
	int64_t due = endpoints_due(endpoints);
	if (due == INT64_MAX) {
		loop_timer_clear(endpoints->loop, &endpoints->timer);
	} else {
		loop_timer_set(endpoints->loop, &endpoints->timer, due);
	}
}

void endpoints_attach(struct endpoints *endpoints, struct loop *loop)
{
	endpoints->loop = loop;
	endpoints->timer = (struct loop_timer){ .fire = turn, .context = endpoints };
	loop_add_fd(loop, endpoints->fd, turn, endpoints);
}

void endpoints_detach(struct endpoints *endpoints)
{
	if (endpoints->loop) {
		loop_timer_clear(endpoints->loop, &endpoints->timer);
		loop_remove_fd(endpoints->loop, endpoints->fd);
		endpoints->loop = NULL;
	}
}
