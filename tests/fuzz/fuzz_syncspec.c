#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/doc.h"
#include "render/yaml.h"
#include "sync/syncspec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t len;
};

/* What the rules of a Sync take out of an object is never what identifies it. */
static void strip(const struct unowned_rules *rules)
{
	static const char json[] = "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"labels\":{"
							   "\"plumb.dev/name\":\"shop\",\"a/b\":\"c\"}},\"spec\":{\"replicas\":1,\"template\":{\"spec\":{"
							   "\"containers\":[{\"name\":\"web\",\"image\":\"web:1\"},{\"name\":\"log\"}]}}}}";
	struct err err = ERR_INIT;
	struct object *object = object_new(doc_parse(json, sizeof json - 1, &err), NULL, 0, NULL);
	unowned_strip(rules, object);
	const char *label = object_label(object, "plumb.dev/name");
	if (!label || !doc_text(object->json, "metadata/name") || !doc_text(object->json, "kind")) {
		abort();
	}
	object_free(object);
}

static void take(void *context, cJSON *document, size_t line)
{
	const struct input *input = context;
	struct syncspec_source source = { .path = "sync.yaml", .text = input->text, .len = input->len, .line = line };
	struct syncspec spec = SYNCSPEC_INIT;
	struct problems problems = PROBLEMS_INIT;
	bool fine = syncspec_read(document, &source, &spec, &problems);
	if (fine != (problems.errors == 0)) {
		abort();
	}
	if (fine) {
		struct cycle_options options = { 0 };
		syncspec_options(&spec, &options);
		if (!*spec.name || strlen(spec.name) > SYNCSPEC_NAME_MAX || !*spec.url || spec.interval < SYNCSPEC_INTERVAL_LEAST ||
		    spec.timeout < SYNCSPEC_TIMEOUT_LEAST || (spec.service_account && !*spec.service_account)) {
			abort();
		}
		(void)syncspec_is_local(&spec);
		strip(&spec.ignore);
	}
	syncspec_release(&spec);
	problems_release(&problems);
	cJSON_Delete(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .text = (const char *)data, .len = size };
	struct problems problems = PROBLEMS_INIT;
	yaml_read("sync.yaml", input.text, input.len, take, &input, &problems);
	problems_release(&problems);
	return 0;
}
