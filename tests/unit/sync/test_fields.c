#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/fields.h"
#include "tests/unit/case_file.c"

#define CASES "cases/fields"

static cJSON *set_of(const char *text)
{
	struct err err = ERR_INIT;
	cJSON *set = doc_parse(text, strlen(text), &err);
	ck_assert_msg(set != NULL, "%s", text);
	return set;
}

static void check_set(cJSON *set, const char *wanted)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	ck_assert(doc_print_canonical(set, &text));
	ck_assert_str_eq(buf_text(&text), wanted);
	cJSON_Delete(set);
}

static bool covers(const char *set_text, const char *manifest_text, const char *missed)
{
	CLEANUP(doc_freep) cJSON *set = set_of(set_text);
	CLEANUP(doc_freep) cJSON *manifest = set_of(manifest_text);
	CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_OBJECT_BYTES);
	bool covered = fields_cover(set, manifest, &path);
	ck_assert_str_eq(buf_text(&path), missed);
	return covered;
}

static void check_owner(const cJSON *wanted, const cJSON *owner)
{
	const char *manager = owner ? doc_text(owner, "manager") : NULL;
	const char *subresource = owner ? doc_text(owner, "subresource") : NULL;
	CLEANUP(text_freep)
	char *text = subresource ? text_printf("%s (%s)", manager, subresource) : text_dup(manager ? manager : "");
	ck_assert_str_eq(text, cJSON_IsString(wanted) ? wanted->valuestring : "");
}

/* Each a Deployment that plumb applied to a real API server, and what somebody then did to it. */
START_TEST(what_was_done_on_a_real_server_is_judged_as_the_case_says)
{
	CLEANUP(doc_freep) cJSON *doc = case_read(CASES, case_name(CASES, (size_t)_i));
	CLEANUP(buf_release) struct buf missed = BUF_INIT(LIMIT_OBJECT_BYTES);
	struct fields_check check = {
		.set = doc_get(fields_entry(doc, "plumb", "Apply", ""), "fieldsV1"),
		.manifest = doc_get(doc, "manifest"),
		.managed = doc_get(doc, "managedFields"),
		.missed = &missed,
	};
	bool covered = fields_check(&check);
	const char *wanted = doc_text(doc, "missed");
	ck_assert_str_eq(buf_text(&missed), wanted ? wanted : "");
	ck_assert_int_eq(covered, doc_true(doc, "covered"));
	check_owner(doc_get(doc, "owner"), check.owner);
}
END_TEST

START_TEST(nothing_owns_nothing_but_a_manifest_that_says_nothing)
{
	ck_assert(covers("{}", "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}", ""));
	ck_assert(covers("{}", "{\"spec\":{\"a\":{},\"b\":[],\"c\":null,\"d\":{\"e\":{}}}}", ""));
	ck_assert(!covers("{}", "{\"data\":{\"a\":\"x\"}}", "data.a"));
	ck_assert(!covers("{}", "{\"spec\":{\"a\":[1]}}", "spec.a"));
}
END_TEST

START_TEST(a_leaf_is_owned_whole)
{
	ck_assert(covers("{\"f:a\":{}}", "{\"a\":{\"b\":[{\"c\":1}]}}", ""));
	ck_assert(!covers("{\"f:a\":{\".\":{}}}", "{\"a\":{\"b\":1}}", "a.b"));
	ck_assert(!covers("{\"f:a\":{\"f:b\":{}}}", "{\"a\":1}", "a"));
}
END_TEST

START_TEST(an_element_that_leaves_out_a_key_field_is_not_taken_for_its_sibling)
{
	const char *both = "{\"ports\":[{\"port\":53,\"name\":\"a\"},{\"port\":53,\"protocol\":\"UDP\"}]}";
	ck_assert(covers("{\"f:ports\":{\"k:{\\\"port\\\":53,\\\"protocol\\\":\\\"TCP\\\"}\":{\"f:port\":{},\"f:name\":{}},"
	                 "\"k:{\\\"port\\\":53,\\\"protocol\\\":\\\"UDP\\\"}\":{\"f:port\":{},\"f:protocol\":{}}}}",
	                 both, ""));
	ck_assert(!covers("{\"f:ports\":{\"k:{\\\"port\\\":53,\\\"protocol\\\":\\\"UDP\\\"}\":{}}}", both, "ports[port=53]"));
}
END_TEST

START_TEST(keys_compare_numbers_booleans_and_escaped_text)
{
	const char *set = "{\"f:l\":{\"k:{\\\"a\\\":1,\\\"b\\\":true,\\\"c\\\":\\\"x\\\\\\\"\\\\u003cy\\\"}\":{}}}";
	ck_assert(covers(set, "{\"l\":[{\"a\":1,\"b\":true,\"c\":\"x\\\"<y\"}]}", ""));
	ck_assert(!covers(set, "{\"l\":[{\"a\":2,\"b\":true,\"c\":\"x\\\"<y\"}]}", "l[a=2,b=true,c=x\\\"<y]"));
	ck_assert(covers("{\"f:l\":{\"k:{\\\"a\\\":1,\\\"b\\\":true}\":{}}}", "{\"l\":[{\"a\":1.0,\"b\":true}]}", ""));
	ck_assert(!covers("{\"f:l\":{\"k:{\\\"a\\\":1,\\\"b\\\":true}\":{}}}", "{\"l\":[{\"a\":1,\"b\":false}]}", "l[a=1,b=false]"));
}
END_TEST

