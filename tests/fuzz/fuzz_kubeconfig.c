#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sync/kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two files, split at a NUL. No file that they name is read, no plugin runs. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t first = size ? strnlen(text, size) : 0;
	size_t second = first < size ? first + 1 : first;
	struct kubeconfig files = KUBECONFIG_INIT;
	struct kube_config config = { 0 };
	struct kubeconfig_paths paths = { 0 };
	struct err err = ERR_INIT;
	struct kube_config_options options = { .allow_exec = true };
	if (kubeconfig_add(&files, "/a/config", text, first, &err) &&
	    kubeconfig_add(&files, "b", text + second, size - second, &err) &&
	    kubeconfig_decode(&files, &options, &config, &paths, &err)) {
		if (!config.server || !config.ns || strncmp(config.server, "https://", 8) != 0) {
			abort();
		}
		kube_config_release(&config);
		kubeconfig_paths_release(&paths);
	} else if (err.kind == ERR_NONE) {
		abort();
	}
	kubeconfig_release(&files);
	return 0;
}
