#include <time.h>

#include "tests/unit/sync/git_fixture.h"

static struct repo *repo;
static struct files *files;

/* Commits what the command leaves in work/ and opens the tree. */
static void open_tree(const char *command)
{
	(void)sh("cd work && %s", command);
	(void)sh("cd work && git add -A && git commit -q --allow-empty -m tree");
	char tip[41];
	id_of("main", tip);
	repo = open_work();
	fetch_is(repo, "main", "main");
	struct err err = ERR_INIT;
	files = repo_files(repo, tip, &err);
	ck_assert_msg(files, "%s", err.msg);
}

static void close_tree(void)
{
	files_free(files);
	repo_free(repo);
	files = NULL;
	repo = NULL;
	fixture_teardown();
}

static void reads(const char *path, const char *content)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert_msg(files_read(files, path, &text, &err), "%s", err.msg);
	ck_assert_str_eq(buf_text(&text), content);
}

static void read_fails(const char *path, enum err_kind kind, const char *message)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert(!files_read(files, path, &text, &err));
	ck_assert_msg(strstr(err.msg, message) && (!*path || strstr(err.msg, path)), "expected '%s' in: %s", message, err.msg);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_uint_eq(text.len, 0);
}

/* "name name/ name@ name?" for files, directories, links, what is broken. */
static void lists(const char *path, const char *expected)
{
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
	struct err err = ERR_INIT;
	ck_assert_msg(files_list(files, path, &entries, &err), "%s", err.msg);
	for (size_t i = 0; i < entries.count; i++) {
		const struct files_entry *entry = &entries.items[i];
		ck_assert(buf_printf(&text, "%s%s%s%s", i ? " " : "", entry->name,
		                     entry->kind == FILES_DIR     ? "/"
		                     : entry->kind == FILES_OTHER ? "?"
		                                                  : "",
		                     entry->link ? "@" : ""));
	}
	ck_assert_str_eq(buf_text(&text), expected);
}

static void list_fails(const char *path, enum err_kind kind, const char *message)
{
	struct files_entries entries = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!files_list(files, path, &entries, &err));
	ck_assert_msg(strstr(err.msg, message), "expected '%s' in: %s", message, err.msg);
	ck_assert_int_eq(err.kind, kind);
	ck_assert_ptr_null(entries.items);
}

START_TEST(lists_in_byte_order_and_reads)
{
	open_tree("mkdir -p a/b && echo one > a/b/c.yaml && echo two > a.yaml && echo three > a-b && : > none");
	lists("", "a/ a-b a.yaml none");
	lists("a", "b/");
	lists("a/b", "c.yaml");
	reads("a/b/c.yaml", "one\n");
	reads("none", "");
	reads("./a//b/c.yaml", "one\n");
	read_fails("a/b", ERR_NOT_FOUND, "is a directory");
	read_fails("a/x", ERR_NOT_FOUND, "no such file");
	read_fails("a.yaml/x", ERR_NOT_FOUND, "no such file");
	list_fails("a.yaml", ERR_NOT_FOUND, "is not a directory");
	list_fails("missing", ERR_NOT_FOUND, "'missing': no such file");
	read_fails("../x", ERR_INPUT, "leads out of");
	read_fails("a/../a.yaml", ERR_INPUT, "leads out of");
	read_fails("/etc/passwd", ERR_INPUT, "leads out of");
}
END_TEST

/* The id of what the entry leads to, as Git prints it. */
static void identifies(const char *dir, const char *name, const char *object)
{
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(files_list(files, dir, &entries, &err), "%s", err.msg);
	for (size_t i = 0; i < entries.count; i++) {
		if (strcmp(entries.items[i].name, name) != 0) {
			continue;
		}
		ck_assert(entries.items[i].identified == (object != NULL));
		const char *wanted = object ? sh("cd work && git rev-parse main:%s", object) : "";
		for (size_t j = 0; object && j < FILES_ID; j++) {
			char digits[3];
			(void)snprintf(digits, sizeof digits, "%02x", (unsigned)entries.items[i].id[j]);
			ck_assert_mem_eq(wanted + 2 * j, digits, 2);
		}
		return;
	}
	ck_abort_msg("no %s in '%s'", name, dir);
}

