#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "render/base/limits.h"
#include "render/files.h"

static char top[32];
static struct files *files;

static void setup(void)
{
	(void)snprintf(top, sizeof top, "/tmp/plumb-files-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	CLEANUP(text_freep) char *tree = text_printf("%s/tree", top);
	CLEANUP(text_freep) char *command = text_printf("mkdir %s && echo outside >%s/outside.yaml", tree, top);
	ck_assert_int_eq(system(command), 0);
	struct err err = ERR_INIT;
	files = files_dir_open(tree, &err);
	ck_assert_msg(files, "%s", err.msg);
}

static void teardown(void)
{
	files_free(files);
	CLEANUP(text_freep) char *command = text_printf("chmod -R u+rwx %s && rm -rf %s", top, top);
	ck_assert_int_eq(system(command), 0);
}

static void in_tree(const char *what)
{
	CLEANUP(text_freep) char *command = text_printf("cd %s/tree && %s", top, what);
	ck_assert_int_eq(system(command), 0);
}

static void reads(struct files *from, const char *path, const char *content)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert_msg(files_read(from, path, &text, &err), "%s", err.msg);
	ck_assert_str_eq(buf_text(&text), content);
}

static void read_fails(struct files *from, const char *path, enum err_kind kind, const char *message)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	ck_assert(buf_puts(&text, "before"));
	struct err err = ERR_INIT;
	ck_assert_msg(!files_read(from, path, &text, &err), "'%s' was read", path);
	ck_assert_msg(strstr(err.msg, message) && strstr(err.msg, path), "expected '%s' in: %s", message, err.msg);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_str_eq(buf_text(&text), "before");
}

/* "name name/ name@ name?" for files, directories, links, others. */
static void lists(struct files *from, const char *path, const char *expected)
{
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert_msg(files_list(from, path, &entries, &err), "%s", err.msg);
	for (size_t i = 0; i < entries.count; i++) {
		const struct files_entry *entry = &entries.items[i];
		const char *kind = entry->kind == FILES_DIR ? "/" : entry->kind == FILES_OTHER ? "?" : "";
		ck_assert(buf_printf(&text, "%s%s%s%s", i ? " " : "", entry->name, kind, entry->link ? "@" : ""));
	}
	ck_assert_str_eq(buf_text(&text), expected);
}

static void list_fails(struct files *from, const char *path, enum err_kind kind)
{
	struct files_entries entries = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!files_list(from, path, &entries, &err));
	ck_assert_msg(strstr(err.msg, path), "%s", err.msg);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_ptr_null(entries.items);
}

/* What the directory and the memory have to do alike. */
static void is_a_tree(struct files *tree)
{
	lists(tree, "", "a/ a-b a.yaml none");
	lists(tree, "a", "b/");
	lists(tree, "./a//b/", "c.yaml");
	reads(tree, "a/b/c.yaml", "one\n");
	reads(tree, "./a//b/c.yaml", "one\n");
	reads(tree, "none", "");
	read_fails(tree, "a/b", ERR_NOT_FOUND, "");
	read_fails(tree, "a/d", ERR_NOT_FOUND, "no such file");
	read_fails(tree, "a.yaml/x", ERR_NOT_FOUND, "no such file");
	read_fails(tree, "../outside.yaml", ERR_INPUT, "out of");
	read_fails(tree, "a/../a.yaml", ERR_INPUT, "out of");
	read_fails(tree, "/etc/passwd", ERR_INPUT, "out of");
	list_fails(tree, "a.yaml", ERR_NOT_FOUND);
	list_fails(tree, "d", ERR_NOT_FOUND);
	list_fails(tree, "..", ERR_INPUT);
}

START_TEST(a_directory_is_a_tree)
{
	in_tree("mkdir -p a/b && echo one >a/b/c.yaml && echo two >a.yaml && echo three >a-b && : >none");
	is_a_tree(files);
}
END_TEST

START_TEST(memory_is_a_tree)
{
	struct files *memory = files_mem_new();
	lists(memory, "", "");
	files_mem_add(memory, "none", "", 0);
	files_mem_add(memory, "a.yaml", "old", 3);
	files_mem_add(memory, "a/b/c.yaml", "one\n", 4);
	files_mem_add(memory, "a-b", "three\n", 6);
	files_mem_add(memory, "./a.yaml", "two\n", 4);
	is_a_tree(memory);
	reads(memory, "a.yaml", "two\n");
	files_free(memory);
}
END_TEST

START_TEST(follows_links_inside_the_tree)
{
	in_tree(
		"mkdir -p a/b c && echo one >a/b/c.yaml && ln -s ../a/b c/dir && ln -s dir/c.yaml c/file && ln -s ../c/./file a/far && "
		"ln -s . self && ln -s ../../../c/file a/b/..out");
	lists(files, "c", "dir/@ file@");
	lists(files, "c/dir", "..out?@ c.yaml");
	reads(files, "c/dir/c.yaml", "one\n");
	reads(files, "a/far", "one\n");
	reads(files, "self/self/a/far", "one\n");
}
END_TEST

