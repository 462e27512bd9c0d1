#include "render/kustomize/yaml_flow.h"

#include <string.h>

#include "render/base/buf.h"
#include "render/base/limits.h"

static const char MARK[] = "\xef\xbb\xbf";

bool yaml_flow_is_broken(const char *text, size_t len)
{
	return memchr(text, '?', len) != NULL;
}

/* libyaml counts characters, and not the byte order mark in front of the first. */
static const char *byte_of(const char *text, size_t len, const yaml_mark_t *mark)
{
	const char *end = text + len;
	const char *at = len >= 3 && memcmp(text, MARK, 3) == 0 ? text + 3 : text;
	for (size_t left = mark->index; left > 0 && at < end; left--) {
		for (at++; at < end && (*at & 0xc0) == 0x80; at++) {
		}
	}
	return at;
}

static bool is_colon(const yaml_parser_t *stopped)
{
	return stopped->error == YAML_SCANNER_ERROR && stopped->problem && strcmp(stopped->problem, "found unexpected ':'") == 0 &&
	       stopped->encoding == YAML_UTF8_ENCODING;
}

bool yaml_flow_mend(const yaml_parser_t *stopped, struct arena *arena, const char **text, size_t *len)
{
	if (!is_colon(stopped)) {
		return false;
	}
	const char *start = byte_of(*text, *len, &stopped->context_mark);
	const char *end = byte_of(*text, *len, &stopped->problem_mark) + 1;
	if (yaml_flow_is_broken(start, (size_t)(end - start))) {
		return false;
	}
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_TREE_BYTES);
	(void)buf_add(&out, *text, (size_t)(start - *text));
	(void)buf_puts(&out, " '");
	for (const char *at = start; at < end; at++) {
		(void)buf_puts(&out, *at == '\'' ? "'" : "");
		(void)buf_putc(&out, *at);
	}
	(void)buf_putc(&out, '\'');
	(void)buf_add(&out, end, (size_t)(*text + *len - end));
	*text = arena_text_len(arena, buf_text(&out), out.len);
	*len = out.len;
	return true;
}

bool yaml_flow_runs_on(const yaml_mark_t *tag_end, const yaml_token_t *next)
{
	return next->type == YAML_FLOW_ENTRY_TOKEN && next->start_mark.index == tag_end->index;
}