START_TEST(identifies_files_by_what_is_in_them)
{
	open_tree("mkdir a && echo one > a/one.yaml && echo one > a/same.yaml && echo two > two.yaml && "
	          "ln -s ../two.yaml a/link.yaml && ln -s nowhere a/broken.yaml");
	identifies("a", "one.yaml", "a/one.yaml");
	identifies("a", "same.yaml", "a/one.yaml");
	identifies("a", "link.yaml", "two.yaml");
	identifies("a", "broken.yaml", NULL);
	identifies("", "a", NULL);
}
END_TEST

START_TEST(appends_and_refuses_what_does_not_fit)
{
	open_tree("seq 1 1000 > big && echo x > small");
	CLEANUP(buf_release) struct buf text = BUF_INIT(100);
	struct err err = ERR_INIT;
	ck_assert(buf_puts(&text, "before "));
	ck_assert(files_read(files, "small", &text, &err));
	ck_assert_str_eq(text.data, "before x\n");
	ck_assert(!files_read(files, "big", &text, &err));
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_str_eq(text.data, "before x\n");
}
END_TEST

START_TEST(follows_links_inside_the_tree)
{
	open_tree("mkdir -p base/x over/prod && echo one > base/x/f && ln -s ../../base/x over/prod/b && ln -s base/x/f top &&"
	          "ln -s over/prod/b/../../base both && ln -s top again && ln -s . self");
	lists("", "again@ base/ both/@ over/ self/@ top@");
	lists("over/prod", "b/@");
	lists("over/prod/b", "f");
	reads("over/prod/b/f", "one\n");
	reads("top", "one\n");
	reads("again", "one\n");
	reads("self/self/self/top", "one\n");
	/* As in a file system, ".." goes up from where the link leads to: base/x, then base, then the root. */
	reads("both/x/f", "one\n");
}
END_TEST

START_TEST(refuses_links_that_leave_loop_or_dangle)
{
	open_tree("mkdir d && cd d && ln -s ../../etc/passwd out && ln -s /etc/passwd absolute && ln -s loop2 loop &&"
	          "ln -s loop loop2 && ln -s missing dangling && ln -s me/x me && ln -s .. up && echo x > f && ln -s f/g through");
	read_fails("d/out", ERR_INPUT, "leads out of the repository");
	read_fails("d/absolute", ERR_INPUT, "absolute path");
	read_fails("d/loop", ERR_INPUT, "in a circle");
	read_fails("d/me", ERR_INPUT, "in a circle");
	read_fails("d/dangling", ERR_INPUT, "leads nowhere");
	read_fails("d/through", ERR_INPUT, "leads nowhere");
	reads("d/up/d/f", "x\n");
	lists("d", "absolute?@ dangling?@ f loop?@ loop2?@ me?@ out?@ through?@ up/@");
}
END_TEST

START_TEST(leaves_submodules_out)
{
	open_tree("echo x > f && git update-index --add --cacheinfo 160000,0123456789012345678901234567890123456789,sub &&"
	          "git commit -q -m sub && git rm -q --cached sub && git update-index --add --cacheinfo "
	          "160000,0123456789012345678901234567890123456789,sub && mkdir sub");
	ck_assert_str_ne(sh("git -C work ls-tree main sub"), "");
	lists("", "f");
	read_fails("sub", ERR_NOT_FOUND, "submodule");
	list_fails("sub/x", ERR_NOT_FOUND, "submodule");
}
END_TEST

START_TEST(refuses_names_that_no_file_can_have)
{
	open_tree("echo x > f");
	files_free(files);
	files = NULL;
	const char *made = sh(
		"cd work && tree=$({ printf '100644 ..\\0'; git rev-parse main:f | perl -ne 'chomp; print pack(\"H*\", $_)'; } |"
		"git hash-object -w -t tree --literally --stdin) &&"
		"git update-ref refs/heads/evil $(git commit-tree -m evil $tree) && git rev-parse evil");
	char tip[41];
	(void)snprintf(tip, sizeof tip, "%s", made);
	fetch_is(repo, "evil", "evil");
	struct err err = ERR_INIT;
	files = repo_files(repo, tip, &err);
	ck_assert_ptr_nonnull(files);
	list_fails("", ERR_INPUT, "the name '..'");
}
END_TEST

