/*
 * Folders of cases: one JSON file a case. Included as a source file (case_file.c) by the tests that use it.
 */
#ifndef TESTS_UNIT_CASE_FILE_H
#define TESTS_UNIT_CASE_FILE_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* How many *.json the folder has; fails the run where it has none. */
size_t case_count(const char *folder);

/* Name of the index-th, in byte order; static until the next call. */
const char *case_name(const char *folder, size_t index);

/* The case, cJSON_Delete it; fails the test where it does not parse. Its name is printed, so that a failure tells it. */
cJSON *case_read(const char *folder, const char *name);

#endif
