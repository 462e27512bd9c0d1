#include "sync/pack.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "render/base/limits.h"
#include "render/doc.h"

enum { CHUNK = 16384, LINE = 12288 };

bool pack_zip(const void *bytes, size_t len, struct buf *out)
{
	uLongf size = compressBound(len);
	unsigned char *zipped = alloc_new(size, 1);
	if (compress(zipped, &size, bytes, len) != Z_OK) {
		abort();
	}
	bool fits = buf_add(out, zipped, size);
	free(zipped);
	return fits;
}

static void close_inflate(z_stream *stream)
{
	(void)inflateEnd(stream);
}

bool pack_unzip(const void *bytes, size_t len, struct buf *out, struct err *err)
{
	if (len > UINT32_MAX) {
		return err_set(err, ERR_INPUT, "larger than %zu bytes", (size_t)UINT32_MAX);
	}
	CLEANUP(close_inflate) z_stream stream = { 0 };
	if (inflateInit(&stream) != Z_OK) {
		abort();
	}
	unsigned char chunk[CHUNK];
	stream.next_in = (unsigned char *)(uintptr_t)bytes;
	stream.avail_in = (uInt)len;
	int status = Z_OK;
	while (status == Z_OK) {
		stream.next_out = chunk;
		stream.avail_out = sizeof chunk;
		status = inflate(&stream, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END) {
			return err_set(err, ERR_INPUT, "damaged: %s", stream.msg ? stream.msg : "cut off");
		}
		if (!buf_add(out, chunk, sizeof chunk - stream.avail_out)) {
			return err_set(err, ERR_INPUT, "larger than %zu bytes", out->max);
		}
	}
	return stream.avail_in == 0 ? true : err_set(err, ERR_INPUT, "damaged: more behind its end");
}

/* A few bytes of zlib can hold values by the million, each of which costs cJSON 64 bytes. */
static bool affordable(const struct buf *text)
{
	size_t values = 0;
	for (size_t i = 0; i < text->len; i++) {
		values += text->data[i] == ',' || text->data[i] == '[' || text->data[i] == '{';
	}
	return values <= LIMIT_NODES;
}

cJSON *pack_unzip_doc(const void *bytes, size_t len, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INVENTORY_BYTES);
	if (!pack_unzip(bytes, len, &text, err)) {
		return NULL;
	}
	if (!affordable(&text)) {
		(void)err_set(err, ERR_INPUT, "more than %zu values", LIMIT_NODES);
		return NULL;
	}
	cJSON *doc = doc_parse(buf_text(&text), text.len, err);
	if (!doc) {
		(void)err_wrap(err, "damaged");
	}
	return doc;
}

char *pack_base64(const void *bytes, size_t len)
{
	unsigned char *text = alloc_new(len / 3 * 4 + 5, 1);
	unsigned char *at = text;
	/* In lines, since EVP counts in int. */
	for (size_t done = 0; done < len; done += LINE) {
		size_t n = len - done < LINE ? len - done : LINE;
		at += EVP_EncodeBlock(at, (const unsigned char *)bytes + done, (int)n);
	}
	return (char *)text;
}

bool pack_unbase64(const char *text, struct buf *out)
{
	size_t len = strlen(text);
	if (len % 4 != 0) {
		return false;
	}
	size_t padding = len ? (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=') : 0;
	unsigned char bytes[CHUNK / 4 * 3];
	for (size_t done = 0; done < len; done += CHUNK) {
		size_t n = len - done < CHUNK ? len - done : CHUNK;
		int got = EVP_DecodeBlock(bytes, (const unsigned char *)text + done, (int)n);
		bool last = done + n == len;
		if (got < 0 || !buf_add(out, bytes, (size_t)got - (last ? padding : 0))) {
			return false;
		}
	}
	return true;
}