START_TEST(gives_the_id_of_a_tree_and_the_same_one_when_it_did_not_change)
{
	open_tree("mkdir -p app && echo x > app/f && ln -s app link");
	char tip[41];
	char id[41];
	char linked[41];
	id_of("main", tip);
	struct err err = ERR_INIT;
	ck_assert(repo_tree_id(repo, tip, "app", id, &err));
	ck_assert_str_eq(id, sh("git -C work rev-parse main:app"));
	ck_assert(repo_tree_id(repo, tip, "link", linked, &err));
	ck_assert_str_eq(id, linked);
	ck_assert(repo_tree_id(repo, tip, "", id, &err));
	ck_assert_str_eq(id, sh("git -C work rev-parse 'main^{tree}'"));
	ck_assert(!repo_tree_id(repo, tip, "nothing", id, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(tells_whether_a_tree_has_links)
{
	open_tree("mkdir -p plain/deep linked/deep && echo a > plain/deep/a && ln -s ../../plain linked/deep/b");
	char tip[41];
	id_of("main", tip);
	struct err err = ERR_INIT;
	bool yes = true;
	ck_assert_msg(repo_tree_links(repo, tip, "plain", &yes, &err), "%s", err.msg);
	ck_assert(!yes);
	ck_assert_msg(repo_tree_links(repo, tip, "linked", &yes, &err), "%s", err.msg);
	ck_assert(yes);
	ck_assert(repo_tree_links(repo, tip, "", &yes, &err) && yes);
	ck_assert(!repo_tree_links(repo, tip, "nowhere", &yes, &err));
}
END_TEST

START_TEST(reads_ten_thousand_files_of_one_directory_quickly)
{
	open_tree("{ printf 'commit refs/heads/many\\ncommitter Ana <ana@example.org> 1700000000 +0000\\ndata 1\\nx\\n';"
	          "seq 1 10000 | awk '{ printf \"M 100644 inline many/f%d.yaml\\ndata %d\\n%d\\n\", $1, length($1), $1 }'; } |"
	          "git fast-import --quiet");
	files_free(files);
	files = NULL;
	fetch_is(repo, "many", "many");
	char tip[41];
	id_of("many", tip);
	struct err err = ERR_INIT;
	files = repo_files(repo, tip, &err);
	ck_assert_ptr_nonnull(files);
	int64_t start = clock_now();
	clock_t before = clock(); /* of the processor: what else the machine does is no matter */
	CLEANUP(files_entries_release) struct files_entries entries = { 0 };
	ck_assert(files_list(files, "many", &entries, &err));
	ck_assert_uint_eq(entries.count, 10000);
	for (size_t i = 0; i < entries.count; i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_KIB(1));
		char path[64];
		(void)snprintf(path, sizeof path, "many/%s", entries.items[i].name);
		ck_assert(files_read(files, path, &text, &err));
	}
	ck_assert_int_lt(clock() - before, 60L * CLOCKS_PER_SEC);
	if (getenv("PLUMB_TEST_TIMES")) {
		(void)fprintf(stderr, "10,000 files: %lld ms\n", (long long)(clock_now() - start));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("git tree");
	TCase *tests = tcase_create("tree");
	tcase_set_timeout(tests, 800);
	tcase_add_checked_fixture(tests, fixture_setup, close_tree);
	tcase_add_test(tests, lists_in_byte_order_and_reads);
	tcase_add_test(tests, identifies_files_by_what_is_in_them);
	tcase_add_test(tests, appends_and_refuses_what_does_not_fit);
	tcase_add_test(tests, follows_links_inside_the_tree);
	tcase_add_test(tests, refuses_links_that_leave_loop_or_dangle);
	tcase_add_test(tests, leaves_submodules_out);
	tcase_add_test(tests, refuses_names_that_no_file_can_have);
	tcase_add_test(tests, gives_the_id_of_a_tree_and_the_same_one_when_it_did_not_change);
	tcase_add_test(tests, tells_whether_a_tree_has_links);
	tcase_add_test(tests, reads_ten_thousand_files_of_one_directory_quickly);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
