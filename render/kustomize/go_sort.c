#include "render/kustomize/go_sort.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { INSERTION_MOST = 12, PATTERNS_LEAST = 8, NINTHER_LEAST = 50, SHIFTING_LEAST = 50, SHIFTS_MOST = 5, SWAPS_MOST = 12 };

struct sort {
	char *items;
	size_t size;
	go_sort_compare *compare;
	void *spare;
};

static bool less(const struct sort *sort, size_t a, size_t b)
{
	return sort->compare(sort->items + a * sort->size, sort->items + b * sort->size) < 0;
}

static void swap(const struct sort *sort, size_t a, size_t b)
{
	char *left = sort->items + a * sort->size;
	char *right = sort->items + b * sort->size;
	if (left != right) {
		memcpy(sort->spare, left, sort->size);
		memcpy(left, right, sort->size);
		memcpy(right, sort->spare, sort->size);
	}
}

static void insertion(const struct sort *sort, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		for (size_t j = i; j > from && less(sort, j, j - 1); j--) {
			swap(sort, j, j - 1);
		}
	}
}

/* --- heap sort, where the pivots stay bad ------------------------------------------------------------------------- */

static void sift_down(const struct sort *sort, size_t root, size_t to, size_t first)
{
	for (size_t child; (child = 2 * root + 1) < to; root = child) {
		child += child + 1 < to && less(sort, first + child, first + child + 1);
		if (!less(sort, first + root, first + child)) {
			return;
		}
		swap(sort, first + root, first + child);
	}
}

static void heap(const struct sort *sort, size_t from, size_t to)
{
	size_t count = to - from;
	for (size_t i = (count - 1) / 2 + 1; i > 0; i--) {
		sift_down(sort, i - 1, count, from);
	}
	for (size_t i = count; i > 0; i--) {
		swap(sort, from, from + i - 1);
		sift_down(sort, 0, i - 1, from);
	}
}

/* --- pivots ------------------------------------------------------------------------------------------------------- */

enum hint { HINT_NONE, HINT_INCREASING, HINT_DECREASING };

static void order_two(const struct sort *sort, size_t *a, size_t *b, unsigned *swaps)
{
	if (less(sort, *b, *a)) {
		size_t first = *a;
		*a = *b;
		*b = first;
		++*swaps;
	}
}

static size_t median(const struct sort *sort, size_t a, size_t b, size_t c, unsigned *swaps)
{
	order_two(sort, &a, &b, swaps);
	order_two(sort, &b, &c, swaps);
	order_two(sort, &a, &b, swaps);
	return b;
}

static size_t choose_pivot(const struct sort *sort, size_t from, size_t to, enum hint *hint)
{
	size_t quarter = (to - from) / 4;
	size_t at[] = { from + quarter, from + 2 * quarter, from + 3 * quarter };
	unsigned swaps = 0;
	for (size_t i = 0; to - from >= NINTHER_LEAST && i < 3; i++) {
		at[i] = median(sort, at[i] - 1, at[i], at[i] + 1, &swaps);
	}
	size_t pivot = median(sort, at[0], at[1], at[2], &swaps);
	*hint = swaps == 0 ? HINT_INCREASING : swaps == SWAPS_MOST ? HINT_DECREASING : HINT_NONE;
	return pivot;
}

static unsigned bits(size_t number)
{
	unsigned count = 0;
	for (; number; number >>= 1) {
		count++;
	}
	return count;
}

/* Go's random numbers are the same for the same length. */
static void break_patterns(const struct sort *sort, size_t from, size_t to)
{
	size_t count = to - from;
	if (count < PATTERNS_LEAST) {
		return;
	}
	uint64_t random = count;
	uint64_t mask = ((uint64_t)1 << bits(count)) - 1;
	size_t middle = from + count / 4 * 2;
	for (size_t i = middle - 1; i <= middle + 1; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		size_t other = (size_t)(random & mask);
		swap(sort, i, from + (other >= count ? other - count : other));
	}
}