START_TEST(lists_broken_links_and_says_on_reading_what_they_are)
{
	in_tree("mkdir a && ln -s ../outside.yaml out && ln -s /etc/passwd absolute && ln -s nowhere dangling && ln -s two one && "
	        "ln -s one two && ln -s .. up && ln -s ../../tree/a a/through && : >file && ln -s file/x below");
	lists(files, "", "a/ absolute?@ below?@ dangling?@ file one?@ out?@ two?@ up?@");
	lists(files, "a", "through?@");
	read_fails(files, "out", ERR_INPUT, "leads out of the tree");
	read_fails(files, "absolute", ERR_INPUT, "absolute path");
	read_fails(files, "dangling", ERR_INPUT, "leads nowhere");
	read_fails(files, "below", ERR_INPUT, "leads nowhere");
	read_fails(files, "one", ERR_INPUT, "in a circle");
	read_fails(files, "a/through", ERR_INPUT, "leads out of the tree");
	read_fails(files, "up/outside.yaml", ERR_INPUT, "leads out of the tree");
	list_fails(files, "up", ERR_INPUT);
}
END_TEST

START_TEST(follows_forty_links_and_no_more)
{
	in_tree("echo end >l0 && for i in $(seq 41); do ln -s l$((i - 1)) l$i; done");
	reads(files, "l40", "end\n");
	read_fails(files, "l41", ERR_INPUT, "more than 40 links");
}
END_TEST

START_TEST(neither_opens_pipes_nor_sockets_nor_waits_for_them)
{
	in_tree("mkfifo pipe.yaml && ln -s pipe.yaml linked.yaml");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/tree/socket", top);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
	lists(files, "", "linked.yaml?@ pipe.yaml? socket?");
	read_fails(files, "pipe.yaml", ERR_INPUT, "no ordinary file");
	read_fails(files, "linked.yaml", ERR_INPUT, "no ordinary file");
	read_fails(files, "socket", ERR_INPUT, "no ordinary file");
	(void)close(fd);
}
END_TEST

START_TEST(says_that_rights_are_missing)
{
	in_tree("mkdir closed && : >closed/a.yaml && : >secret.yaml && chmod 0 closed secret.yaml");
	if (geteuid() == 0) {
		return; /* root may read everything */
	}
	list_fails(files, "closed", ERR_DENIED);
	read_fails(files, "secret.yaml", ERR_DENIED, "");
	read_fails(files, "closed/a.yaml", ERR_DENIED, "");
}
END_TEST

START_TEST(a_file_that_does_not_fit_is_refused_and_leaves_the_buffer_as_it_was)
{
	in_tree("head -c 200000 /dev/zero >big && printf 12345 >small");
	CLEANUP(buf_release) struct buf text = BUF_INIT(100000);
	struct err err = ERR_INIT;
	ck_assert(files_read(files, "small", &text, &err));
	ck_assert(!files_read(files, "big", &text, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_str_eq(buf_text(&text), "12345");
	ck_assert_uint_eq(text.len, 5);
}
END_TEST

static void find_it(const char *path)
{
	CLEANUP(buf_release) struct buf real = BUF_INIT(LIMIT_KIB(16));
	enum files_kind kind = FILES_OTHER;
	struct err err = ERR_INIT;
	ck_assert_msg(files_find(files, path, &real, &kind, &err), "%s", err.msg);
	ck_assert_int_eq(kind, FILES_FILE);
	ck_assert_str_eq(buf_text(&real), path);
}

START_TEST(a_file_that_was_found_is_read_as_it_is_by_then)
{
	in_tree("mkdir a && echo one >a/x && echo two >y");
	find_it("a/x");
	reads(files, "a/x", "one\n");
	in_tree("rm a/x && ln -s ../y a/x");
	reads(files, "a/x", "two\n");
	find_it("y");
	in_tree("rm y && ln -s /etc/passwd y");
	read_fails(files, "y", ERR_INPUT, "leads out of the tree");
	in_tree("rm y && echo two >y");
	find_it("y");
	in_tree("rm y && mkdir y");
	read_fails(files, "y", ERR_NOT_FOUND, "is a directory");
	in_tree("rmdir y && echo two >y");
	find_it("y");
	in_tree("rm y");
	read_fails(files, "y", ERR_NOT_FOUND, "no such file");
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_not_opened)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(files_dir_open("/nowhere/at/all", &err));
	ck_assert_str_eq(err.msg, "cannot open '/nowhere/at/all': No such file or directory");
	ck_assert_ptr_null(files_dir_open("/etc/passwd", &err));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files");
	TCase *tests = tcase_create("files");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_directory_is_a_tree);
	tcase_add_test(tests, memory_is_a_tree);
	tcase_add_test(tests, follows_links_inside_the_tree);
	tcase_add_test(tests, lists_broken_links_and_says_on_reading_what_they_are);
	tcase_add_test(tests, follows_forty_links_and_no_more);
	tcase_add_test(tests, neither_opens_pipes_nor_sockets_nor_waits_for_them);
	tcase_add_test(tests, says_that_rights_are_missing);
	tcase_add_test(tests, a_file_that_does_not_fit_is_refused_and_leaves_the_buffer_as_it_was);
	tcase_add_test(tests, a_file_that_was_found_is_read_as_it_is_by_then);
	tcase_add_test(tests, a_directory_that_is_not_there_is_not_opened);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
