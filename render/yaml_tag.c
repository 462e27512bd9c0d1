#include "render/yaml_tag.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/yaml_utf.h"

#define TAG(name) "tag:yaml.org,2002:" name

static const struct known_tag {
	const char *tag;
	enum scalar_type type;
} TAGS[] = {
	{ TAG("str"), SCALAR_TEXT },  { TAG("bool"), SCALAR_BOOL },   { TAG("int"), SCALAR_INT },
	{ TAG("null"), SCALAR_NULL }, { TAG("float"), SCALAR_FLOAT }, { TAG("timestamp"), SCALAR_TIME },
};

static const struct known_tag *find_tag(const char *tag)
{
	for (size_t i = 0; i < ARRAY_LEN(TAGS); i++) {
		if (strcmp(TAGS[i].tag, tag) == 0) {
			return &TAGS[i];
		}
	}
	return NULL;
}

static int sextet(char c)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(DIGITS, c) : NULL;
	return at ? (int)(at - DIGITS) : -1;
}

/* Padded base64 without anything between but line breaks; the length, or -1. The result is not longer than the input. */
static long decode_base64(const char *in, char *out)
{
	unsigned bits = 0;
	size_t count = 0;
	size_t pads = 0;
	char *to = out;
	for (; *in; in++) {
		if (*in == '\r' || *in == '\n') {
			continue;
		}
		int value = *in == '=' ? 0 : sextet(*in);
		pads += *in == '=';
		if (value < 0 || (pads && *in != '=')) {
			return -1;
		}
		bits = bits << 6 | (unsigned)value;
		if (++count % 4 == 0) {
			*to++ = (char)(bits >> 16 & 0xff);
			*to++ = (char)(bits >> 8 & 0xff);
			*to++ = (char)(bits & 0xff);
			if (pads && in[1 + strspn(in + 1, "\r\n")]) {
				return -1;
			}
		}
	}
	return count % 4 || pads > 2 ? -1 : to - out - (long)pads;
}

static const char *decode_binary(const struct node *node, struct meaning *out)
{
	CLEANUP(text_freep) char *bytes = text_dup(node->text);
	long len = decode_base64(node->text, bytes);
	if (len < 0) {
		return "tagged as binary, but not base64";
	}
	bytes[len] = '\0';
	if (utf8_length(bytes) != (size_t)len) {
		return "binary that is not text: it has no JSON form";
	}
	out->decoded = TAKE(bytes);
	out->text = out->decoded;
	return NULL;
}

static const char *check_tag(const struct known_tag *tag, struct scalar *scalar)
{
	if (tag->type == SCALAR_FLOAT && scalar->type == SCALAR_INT && (scalar->negative || scalar->magnitude <= INT64_MAX)) {
		*scalar = scalar_as_float(*scalar);
	}
	return tag->type == scalar->type ? NULL : "value of another type than its tag says";
}

const char *meaning_of(const struct node *scalar, struct meaning *out)
{
	*out = (struct meaning){ .text = scalar->text };
	if (strlen(scalar->text) != scalar->len) {
		return "text with a NUL character";
	}
	if (!scalar->tag) {
		if (scalar->plain) {
			out->scalar = scalar_resolve(scalar->text);
		}
		return NULL;
	}
	if (strcmp(scalar->tag, TAG("binary")) == 0) {
		return decode_binary(scalar, out);
	}
	const struct known_tag *tag = find_tag(scalar->tag);
	if (!tag || tag->type == SCALAR_TEXT) {
		return NULL;
	}
	out->scalar = scalar_resolve(scalar->text);
	return check_tag(tag, &out->scalar);
}

void meaning_release(struct meaning *meaning)
{
	free(meaning->decoded);
	meaning->decoded = NULL;
}

bool is_merge_key(const struct node *key)
{
	return key->kind == NODE_SCALAR && strcmp(key->text, "<<") == 0 &&
	       (key->plain || (key->tag && strcmp(key->tag, TAG("merge")) == 0));
}
