/*
 * Shared by the files of syncspec.h only.
 */
#ifndef SYNC_SYNCSPEC_IMPL_H
#define SYNC_SYNCSPEC_IMPL_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "render/base/err.h"

/* What a text may be; false and err say what it has to be. The schema of deploy/crd says the same. */
typedef bool syncspec_check(const char *text, struct err *err);

syncspec_check check_url;
syncspec_check check_ref_name; /* branch or tag */
syncspec_check check_commit;
syncspec_check check_path;
syncspec_check check_sync_name; /* a DNS label of at most SYNCSPEC_NAME_MAX */
syncspec_check check_label;     /* a DNS label: a namespace */
syncspec_check check_subdomain; /* the name of a Secret or ServiceAccount */
syncspec_check check_some;      /* not empty, at most 253 bytes */
syncspec_check check_group;     /* at most 253 bytes */

/* plumb.dev/suspend-until of the metadata, seconds since 1970; 0: none; INT64_MAX: a text that is no time. */
int64_t syncspec_until(const cJSON *metadata);

#endif