START_TEST(elements_of_sets_are_named_by_their_place)
{
	const char *set = "{\"f:l\":{\"v:\\\"a\\\"\":{},\"v:\\\"b\\\\\\\"\\\"\":{},\"v:7\":{}}}";
	ck_assert(covers(set, "{\"l\":[\"b\\\"\",7,\"a\"]}", ""));
	ck_assert(!covers(set, "{\"l\":[\"a\",\"hidden\"]}", "l[1]"));
	ck_assert(covers("{\"f:l\":{\"i:0\":{},\"i:1\":{}}}", "{\"l\":[[1],[2]]}", ""));
	ck_assert(!covers("{\"f:l\":{\"i:0\":{}}}", "{\"l\":[[1],[2]]}", "l[1]"));
}
END_TEST

START_TEST(replicas_can_be_left_out_of_the_question)
{
	CLEANUP(doc_freep) cJSON *set = set_of("{\"f:spec\":{\"f:paused\":{}}}");
	CLEANUP(doc_freep) cJSON *manifest = set_of("{\"spec\":{\"replicas\":3,\"paused\":true}}");
	struct fields_check check = { .set = set, .manifest = manifest };
	ck_assert(!fields_check(&check));
	check.without_replicas = true;
	ck_assert(fields_check(&check));
}
END_TEST

START_TEST(a_path_is_owned_itself_or_by_a_leaf_above)
{
	CLEANUP(doc_freep) cJSON *set = set_of("{\"f:spec\":{\"f:replicas\":{},\"f:selector\":{},\"f:template\":{\"f:x\":{}}}}");
	ck_assert(fields_own(set, "spec/replicas"));
	ck_assert(fields_own(set, "spec/selector/matchLabels/app"));
	ck_assert(fields_own(set, "spec/template"));
	ck_assert(!fields_own(set, "spec/template/y"));
	ck_assert(!fields_own(set, "spec/replica"));
	ck_assert(!fields_own(NULL, "spec"));
	CLEANUP(doc_freep) cJSON *empty = set_of("{}");
	ck_assert(!fields_own(empty, "spec"));
}
END_TEST

START_TEST(sets_unite_and_keep_what_owns_the_node_itself)
{
	CLEANUP(doc_freep) cJSON *a = set_of("{\"f:a\":{},\"f:b\":{\"f:x\":{}}}");
	CLEANUP(doc_freep) cJSON *b = set_of("{\"f:a\":{\"f:y\":{}},\"f:b\":{\".\":{},\"f:z\":{}},\"f:c\":{}}");
	check_set(fields_union(a, b), "{\"f:a\":{\".\":{},\"f:y\":{}},\"f:b\":{\".\":{},\"f:x\":{},\"f:z\":{}},\"f:c\":{}}");
	check_set(fields_union(b, a), "{\"f:a\":{\".\":{},\"f:y\":{}},\"f:b\":{\".\":{},\"f:x\":{},\"f:z\":{}},\"f:c\":{}}");
	check_set(fields_union(NULL, NULL), "{}");
}
END_TEST

START_TEST(a_difference_leaves_what_only_the_first_has)
{
	CLEANUP(doc_freep) cJSON *a = set_of("{\"f:a\":{\".\":{},\"f:x\":{},\"f:y\":{}},\"f:b\":{},\"f:c\":{\"f:d\":{}}}");
	CLEANUP(doc_freep) cJSON *b = set_of("{\"f:a\":{\"f:x\":{}},\"f:c\":{\"f:d\":{}}}");
	check_set(fields_minus(a, b), "{\"f:a\":{\".\":{},\"f:y\":{}},\"f:b\":{}}");
	check_set(fields_minus(a, a), "{}");
	check_set(fields_minus(a, NULL), "{\"f:a\":{\".\":{},\"f:x\":{},\"f:y\":{}},\"f:b\":{},\"f:c\":{\"f:d\":{}}}");
	CLEANUP(doc_freep) cJSON *dot = set_of("{\"f:a\":{\"f:x\":{},\"f:y\":{}}}");
	check_set(fields_minus(a, dot), "{\"f:a\":{},\"f:b\":{},\"f:c\":{\"f:d\":{}}}");
}
END_TEST

