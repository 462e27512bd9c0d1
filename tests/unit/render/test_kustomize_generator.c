#include "golden.h"

#include "render/files.h"
#include "render/kustomize/decode.h"
#include "render/kustomize/generator.h"
#include "render/kustomize/hash.h"
#include "render/kustomize/read.h"
#include "render/kustomize/write.h"

static glob_t cases;

/* Where a test's files are. */
struct world {
	struct arena arena;
	struct problems problems;
	struct files *files;
	struct loader loader;
	struct build build;
	size_t bytes;
};

static void world_init(struct world *world)
{
	*world = (struct world){ .arena = ARENA_INIT(LIMIT_MIB(64)), .files = files_mem_new() };
	world->loader = (struct loader){ .arena = &world->arena, .files = world->files, .dir = "" };
	world->loader.from = "";
	world->loader.bytes = &world->bytes;
	world->build = (struct build){ .arena = &world->arena, .problems = &world->problems, .loader = &world->loader };
	world->build.file = "kustomization.yaml";
}

static void world_release(struct world *world)
{
	files_free(world->files);
	problems_release(&world->problems);
	arena_release(&world->arena);
}

static struct kustomization kustomization_of(struct arena *arena, const char *text)
{
	struct kustomization kustomization;
	struct err err = ERR_INIT;
	struct tree *tree;
	ck_assert_msg(tree_read_config(arena, "case", text, strlen(text), CONFIG_UNIQUE, &tree, &err), "%s", err.msg);
	const struct decoder decoder = { .arena = arena, .file = "case", .strict = true };
	ck_assert_msg(decode(&decoder, &shape_kustomization, tree, &kustomization, &err), "%s", err.msg);
	return kustomization;
}

typedef bool generate(const struct build *, const struct generator_args *, struct resmap *, struct err *);

static bool run(struct world *world, const struct kustomization *kustomization, const struct generators *generators,
                generate *generator, struct resmap *map, struct err *err)
{
	for (size_t i = 0; i < generators->count; i++) {
		struct generator_args args = generators->items[i];
		const struct generator_options *options = generator_options_merge(&world->arena, args.options,
		                                                                  kustomization->generator_options);
		struct generator_options copy = options ? *options : (struct generator_options){ 0 };
		args.options = options ? &copy : NULL;
		if (!generator(&world->build, &args, map, err)) {
			return false;
		}
	}
	return true;
}

static bool build(struct world *world, const char *text, struct buf *out, struct err *err)
{
	struct kustomization kustomization = kustomization_of(&world->arena, text);
	struct resmap map = RESMAP_INIT(&world->arena);
	if (!run(world, &kustomization, &kustomization.config_map_generator, configmap_generate, &map, err) ||
	    !run(world, &kustomization, &kustomization.secret_generator, secret_generate, &map, err) ||
	    !hash_transform(&world->build, &map, err)) {
		return false;
	}
	for (size_t i = 0; i < map.count; i++) {
		ck_assert(resource_finish(&world->arena, map.items[i], false, false, err));
		if ((i > 0 && !buf_puts(out, "---\n")) || !tree_write_yaml(&world->arena, map.items[i]->root, out, err)) {
			return false;
		}
	}
	return true;
}

START_TEST(maps_and_their_names_are_those_that_kustomize_makes)
{
	const char *path = cases.gl_pathv[_i];
	CLEANUP(golden_release) struct golden golden = golden_read(path);
	CLEANUP(world_release) struct world world;
	world_init(&world);
	for (size_t i = 1; i < golden.count; i++) {
		if (strncmp(golden.names[i], "file ", 5) == 0) {
			files_mem_add(world.files, golden.names[i] + 5, golden.parts[i], strlen(golden.parts[i]));
		}
	}
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	bool good = build(&world, golden.parts[0], &out, &err);
	golden_check(&golden, path, good ? buf_text(&out) : NULL, err.msg);
	ck_assert_msg(good || !strstr(err.msg, "s3cret"), "%s: the error tells a value: %s", path, err.msg);
}
END_TEST

static const char *data_of(struct world *world, const char *key)
{
	static const char text[] = "configMapGenerator:\n- {name: a, envs: [e], files: [b]}\n";
	struct kustomization kustomization = kustomization_of(&world->arena, text);
	struct resmap map = RESMAP_INIT(&world->arena);
	struct err err = ERR_INIT;
	bool good = run(world, &kustomization, &kustomization.config_map_generator, configmap_generate, &map, &err);
	ck_assert_msg(good, "%s", err.msg);
	const char *value = tree_text(tree_at(map.items[0]->root, "data", key, NULL));
	return value ? value : tree_text(tree_at(map.items[0]->root, "binaryData", key, NULL));
}

START_TEST(what_is_not_utf_8_is_binary_data)
{
	CLEANUP(world_release) struct world world;
	world_init(&world);
	files_mem_add(world.files, "e", "A=1\n", 4);
	files_mem_add(world.files, "b", "\xff\0x", 3);
	ck_assert_str_eq(data_of(&world, "b"), "/wB4");
}
END_TEST

