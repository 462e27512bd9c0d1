/*
 * Shared by the files of prepare.h only.
 */
#ifndef SYNC_PREPARE_IMPL_H
#define SYNC_PREPARE_IMPL_H

#include "sync/prepare.h"

/* Opens the clients and learns what the server serves. */
bool prepare_connect(struct prepared *prepared);

/*
 * Reads what the server has of the desired objects and the inventory's into prepared->lives: label lists first, then by
 * name, or a list of a kind and namespace where many are missing, what the lists lack (its label may have been taken
 * away). Where a list is denied, by name (safety rule 29); kinds that cannot be told about are noted in `unsure`.
 */
bool prepare_lives(struct prepared *prepared);

/* Every namespace of the desired objects must be there or be among them: said before anything is written. */
bool prepare_namespaces(struct prepared *prepared);

#endif
