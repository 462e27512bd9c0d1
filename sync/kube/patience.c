#include "sync/kube/patience.h"

const struct kube_patience kube_patience = { .connect = 10000, .call = 30000, .page = 60000 };