START_TEST(a_line_of_64_kib_ends_an_env_file_with_a_warning)
{
	CLEANUP(world_release) struct world world;
	world_init(&world);
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(buf_puts(&text, "A=1\nL="));
	while (text.len < 4 + 65535) {
		ck_assert(buf_putc(&text, 'x'));
	}
	ck_assert(buf_puts(&text, "\nB=2\n"));
	files_mem_add(world.files, "b", "", 0);
	files_mem_add(world.files, "e", text.data, text.len);
	ck_assert_str_eq(data_of(&world, "B"), "2");
	ck_assert_uint_eq(world.problems.count, 0);
	ck_assert(buf_puts(&text, ""));
	text.data[3] = '_'; /* the line is one character longer */
	files_mem_add(world.files, "e", text.data, text.len);
	ck_assert_ptr_null(data_of(&world, "B"));
	ck_assert_uint_eq(world.problems.count, 1);
}
END_TEST

static void refuse_env(const char *text, size_t len, const char *why)
{
	CLEANUP(world_release) struct world world;
	world_init(&world);
	files_mem_add(world.files, "e", text, len);
	CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!build(&world, "configMapGenerator:\n- {name: a, envs: [e]}\n", &out, &err));
	ck_assert_str_eq(err.msg, why);
}

/* That of a NUL is one that only plumb makes. */
START_TEST(an_env_file_that_is_not_text_is_refused_by_its_line)
{
	refuse_env("A=1\nB=\xff\n", 8, "ConfigMap 'a': envs[0]: 'e' line 2 is not UTF-8");
	refuse_env("#\0\nA=\0\nB\0=1\n", 12, "ConfigMap 'a': envs[0]: 'e' line 3: the key holds a NUL character: take it out");
}
END_TEST

/* The hashes are those that kustomize gives the same objects when their annotation asks for one. */
START_TEST(hashes_follow_what_the_fields_are)
{
	static const char *const rows[][2] = {
		{ "{kind: ConfigMap, data: {a: \"1\"}}", "h29d89cmmt" },
		{ "{kind: ConfigMap}", "6ct58987ht" },
		{ "{kind: ConfigMap, data: null}", "g886t7dd28" },
		{ "{kind: ConfigMap, data: ~}", "2t8tf57kh6" },
		{ "{kind: ConfigMap, data: {}}", "42745tchd9" },
		{ "{kind: ConfigMap, data: []}", "dk855m5d49" },
		{ "{kind: ConfigMap, data: text}", "6t2hfm47h5" },
		{ "{kind: ConfigMap, binaryData: {a: AA==}}", "558chkbk9g" },
		{ "{kind: ConfigMap, data: {a: x}, binaryData: {b: AA==}}", "9mm6t2mghb" },
		{ "{kind: ConfigMap, data: {a: 1, b: 1.50, c: true, d: null, e: 12345678901234567890, f: 1e30, g: 12345678901234567}}",
		  "5722mc6m44" },
		{ "{kind: ConfigMap, data: {\"<&>\": \"\\u2028é\\t\\u0001\"}}", "mg7g4h992t" },
		{ "{kind: ConfigMap, data: {b: x, a: y, B: z}}", "99bk64277d" },
		{ "{kind: Secret, type: Opaque, data: {a: MQ==}}", "25khgmg44c" },
		{ "{kind: Secret, data: {a: MQ==}}", "6g8882bmfm" },
		{ "{kind: Secret, stringData: {a: x}}", "99mc5t5cm4" },
		{ "{kind: Secret, stringData: null}", "2bg6t6bf6t" },
		{ "{kind: Secret, type: x, data: {a: b}, stringData: {c: d}}", "8c2b62d92t" },
		{ "{kind: ConfigMap, data: {a: {b: [1, x]}}}", "7c6c27b74d" },
		{ "{kind: ConfigMap, binaryData: []}", "mfcg99g7t5" },
		{ "{kind: ConfigMap, data: {a: 2001-01-01, b: 0x10}}", "h68m9k77hk" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena arena = ARENA_INIT(LIMIT_MIB(64));
		struct err err = ERR_INIT;
		struct trees trees = { 0 };
		ck_assert_msg(tree_read(&arena, "case", rows[i][0], strlen(rows[i][0]), &trees, &err), "%s", err.msg);
		char hash[HASH_TEXT] = "";
		ck_assert_msg(hash_of(&arena, trees.items[0], hash, &err) == (*rows[i][1] != '\0'), "%s: %s", rows[i][0], err.msg);
		ck_assert_msg(strcmp(hash, rows[i][1]) == 0, "%s: %s", rows[i][0], hash);
	}
}
END_TEST

int main(void)
{
	golden_find("kustomize-generators", 15, &cases);
	Suite *suite = suite_create("kustomize_generator");
	TCase *tests = tcase_create("kustomize_generator");
	tcase_add_loop_test(tests, maps_and_their_names_are_those_that_kustomize_makes, 0, (int)cases.gl_pathc);
	tcase_add_test(tests, what_is_not_utf_8_is_binary_data);
	tcase_add_test(tests, a_line_of_64_kib_ends_an_env_file_with_a_warning);
	tcase_add_test(tests, an_env_file_that_is_not_text_is_refused_by_its_line);
	tcase_add_test(tests, hashes_follow_what_the_fields_are);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&cases);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
