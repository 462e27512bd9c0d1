/*
 * Who holds a lease: "HOST/BOOT/PID/START", so that another process of the same machine can tell whether it is gone.
 */
#ifndef SYNC_HOLDER_H
#define SYNC_HOLDER_H

#include <stdbool.h>

/* This process; free() it. */
char *holder_self(void);

/* True only where the holder was a process of this boot and PID namespace, and is no more. */
bool holder_is_gone(const char *holder);

#endif