START_TEST(what_a_document_does_not_name_is_left_out)
{
	CLEANUP(doc_freep)
	cJSON *set = set_of("{\"f:spec\":{\"f:replicas\":{},\"f:l\":{\".\":{},\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},"
	                    "\"f:name\":{},\"f:image\":{}},\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{}}}},"
	                    "\"f:m\":{\"v:\\\"x\\\"\":{},\"v:\\\"y\\\"\":{}}}");
	CLEANUP(doc_freep) cJSON *doc = set_of("{\"spec\":{\"l\":[{\"name\":\"a\"}]},\"m\":[\"y\"]}");
	check_set(
		fields_within(set, doc),
		"{\"f:m\":{\"v:\\\"y\\\"\":{}},\"f:spec\":{\"f:l\":{\".\":{},\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:name\":{}}}}}");
	CLEANUP(doc_freep) cJSON *other = set_of("{\"status\":{}}");
	CLEANUP(doc_freep) cJSON *none = fields_within(set, other);
	ck_assert(fields_empty(none));
}
END_TEST

static void collect(void *context, const char *path)
{
	(void)buf_printf(context, "%s\n", path);
}

START_TEST(leaves_are_listed_as_users_read_them)
{
	CLEANUP(doc_freep)
	cJSON *set = set_of("{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:a.b/c\":{}},\"f:finalizers\":{\"v:\\\"x\\\"\":{}}},"
	                    "\"f:spec\":{\"f:c\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\".\":{},\"f:image\":{}},"
	                    "\"k:{\\\"p\\\":1,\\\"q\\\":\\\"T\\\"}\":{\".\":{}}}}}");
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	fields_each(set, collect, &text);
	ck_assert_str_eq(buf_text(&text),
	                 "metadata.labels[a.b/c]\nmetadata.finalizers[*]\nspec.c[name=web].image\nspec.c[p=1,q=T]\n");
}
END_TEST

static void collect_missed(void *context, const char *path, const cJSON *owner)
{
	(void)buf_printf(context, "%s %s\n", path, owner ? doc_text(owner, "manager") : "-");
}

#define LOST_SET "{\"f:spec\":{\"f:c\":{\"k:{\\\"name\\\":\\\"web\\\"}\":{\".\":{},\"f:name\":{}}}}}"
#define LOST_MANIFEST "{\"spec\":{\"a\":1,\"c\":[{\"name\":\"web\",\"image\":\"x\",\"tty\":true}],\"d\":{\"e\":2}}}"

START_TEST(every_field_that_is_missed_is_told_with_its_owner)
{
	CLEANUP(doc_freep) cJSON *set = set_of(LOST_SET);
	CLEANUP(doc_freep) cJSON *manifest = set_of(LOST_MANIFEST);
	CLEANUP(doc_freep) cJSON *managed = set_of("[{\"manager\":\"bot\",\"fieldsV1\":{\"f:spec\":{\"f:d\":{\"f:e\":{}}}}}]");
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_OBJECT_BYTES);
	struct fields_check check = { .set = set, .manifest = manifest, .managed = managed };
	fields_each_missed(&check, collect_missed, &text);
	ck_assert_str_eq(buf_text(&text), "spec.a -\nspec.c[name=web].image -\nspec.c[name=web].tty -\nspec.d.e bot\n");
}
END_TEST

START_TEST(fields_that_do_not_count_are_not_missed_and_can_be_taken_out)
{
	CLEANUP(doc_freep) cJSON *set = set_of(LOST_SET);
	CLEANUP(doc_freep) cJSON *manifest = set_of(LOST_MANIFEST);
	CLEANUP(buf_release) struct buf missed = BUF_INIT(LIMIT_OBJECT_BYTES);
	const char *without[] = { "spec.a", "spec.c[name=web].image", "spec.c[name=web].name", NULL };
	struct fields_check check = { .set = set, .manifest = manifest, .without = without, .missed = &missed };
	ck_assert(!fields_check(&check));
	ck_assert_str_eq(buf_text(&missed), "spec.c[name=web].tty");
	fields_strip(manifest, set, without);
	check_set(TAKE(manifest), "{\"spec\":{\"c\":[{\"name\":\"web\",\"tty\":true}],\"d\":{\"e\":2}}}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tests = tcase_create("fields");
	tcase_add_loop_test(tests, what_was_done_on_a_real_server_is_judged_as_the_case_says, 0, (int)case_count(CASES));
	tcase_add_test(tests, nothing_owns_nothing_but_a_manifest_that_says_nothing);
	tcase_add_test(tests, a_leaf_is_owned_whole);
	tcase_add_test(tests, an_element_that_leaves_out_a_key_field_is_not_taken_for_its_sibling);
	tcase_add_test(tests, keys_compare_numbers_booleans_and_escaped_text);
	tcase_add_test(tests, elements_of_sets_are_named_by_their_place);
	tcase_add_test(tests, replicas_can_be_left_out_of_the_question);
	tcase_add_test(tests, a_path_is_owned_itself_or_by_a_leaf_above);
	tcase_add_test(tests, sets_unite_and_keep_what_owns_the_node_itself);
	tcase_add_test(tests, a_difference_leaves_what_only_the_first_has);
	tcase_add_test(tests, what_a_document_does_not_name_is_left_out);
	tcase_add_test(tests, leaves_are_listed_as_users_read_them);
	tcase_add_test(tests, every_field_that_is_missed_is_told_with_its_owner);
	tcase_add_test(tests, fields_that_do_not_count_are_not_missed_and_can_be_taken_out);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
