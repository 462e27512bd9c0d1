/*
 * Shared by the files of health: filling in a report.
 */
#ifndef SYNC_HEALTH_INTERNAL_H
#define SYNC_HEALTH_INTERNAL_H

#include "sync/health.h"

/* The whole report; the message becomes one line that ends at a whole character. Reason and message may be NULL. */
void health_set(struct health_report *out, enum health health, const char *reason, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The condition of that type in status.conditions; NULL where absent. */
const cJSON *health_condition(const cJSON *object, const char *type);

/* Whether the condition is there with that status: "True", "False", "Unknown". */
bool health_condition_is(const cJSON *object, const char *type, const char *status);

/* Seconds since the time that stands at path; 0 where it cannot be read. */
int64_t health_age(const cJSON *doc, const char *path);

/* kstatus' rules by kind. */
void health_deployment(const cJSON *object, struct health_report *out);
void health_replicaset(const cJSON *object, struct health_report *out);
void health_statefulset(const cJSON *object, struct health_report *out);
void health_daemonset(const cJSON *object, struct health_report *out);
void health_job(const cJSON *object, struct health_report *out);
void health_bare_pod(const cJSON *object, struct health_report *out);

#endif
