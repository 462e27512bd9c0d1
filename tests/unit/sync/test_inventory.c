#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "render/base/limits.h"
#include "render/doc.h"
#include "sync/inventory.h"

static struct inventory_row *make_row(const char *group, const char *kind, const char *name)
{
	struct inventory_row *row = alloc_new(1, sizeof *row);
	row->id = ident_make(group, kind, "shop", name);
	row->version = text_dup("v1");
	row->uid = text_printf("uid-of-%s", name);
	row->generation = 3;
	return row;
}

static struct inventory_row *full_row(void)
{
	struct inventory_row *row = make_row("apps", "Deployment", "web");
	row->template_hash = text_dup("5d41402abc4b");
	row->template_commit = text_dup("4f2a91c0b7d24f2a91c0b7d24f2a91c0b7d24f2a");
	row->once = text_dup("1:4f2a91c0b7d2");
	row->kept = true;
	return row;
}

static void fill(struct inventory *inventory, size_t count)
{
	char name[32];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "object-%zu", i);
		inventory_take(inventory, make_row("", "ConfigMap", name));
	}
}

static bool unpack_text(const char *text, struct inventory *out, struct err *err)
{
	unsigned char bytes[1024];
	uLongf len = sizeof bytes;
	ck_assert_int_eq(compress(bytes, &len, (const unsigned char *)text, strlen(text)), Z_OK);
	return inventory_unpack(bytes, len, out, err);
}

START_TEST(what_was_packed_comes_back_with_every_field)
{
	struct inventory inventory = INVENTORY_INIT;
	struct inventory back = INVENTORY_INIT;
	struct buf bytes = BUF_INIT(LIMIT_RECORD_BYTES);
	struct err err = ERR_INIT;
	inventory_take(&inventory, full_row());
	inventory_take(&inventory, make_row("", "Service", "web"));
	ck_assert(inventory_pack(&inventory, &bytes));
	fill(&back, 3);
	ck_assert(inventory_unpack(bytes.data, bytes.len, &back, &err));
	ck_assert_uint_eq(back.count, 2);
	for (size_t i = 0; i < inventory.count; i++) {
		const struct inventory_row *row = inventory_find(&back, &inventory.rows[i]->id);
		ck_assert_ptr_nonnull(row);
		ck_assert(inventory_row_equal(row, inventory.rows[i]));
	}
	buf_release(&bytes);
	inventory_release(&inventory);
	inventory_release(&back);
}
END_TEST

START_TEST(equal_inventories_give_equal_bytes_whatever_their_order)
{
	struct inventory forth = INVENTORY_INIT;
	struct inventory back = INVENTORY_INIT;
	fill(&forth, 100);
	for (size_t i = forth.count; i > 0; i--) {
		inventory_take(&back, inventory_row_dup(forth.rows[i - 1]));
	}
	struct buf a = BUF_INIT(LIMIT_RECORD_BYTES);
	struct buf b = BUF_INIT(LIMIT_RECORD_BYTES);
	ck_assert(inventory_pack(&forth, &a) && inventory_pack(&back, &b));
	ck_assert_mem_eq(a.data, b.data, a.len);
	ck_assert_uint_eq(a.len, b.len);
	buf_reset(&b);
	back.rows[7]->generation++;
	ck_assert(inventory_pack(&back, &b));
	ck_assert(a.len != b.len || memcmp(a.data, b.data, a.len) != 0);
	buf_release(&a);
	buf_release(&b);
	inventory_release(&forth);
	inventory_release(&back);
}
END_TEST

