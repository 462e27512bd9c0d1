/*
 * The version of this program.
 */
#ifndef AGENT_VERSION_H
#define AGENT_VERSION_H

const char *plumb_version(void);

#endif
