#include "sync/git/remote.h"
struct remote *remote_smart_new(const struct remote_options *options, struct err *err)
{
	(void)options;
	(void)err_set(err, ERR_INPUT, "not yet");
	return NULL;
}
