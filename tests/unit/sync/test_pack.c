#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "render/base/limits.h"
#include "render/base/macros.h"
#include "render/doc.h"
#include "sync/delta.h"
#include "sync/pack.h"

START_TEST(bytes_come_back_as_they_were)
{
	static const size_t lengths[] = { 0, 1, 2, 3, 4, 12287, 12288, 12289, 16384, 100000 };
	size_t len = lengths[_i];
	CLEANUP(buf_release) struct buf bytes = BUF_INIT(SIZE_MAX);
	for (size_t i = 0; i < len; i++) {
		ck_assert(buf_putc(&bytes, (char)(i * 31 % 256)));
	}
	CLEANUP(text_freep) char *text = pack_base64(bytes.data, len);
	CLEANUP(buf_release) struct buf plain = BUF_INIT(len);
	ck_assert(pack_unbase64(text, &plain));
	ck_assert_uint_eq(plain.len, len);
	ck_assert(len == 0 || memcmp(plain.data, bytes.data, len) == 0);
	CLEANUP(buf_release) struct buf zipped = BUF_INIT(SIZE_MAX);
	CLEANUP(buf_release) struct buf unzipped = BUF_INIT(len);
	struct err err = ERR_INIT;
	ck_assert(pack_zip(bytes.data, len, &zipped));
	ck_assert_msg(pack_unzip(zipped.data, zipped.len, &unzipped, &err), "%s", err.msg);
	ck_assert_uint_eq(unzipped.len, len);
	ck_assert(len == 0 || memcmp(unzipped.data, bytes.data, len) == 0);
}
END_TEST

START_TEST(what_is_cut_off_longer_or_too_large_is_refused)
{
	static const char text[] = "the same and the same and the same and the same";
	CLEANUP(buf_release) struct buf zipped = BUF_INIT(SIZE_MAX);
	ck_assert(pack_zip(text, sizeof text, &zipped));
	for (size_t len = 0; len < zipped.len; len++) {
		struct err err = ERR_INIT;
		CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
		ck_assert(!pack_unzip(zipped.data, len, &out, &err));
		ck_assert_int_eq(err.kind, ERR_INPUT);
	}
	struct err err = ERR_INIT;
	CLEANUP(buf_release) struct buf small = BUF_INIT(sizeof text - 1);
	ck_assert(!pack_unzip(zipped.data, zipped.len, &small, &err));
	ck_assert_str_eq(err.msg, "larger than 47 bytes");
	CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
	ck_assert(buf_putc(&zipped, 'x'));
	ck_assert(!pack_unzip(zipped.data, zipped.len, &out, &err));
	ck_assert_str_eq(err.msg, "damaged: more behind its end");
	CLEANUP(buf_release) struct buf narrow = BUF_INIT(3);
	ck_assert(!pack_zip(text, sizeof text, &narrow));
}
END_TEST

START_TEST(text_that_is_no_base64_is_refused)
{
	static const char *const texts[] = { "A", "AAA", "AA*A", "A\nA=" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(100);
		ck_assert_msg(!pack_unbase64(texts[i], &out), "%s", texts[i]);
	}
	CLEANUP(buf_release) struct buf tight = BUF_INIT(2);
	ck_assert(!pack_unbase64("AAAA", &tight));
}
END_TEST

START_TEST(a_document_with_too_many_values_is_refused_before_it_is_parsed)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(SIZE_MAX);
	ck_assert(buf_putc(&text, '['));
	for (size_t i = 0; i < LIMIT_NODES; i++) {
		ck_assert(buf_puts(&text, "0,"));
	}
	ck_assert(buf_puts(&text, "0]"));
	CLEANUP(buf_release) struct buf zipped = BUF_INIT(SIZE_MAX);
	ck_assert(pack_zip(text.data, text.len, &zipped));
	struct err err = ERR_INIT;
	ck_assert_ptr_null(pack_unzip_doc(zipped.data, zipped.len, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "values"));
}
END_TEST

/* --- deltas ------------------------------------------------------------------------------------------------------- */

