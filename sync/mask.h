/*
 * Hides the values of Secrets before a diff shows them, as kubectl's diff does (pkg/cmd/diff Masker), and more: kubectl shows
 * stringData and the last applied configuration.
 */
#ifndef SYNC_MASK_H
#define SYNC_MASK_H

#include <cjson/cJSON.h>

/*
 * Does nothing where neither is a Secret; NULL is an object that is not there. Replaces each value under data and stringData
 * by "***" where both sides are equal or only one has it, else by "*** (before)" and "*** (after)"; likewise the annotations
 * that hold a copy of the object (last-applied-configuration, and any other whose text is JSON).
 */
void mask_secrets(cJSON *before, cJSON *after);

#endif
