/*
 * Shared by the files of prepare.h only.
 */
#ifndef SYNC_PREPARE_IMPL_H
#define SYNC_PREPARE_IMPL_H

#include "sync/prepare.h"

/* Opens the clients and learns what the server serves. */
bool prepare_connect(struct prepared *prepared);

/* prepare_connect; then, whether a live Sync resource has the name. */
bool prepare_reach(struct prepared *prepared);

/* What another sync read of what is served is asked for anew where it lacks a kind of the desired objects or the inventory. */
bool prepare_freshen(struct prepared *prepared);

/* Frees what prepare_reach and all that follows made. */
void prepare_unreach(struct prepared *prepared);

/* What prepare_lists and prepare_lives asked for. */
void wishes_freep(struct wishes **wishes);

/*
 * Reads what the server has of the inventory's kinds, by label: the part of prepare_lives that needs no desired objects. What it
 * finds beyond the inventory may be desired, or not: prepare_lives, which has to follow, decides.
 */
bool prepare_lists(struct prepared *prepared);

/*
 * Reads what the server has of the desired objects and the inventory's into prepared->lives: label lists first, then by
 * name, or a list of a kind and namespace where many are missing, what the lists lack (its label may have been taken
 * away). Where a list is denied, by name (safety rule 29); kinds that cannot be told about are noted in `unsure`.
 */
bool prepare_lives(struct prepared *prepared);

/* Reads the ledger, and a copy of its inventory. */
bool prepare_ledger(struct prepared *prepared);

/* Whether the drift holds the documents of all desired objects that have none. */
bool prepare_holds(const struct prepared *prepared);

/* Marks the desired objects that are known; `any` false: none is. The others have their documents then. */
void prepare_known(struct prepared *prepared, bool any);

/* A plan of all, from ledger and live objects. */
bool prepare_whole(struct prepared *prepared);

/*
 * Reads the desired objects by name into prepared->lives: of an event nobody knows whether the object was deleted or only lost
 * its label. One that may not be read is an error.
 */
bool prepare_named(struct prepared *prepared);

/* A plan of the desired objects alone, which are a part of what Git has, from ledger and live objects. */
bool prepare_part(struct prepared *prepared);

/* Frees what prepare_ledger, prepare_lives and the plan made. */
void prepare_forget(struct prepared *prepared);

/* Every namespace of the desired objects must be there or be among them: said before anything is written. */
bool prepare_namespaces(struct prepared *prepared);

#endif
