#include "sync/git/patience.h"

const struct fetch_patience fetch_patience = { .connect = 30000, .stall = 60000 };
