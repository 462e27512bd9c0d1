#include "agent/version.h"

const char *plumb_version(void)
{
	return PLUMB_VERSION;
}
