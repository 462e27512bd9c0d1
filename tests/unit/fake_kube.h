/*
 * An API server in memory behind `struct kube`, as much of it as the unit tests need: objects by path, label selectors, resource
 * versions and preconditions, ControllerRevisions whose data cannot change, and faults. Include the .c file in one test.
 */
#ifndef TESTS_UNIT_FAKE_KUBE_H
#define TESTS_UNIT_FAKE_KUBE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/base/map.h"
#include "sync/kube/kube.h"

struct fake_kube {
	struct kube kube;   /* first: the table is cast back */
	struct map objects; /* path -> cJSON, NULL once deleted */
	struct kube_call **queue;
	size_t queued;
	char **log; /* "POST /apis/..." of every request that arrived or was dropped */
	size_t log_count;
	unsigned version;    /* of resources */
	int drop_from;       /* requests from this number on, from 0, never arrive; -1: none */
	int lose_answer;     /* the request of this number arrives, its answer does not; -1: none */
	const char *deny[4]; /* "METHOD part-of-path": answered with 403 */
	bool applies;        /* a server-side apply makes what is missing, and its manager alone owns what it says; else it merges */
	/* Called before a request is served; may change objects. */
	void (*before)(struct fake_kube *fake, const struct kube_call *call, void *context);
	void *context;
};

struct fake_kube *fake_kube_new(void);
void fake_kube_free(struct fake_kube *fake);

/* The stored object, borrowed, or NULL. */
cJSON *fake_kube_get(const struct fake_kube *fake, const char *path);

/* Stores the object that the JSON text is, under its path; a missing uid and creationTimestamp are added. */
cJSON *fake_kube_put(struct fake_kube *fake, const char *path, const char *json);
void fake_kube_remove(struct fake_kube *fake, const char *path);

/* Objects whose path holds `part`. */
size_t fake_kube_count(const struct fake_kube *fake, const char *part);

/* Requests since the last call of fake_kube_forget whose "METHOD path" begins with `start`; "" for all. */
size_t fake_kube_requests(const struct fake_kube *fake, const char *start);
void fake_kube_forget(struct fake_kube *fake);

#endif
