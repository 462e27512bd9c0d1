/*
 * The rules of ignore files, in gitignore(5)'s syntax and with Git's own reading of it (dir.c, wildmatch.c), case-sensitive.
 * A link to a directory counts as a directory, other than in Git.
 *
 * Who walks a tree asks the rules of the deepest directory first and does not enter directories that are ignored; so
 * nothing in them can be taken back in.
 */
#ifndef RENDER_IGNORE_H
#define RENDER_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

enum ignore_verdict {
	IGNORE_UNSAID,
	IGNORE_OUT, /* left out */
	IGNORE_IN,  /* taken back in by a rule with '!' */
};

struct ignore_rule;

/* The rules of one directory; a later rule beats an earlier one. */
struct ignore_rules {
	struct ignore_rule *items;
	size_t count;
	size_t cap;
};

#define IGNORE_RULES_INIT ((struct ignore_rules){ 0 })

void ignore_rules_release(struct ignore_rules *rules);

/* Adds the rules of an ignore file behind those that are there. There are no errors: a rule that makes no sense never matches. */
void ignore_rules_add(struct ignore_rules *rules, const char *text, size_t len);

/* What these rules alone say to a path, which is relative to their directory. */
enum ignore_verdict ignore_rules_say(const struct ignore_rules *rules, const char *path, bool directory);

#endif