START_TEST(a_row_is_replaced_removed_and_taken_again)
{
	struct inventory inventory = INVENTORY_INIT;
	fill(&inventory, 40);
	struct inventory_row *other = inventory_row_dup(inventory.rows[5]);
	other->generation = 9;
	inventory_take(&inventory, other);
	ck_assert_uint_eq(inventory.count, 40);
	ck_assert_ptr_eq(inventory.rows[5], other);
	struct ident id = ident_dup(&other->id);
	inventory_remove(&inventory, &id);
	inventory_remove(&inventory, &id);
	ck_assert_uint_eq(inventory.count, 39);
	ck_assert_ptr_null(inventory_find(&inventory, &id));
	ck_assert_str_eq(inventory.rows[5]->id.name, "object-6");
	inventory_take(&inventory, make_row("", "ConfigMap", "object-5"));
	ck_assert_ptr_eq(inventory_find(&inventory, &id), inventory.rows[39]);
	ident_release(&id);
	inventory_release(&inventory);
}
END_TEST

START_TEST(ten_thousand_rows_fit_into_one_record)
{
	struct inventory inventory = INVENTORY_INIT;
	struct inventory back = INVENTORY_INIT;
	struct err err = ERR_INIT;
	fill(&inventory, 10000);
	for (size_t i = 0; i < inventory.count; i++) {
		free(inventory.rows[i]->uid);
		inventory.rows[i]->uid = text_printf("%08lx-%04lx-4%03lx-8%03lx-%06lx%06lx", random(), random() & 0xffff,
		                                     random() & 0xfff, random() & 0xfff, random() & 0xffffff, random() & 0xffffff);
	}
	struct buf bytes = BUF_INIT(LIMIT_RECORD_BYTES);
	ck_assert(inventory_pack(&inventory, &bytes));
	ck_assert(inventory_unpack(bytes.data, bytes.len, &back, &err));
	ck_assert_uint_eq(back.count, 10000);
	buf_release(&bytes);
	inventory_release(&inventory);
	inventory_release(&back);
}
END_TEST

START_TEST(packing_over_the_maximum_is_refused)
{
	struct inventory inventory = INVENTORY_INIT;
	fill(&inventory, 1000);
	struct buf bytes = BUF_INIT(500);
	ck_assert(!inventory_pack(&inventory, &bytes));
	buf_release(&bytes);
	inventory_release(&inventory);
}
END_TEST

START_TEST(a_secret_row_records_no_digest_of_its_data)
{
	struct inventory_row *row = make_row("", "Secret", "login");
	row->once = text_dup("1:0123456789ab");
	cJSON *doc = inventory_row_doc(row);
	struct buf text = BUF_INIT(1000);
	ck_assert(doc_print(doc, &text));
	ck_assert_ptr_null(strstr(buf_text(&text), "0123456789ab"));
	buf_release(&text);
	cJSON_Delete(doc);
	inventory_row_free(row);
}
END_TEST

