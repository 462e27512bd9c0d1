/*
 * The known word that somebody may have meant: "did you mean 'namePrefix'?"
 */
#ifndef RENDER_BASE_NEAR_H
#define RENDER_BASE_NEAR_H

#include <stddef.h>

/*
 * The nearest of the words by Levenshtein's distance, upper and lower case taken as one; NULL where none is near: more than one
 * change, and more than a third of its letters. Of equally near ones the first. Borrowed from `words`.
 */
const char *near_word(const char *word, const char *const *words, size_t count);

/* How many letters are to be changed, added or taken away; SIZE_MAX where one of the words is longer than 63 letters. */
size_t near_distance(const char *a, const char *b);

#endif