/* --- partitions --------------------------------------------------------------------------------------------------- */

/* Less than the pivot, the pivot, the others; where the pivot is then. */
static size_t partition(const struct sort *sort, size_t from, size_t to, size_t pivot, bool *was)
{
	swap(sort, from, pivot);
	size_t i = from + 1;
	size_t j = to - 1;
	*was = true;
	for (;;) {
		while (i <= j && less(sort, i, from)) {
			i++;
		}
		while (i <= j && !less(sort, j, from)) {
			j--;
		}
		if (i > j) {
			break;
		}
		*was = false;
		swap(sort, i++, j--);
	}
	swap(sort, j, from);
	return j;
}

/* Nothing is less than the pivot: what is equal, then the others; where these begin. */
static size_t partition_equal(const struct sort *sort, size_t from, size_t to, size_t pivot)
{
	swap(sort, from, pivot);
	size_t i = from + 1;
	size_t j = to - 1;
	for (;;) {
		while (i <= j && !less(sort, from, i)) {
			i++;
		}
		while (i <= j && less(sort, from, j)) {
			j--;
		}
		if (i > j) {
			return i;
		}
		swap(sort, i++, j--);
	}
}

/* The one at `at` and the one before it, which are in the wrong order: each to its side, as far as it is out of order. */
static void shift_both(const struct sort *sort, size_t from, size_t to, size_t at)
{
	swap(sort, at, at - 1);
	for (size_t j = at - 1; at - from >= 2 && j >= 1 && less(sort, j, j - 1); j--) {
		swap(sort, j, j - 1);
	}
	for (size_t j = at + 1; to - at >= 2 && j < to && less(sort, j, j - 1); j++) {
		swap(sort, j, j - 1);
	}
}

/* Whether all is in order after a few shifts. */
static bool insertion_is_enough(const struct sort *sort, size_t from, size_t to)
{
	size_t i = from + 1;
	for (unsigned shifts = 0; shifts < SHIFTS_MOST; shifts++) {
		while (i < to && !less(sort, i, i - 1)) {
			i++;
		}
		if (i == to) {
			return true;
		}
		if (to - from < SHIFTING_LEAST) {
			return false;
		}
		shift_both(sort, from, to, i);
	}
	return false;
}

static void reverse(const struct sort *sort, size_t from, size_t to)
{
	for (; from + 1 < to; from++, to--) {
		swap(sort, from, to - 1);
	}
}

/* --- the sort ----------------------------------------------------------------------------------------------------- */

/* `limit` is how many unbalanced partitions are suffered. */
static void quick(const struct sort *sort, size_t from, size_t to, unsigned limit)
{
	bool balanced = true;
	bool partitioned = true;
	while (to - from > INSERTION_MOST) {
		if (limit == 0) {
			heap(sort, from, to);
			return;
		}
		if (!balanced) {
			break_patterns(sort, from, to);
			limit--;
		}
		enum hint hint;
		size_t pivot = choose_pivot(sort, from, to, &hint);
		if (hint == HINT_DECREASING) {
			reverse(sort, from, to);
			pivot = to - 1 - (pivot - from);
		}
		if (balanced && partitioned && hint != HINT_NONE && insertion_is_enough(sort, from, to)) {
			return;
		}
		if (from > 0 && !less(sort, from - 1, pivot)) {
			from = partition_equal(sort, from, to, pivot);
			continue;
		}
		size_t count = to - from;
		size_t middle = partition(sort, from, to, pivot, &partitioned);
		bool left = middle - from < to - middle;
		balanced = (left ? middle - from : to - middle) >= count / 8;
		quick(sort, left ? from : middle + 1, left ? middle : to, limit);
		*(left ? &from : &to) = left ? middle + 1 : middle;
	}
	insertion(sort, from, to);
}

void go_sort(void *items, size_t count, size_t size, go_sort_compare *compare, void *spare)
{
	const struct sort sort = { items, size, compare, spare };
	if (count > 1) {
		quick(&sort, 0, count, bits(count));
	}
}
