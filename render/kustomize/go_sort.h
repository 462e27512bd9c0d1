/*
 * Go's sort.Sort (pattern-defeating quicksort, of Go 1.19 on), comparison for comparison: it is not stable, and in which order it
 * leaves what is equal decides in which order upstream makes fields.
 */
#ifndef RENDER_KUSTOMIZE_GO_SORT_H
#define RENDER_KUSTOMIZE_GO_SORT_H

#include <stddef.h>

/* Below 0 where the first is less; what is equal may give anything else. */
typedef int go_sort_compare(const void *a, const void *b);

/* `spare` has room for one item. */
void go_sort(void *items, size_t count, size_t size, go_sort_compare *compare, void *spare);

#endif
