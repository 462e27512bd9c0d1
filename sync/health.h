/*
 * Is this object healthy, still moving, or stuck: kstatus' rules (cli-utils pkg/kstatus/status), pure functions of the object,
 * one table row a kind. Where kstatus would read an old status as success, the observed generation must have arrived.
 */
#ifndef SYNC_HEALTH_H
#define SYNC_HEALTH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum health { HEALTH_CURRENT, HEALTH_PROGRESSING, HEALTH_PAUSED, HEALTH_FAILED, HEALTH_TERMINATING };

const char *health_text(enum health health);

struct health_report {
	enum health health;
	char reason[64];   /* "ProgressDeadlineExceeded", "MinimumReplicasUnavailable"; "" for none */
	char message[256]; /* "3 of 5 updated"; one line */
};

/* `generation` is what the apply answered (0: none): an observedGeneration below it is PROGRESSING. */
void health_of(const cJSON *object, int64_t generation, struct health_report *out);

/* The pods' own reason for not being ready: ImagePullBackOff, CrashLoopBackOff, Unschedulable...; false when there is none. */
bool health_of_pod(const cJSON *pod, struct health_report *out);

#endif