static void add(struct inventory *inventory, const char *name, int64_t generation)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make("apps", "Deployment", "shop", name);
	row->version = text_dup("v1");
	row->uid = text_printf("uid-%s", name);
	row->generation = generation;
	inventory_take(inventory, row);
}

static void expect_same(const struct inventory *a, const struct inventory *b)
{
	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct inventory_row *other = inventory_find(b, &a->rows[i]->id);
		ck_assert_ptr_nonnull(other);
		ck_assert(inventory_row_equal(a->rows[i], other));
	}
}

START_TEST(a_delta_on_its_base_is_the_inventory)
{
	CLEANUP(inventory_release) struct inventory base = INVENTORY_INIT;
	CLEANUP(inventory_release) struct inventory now = INVENTORY_INIT;
	CLEANUP(inventory_release) struct inventory read = INVENTORY_INIT;
	add(&base, "same", 1);
	add(&base, "changed", 1);
	add(&base, "gone", 1);
	add(&now, "same", 1);
	add(&now, "changed", 2);
	add(&now, "new", 1);
	add(&read, "what was there", 9);
	ck_assert_uint_eq(delta_count(&base, &now), 3);
	ck_assert_uint_eq(delta_count(&now, &now), 0);
	struct delta_base ref = { .name = (char[]){ "plumb-shop-inv-1" }, .parts = 2 };
	CLEANUP(doc_freep) cJSON *doc = delta_doc(&ref, &base, &now);
	ck_assert_int_eq(cJSON_GetArraySize(doc_get(doc, "set")), 2);
	ck_assert_int_eq(cJSON_GetArraySize(doc_get(doc, "gone")), 1);
	struct err err = ERR_INIT;
	ck_assert(delta_apply(doc, &base, &read, &err));
	expect_same(&now, &read);
	struct delta_base back = { 0 };
	ck_assert(delta_ref(doc, &back));
	ck_assert_str_eq(back.name, ref.name);
	ck_assert_uint_eq(back.parts, 2);
	free(back.name);
}
END_TEST

static const char *const damages[] = { "{\"set\":[{}]}", "{\"set\":[7]}", "{\"set\":[],\"gone\":[{\"kind\":\"A\"}]}" };

START_TEST(a_damaged_delta_changes_nothing)
{
	CLEANUP(inventory_release) struct inventory base = INVENTORY_INIT;
	CLEANUP(inventory_release) struct inventory out = INVENTORY_INIT;
	add(&out, "kept", 1);
	CLEANUP(doc_freep) cJSON *doc = cJSON_Parse(damages[_i]);
	struct err err = ERR_INIT;
	ck_assert(!delta_apply(doc, &base, &out, &err));
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_uint_eq(out.count, 1);
}
END_TEST

static const char *const bad_refs[] = { "[]", "{\"base\":7}", "{\"base\":\"a\",\"parts\":0}", "{\"base\":\"a\",\"parts\":65}",
	                                    "{\"base\":\"a\",\"parts\":-1}" };

START_TEST(a_reference_that_makes_no_sense_is_refused)
{
	CLEANUP(doc_freep) cJSON *doc = cJSON_Parse(bad_refs[_i]);
	struct delta_base ref = { 0 };
	ck_assert(!delta_ref(doc, &ref));
	ck_assert_ptr_null(ref.name);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pack");
	tcase_add_loop_test(tcase, bytes_come_back_as_they_were, 0, 10);
	tcase_add_test(tcase, what_is_cut_off_longer_or_too_large_is_refused);
	tcase_add_test(tcase, text_that_is_no_base64_is_refused);
	tcase_add_test(tcase, a_document_with_too_many_values_is_refused_before_it_is_parsed);
	tcase_add_test(tcase, a_delta_on_its_base_is_the_inventory);
	tcase_add_loop_test(tcase, a_damaged_delta_changes_nothing, 0, ARRAY_LEN(damages));
	tcase_add_loop_test(tcase, a_reference_that_makes_no_sense_is_refused, 0, ARRAY_LEN(bad_refs));
	Suite *suite = suite_create("pack");
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