START_TEST(a_newer_format_is_a_limit_and_unknown_fields_are_ignored)
{
	struct inventory inventory = INVENTORY_INIT;
	struct err err = ERR_INIT;
	ck_assert(unpack_text("{\"format\":1,\"x\":[],\"rows\":[{\"kind\":\"A\",\"name\":\"b\",\"new\":{}}]}", &inventory, &err));
	ck_assert_uint_eq(inventory.count, 1);
	ck_assert(!unpack_text("{\"format\":2,\"rows\":[]}", &inventory, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_uint_eq(inventory.count, 1);
	inventory_release(&inventory);
}
END_TEST

static bool equal(const struct inventory *a, const struct inventory *b)
{
	bool equal = a->count == b->count;
	for (size_t i = 0; equal && i < a->count; i++) {
		const struct inventory_row *row = inventory_find(b, &a->rows[i]->id);
		equal = row && inventory_row_equal(a->rows[i], row);
	}
	return equal;
}

START_TEST(damaged_bytes_are_an_error_at_every_length_and_bit)
{
	struct inventory inventory = INVENTORY_INIT;
	struct inventory back = INVENTORY_INIT;
	struct buf bytes = BUF_INIT(LIMIT_RECORD_BYTES);
	fill(&inventory, 5);
	ck_assert(inventory_pack(&inventory, &bytes));
	for (size_t len = 0; len < bytes.len; len++) {
		struct err err = ERR_INIT;
		ck_assert(!inventory_unpack(bytes.data, len, &back, &err));
		ck_assert_int_eq(err.kind, ERR_INPUT);
	}
	for (size_t i = 0; i < bytes.len; i++) {
		struct err err = ERR_INIT;
		bytes.data[i] = (char)(bytes.data[i] ^ 0x10);
		/* A few bits are padding, or tell of the compressor. */
		ck_assert(!inventory_unpack(bytes.data, bytes.len, &back, &err) || equal(&back, &inventory));
		bytes.data[i] = (char)(bytes.data[i] ^ 0x10);
	}
	const char *const wrong[] = {
		"", "[]", "{}", "{\"format\":1}", "{\"format\":1,\"rows\":[{}]}", "{\"format\":1,\"rows\":[7]}"
	};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct err err = ERR_INIT;
		ck_assert(!unpack_text(wrong[i], &back, &err));
		ck_assert_int_eq(err.kind, ERR_INPUT);
	}
	buf_release(&bytes);
	inventory_release(&inventory);
	inventory_release(&back);
}
END_TEST

START_TEST(a_bomb_is_refused)
{
	size_t len = LIMIT_MIB(5);
	unsigned char *text = alloc_new(len, 1);
	memset(text, '[', len);
	uLongf packed_len = compressBound(len);
	unsigned char *packed = alloc_new(packed_len, 1);
	ck_assert_int_eq(compress(packed, &packed_len, text, len), Z_OK);
	struct inventory inventory = INVENTORY_INIT;
	struct err err = ERR_INIT;
	ck_assert(!inventory_unpack(packed, packed_len, &inventory, &err));
	ck_assert_ptr_nonnull(strstr(err.msg, "values"));
	free(text);
	free(packed);
}
END_TEST

START_TEST(what_was_flattened_comes_back_with_every_field)
{
	struct inventory inventory = INVENTORY_INIT;
	struct inventory back = INVENTORY_INIT;
	CLEANUP(buf_release) struct buf flat = BUF_INIT(SIZE_MAX);
	inventory_flatten(&inventory, &flat);
	fill(&back, 3);
	inventory_unflatten(&flat, &back);
	ck_assert_uint_eq(back.count, 0);
	inventory_take(&inventory, full_row());
	inventory_take(&inventory, make_row("", "Service", "web"));
	struct inventory_row *bare = alloc_new(1, sizeof *bare);
	bare->id = ident_make("", "Namespace", "", "shop");
	bare->version = text_dup("");
	bare->uid = text_dup("");
	inventory_take(&inventory, bare);
	inventory_flatten(&inventory, &flat);
	inventory_unflatten(&flat, &back);
	ck_assert_uint_eq(back.count, 3);
	for (size_t i = 0; i < inventory.count; i++) {
		const struct inventory_row *row = inventory_find(&back, &inventory.rows[i]->id);
		ck_assert(row && inventory_row_equal(row, inventory.rows[i]));
	}
	ck_assert_ptr_null(inventory_find(&back, &bare->id)->template_commit);
	inventory_release(&inventory);
	inventory_release(&back);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inventory");
	TCase *tests = tcase_create("inventory");
	tcase_add_test(tests, what_was_packed_comes_back_with_every_field);
	tcase_add_test(tests, what_was_flattened_comes_back_with_every_field);
	tcase_add_test(tests, equal_inventories_give_equal_bytes_whatever_their_order);
	tcase_add_test(tests, a_row_is_replaced_removed_and_taken_again);
	tcase_add_test(tests, ten_thousand_rows_fit_into_one_record);
	tcase_add_test(tests, packing_over_the_maximum_is_refused);
	tcase_add_test(tests, a_secret_row_records_no_digest_of_its_data);
	tcase_add_test(tests, a_newer_format_is_a_limit_and_unknown_fields_are_ignored);
	tcase_add_test(tests, damaged_bytes_are_an_error_at_every_length_and_bit);
	tcase_add_test(tests, a_bomb_is_refused);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
