#include "sync/git/commit.h"

#include <stdlib.h>
#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

static const char REPLACEMENT[] = "\xef\xbf\xbd";

enum { NAME_BYTES = 256 };

/* The bytes of the sequence at `s`, its code point in *point; 0 where it is not UTF-8 (RFC 3629). */
static size_t decode(const char *s, uint32_t *point)
{
	const unsigned char *b = (const unsigned char *)s;
	if (b[0] < 0x80) {
		*point = b[0];
		return 1;
	}
	size_t len = b[0] >= 0xc2 && b[0] < 0xe0 ? 2 : b[0] >= 0xe0 && b[0] < 0xf0 ? 3 : b[0] >= 0xf0 && b[0] < 0xf5 ? 4 : 0;
	uint32_t value = len ? b[0] & (0xffU >> (len + 1)) : 0;
	for (size_t i = 1; i < len; i++) {
		if ((b[i] & 0xc0) != 0x80) {
			return 0;
		}
		value = value << 6 | (b[i] & 0x3fU);
	}
	bool overlong = (len == 3 && value < 0x800) || (len == 4 && value < 0x10000);
	if (overlong || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
		return 0;
	}
	*point = value;
	return len;
}

/* C0, DEL, C1, line and paragraph separators, and the overrides of the reading direction. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

char *commit_clean(const char *text, size_t max)
{
	struct buf out = BUF_INIT(max);
	for (const char *s = text; *s && *s != '\n';) {
		uint32_t point = 0;
		size_t len = decode(s, &point);
		bool added = len == 0 ? buf_puts(&out, REPLACEMENT) : is_control(point) ? buf_putc(&out, ' ') : buf_add(&out, s, len);
		if (!added) {
			break;
		}
		s += len ? len : 1;
	}
	while (out.len && out.data[out.len - 1] == ' ') {
		out.data[--out.len] = '\0';
	}
	return buf_detach(&out);
}

void commit_read(git_commit *commit, struct repo_commit *out)
{
	const git_signature *author = git_commit_author(commit);
	const char *message = git_commit_message(commit);
	*out = (struct repo_commit){
		.author = commit_clean(author && author->name ? author->name : "", NAME_BYTES),
		.email = commit_clean(author && author->email ? author->email : "", NAME_BYTES),
		.subject = commit_clean(message ? message : "", LIMIT_CAUSE_BYTES),
		.when = git_commit_time(commit),
	};
	(void)git_oid_tostr(out->id, sizeof out->id, git_commit_id(commit));
}

void repo_commit_release(struct repo_commit *commit)
{
	free(commit->author);
	free(commit->email);
	free(commit->subject);
	*commit = (struct repo_commit){ 0 };
}
