#include "render/files.h"

#include <stdlib.h>

void files_entries_release(struct files_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++) {
		free(entries->items[i].name);
	}
	free(entries->items);
	*entries = (struct files_entries){ 0 };
}

void files_freep(struct files **files)
{
	files_free(*files);
	*files = NULL;
}
