/*
 * How long the API server may take, in milliseconds. They stand in a file of their own so that a test can put others in their place
 * when it is linked: under valgrind, on a busy machine, TLS alone takes longer.
 */
#ifndef SYNC_KUBE_PATIENCE_H
#define SYNC_KUBE_PATIENCE_H

#include <stdint.h>

struct kube_patience {
	int64_t connect; /* until a connection stands */
	int64_t call;    /* all tries of a call that says no time of its own */
	int64_t page;    /* of a list, before it is watched */
};

extern const struct kube_patience kube_patience;

#endif
