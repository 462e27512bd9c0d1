#include "sync/textdiff.h"

#include <git2.h>
#include <string.h>

static void free_patch(git_patch **patch)
{
	git_patch_free(*patch);
}

/* The library counts its users. */
static void shut_down(int *users)
{
	if (*users > 0) {
		(void)git_libgit2_shutdown();
	}
}

/* diff leaves out a count of one. */
static bool put_range(struct buf *out, char sign, int start, int lines)
{
	return lines == 1 ? buf_printf(out, "%c%d", sign, start) : buf_printf(out, "%c%d,%d", sign, start, lines);
}

static bool put_line(struct buf *out, const git_diff_line *line)
{
	char origin = line->origin;
	if (origin == GIT_DIFF_LINE_CONTEXT || origin == GIT_DIFF_LINE_ADDITION || origin == GIT_DIFF_LINE_DELETION) {
		return buf_putc(out, origin) && buf_add(out, line->content, line->content_len);
	}
	/* The file before, the file after or both end without a line break; the content says so in git's words. */
	return buf_puts(out, "\n\\ No newline at end of file\n");
}

static bool put_hunk(struct buf *out, git_patch *patch, size_t index)
{
	const git_diff_hunk *hunk;
	size_t lines;
	/* Not hunk->header: git appends the function's name there. */
	if (git_patch_get_hunk(&hunk, &lines, patch, index) != 0 || !buf_puts(out, "@@ ") ||
	    !put_range(out, '-', hunk->old_start, hunk->old_lines) || !buf_putc(out, ' ') ||
	    !put_range(out, '+', hunk->new_start, hunk->new_lines) || !buf_puts(out, " @@\n")) {
		return false;
	}
	for (size_t i = 0; i < lines; i++) {
		const git_diff_line *line;
		if (git_patch_get_line_in_hunk(&line, patch, index, i) != 0 || !put_line(out, line)) {
			return false;
		}
	}
	return true;
}

bool textdiff(const char *name_before, const char *before, const char *name_after, const char *after, struct buf *out)
{
	before = before ? before : "";
	after = after ? after : "";
	CLEANUP(shut_down) int users = git_libgit2_init();
	CLEANUP(free_patch) git_patch *patch = NULL;
	git_diff_options options;
	if (users <= 0 || git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION) != 0) {
		return false;
	}
	options.flags = GIT_DIFF_FORCE_TEXT;
	if (git_patch_from_buffers(&patch, before, strlen(before), NULL, after, strlen(after), NULL, &options) != 0) {
		return false;
	}
	size_t hunks = git_patch_num_hunks(patch);
	if (hunks > 0 && !buf_printf(out, "--- %s\n+++ %s\n", name_before, name_after)) {
		return false;
	}
	for (size_t i = 0; i < hunks; i++) {
		if (!put_hunk(out, patch, i)) {
			return false;
		}
	}
	return true;
}
