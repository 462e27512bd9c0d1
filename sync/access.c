#include "sync/access.h"

#include "render/base/buf.h"

struct kube *access_open(const struct kube_config_options *options, const char *ns, const struct kube_options *more,
                         char **out_ns, struct err *err)
{
	struct kube_config config = { 0 };
	if (!kube_config_load(options, &config, err)) {
		return NULL;
	}
	char *chosen = text_dup(ns ? ns : config.ns ? config.ns : "default");
	struct kube_options settings = *more;
	settings.user_agent = "plumb/" PLUMB_VERSION;
	struct kube *kube = kube_open(&config, &settings, err);
	if (kube) {
		text_set(out_ns, chosen);
	}
	text_freep(&chosen);
	return kube;
}
