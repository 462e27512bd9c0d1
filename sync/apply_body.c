#include <stdlib.h>
#include <string.h>

#include "render/base/digest.h"
#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/apply.h"
#include "sync/fields.h"
#include "sync/names.h"

enum { SHORT_ID = 7 };

static void set_note(cJSON *document, const char *name, const char *value)
{
	if (value) {
		doc_set_text(doc_make(document, "metadata/annotations"), name, value);
	}
}

bool apply_body(const struct object *object, const struct apply_notes *notes, struct buf *out)
{
	bool whole = notes->creates && object->initial;
	CLEANUP(doc_freep) cJSON *document = cJSON_Duplicate(whole ? object->initial : object->json, 1);
	set_note(document, NOTE_DIGEST, notes->digest);
	set_note(document, NOTE_TEMPLATE_COMMIT, notes->template_commit);
	if (!object_annotation(object, NOTE_CHANGE_CAUSE)) {
		set_note(document, NOTE_CHANGE_CAUSE, notes->cause);
	}
	if (notes->version) {
		doc_set_text(doc_make(document, "metadata"), "resourceVersion", notes->version);
	}
	if (notes->drop_replicas) {
		doc_remove(doc_get(document, "spec"), "replicas");
	}
	if (notes->without) {
		fields_strip(document, notes->owned, notes->without);
	}
	return doc_print(document, out);
}

/* Where a text of at most `most` bytes may be cut without splitting a character. */
static size_t cut(const char *text, size_t most)
{
	size_t len = strlen(text);
	if (len <= most) {
		return len;
	}
	while (most && ((unsigned char)text[most] & 0xC0) == 0x80) {
		most--;
	}
	return most;
}

char *apply_cause(const char *commit, const char *subject, const char *author)
{
	CLEANUP(text_freep) char *name = author && *author ? text_printf(" (%s)", author) : text_dup("");
	size_t name_len = cut(name, LIMIT_CAUSE_BYTES / 2);
	size_t room = LIMIT_CAUSE_BYTES - SHORT_ID - 1 - name_len;
	subject = subject ? subject : "";
	char *text = text_printf("%.*s %.*s%.*s", SHORT_ID, commit, (int)cut(subject, room), subject, (int)name_len, name);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			*c = ' ';
		}
	}
	return text;
}

char *apply_path(const struct resource *resource, const struct ident *id, const char *manager, bool force, bool dry_run)
{
	CLEANUP(text_freep) char *path = resource_path(resource, id->ns, id->name);
	return text_printf("%s?fieldManager=%s&force=%s%s", path, manager, force ? "true" : "false", dry_run ? "&dryRun=All" : "");
}

char *apply_template_hash(const cJSON *deployment)
{
	const cJSON *template = doc_at(deployment, "spec/template");
	if (!template) {
		return NULL;
	}
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	if (!doc_print_canonical(template, &text)) {
		return NULL;
	}
	char digest[DIGEST_TEXT];
	digest_of(buf_text(&text), text.len, digest);
	return text_dup_len(digest, 16);
}
