#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>

#include "sync/git/commit.h"
#include "tests/unit/sync/git_fixture.h"

START_TEST(clones_then_fetches_what_is_new)
{
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	ck_assert_int_eq(packs(), 1);
	(void)sh("git -C work commit -q --allow-empty -m second");
	fetch_is(repo, "main", "main");
	ck_assert_int_eq(packs(), 2);
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v notice || true"), "");
	/* Only the new commit: the tree was there. */
	ck_assert_str_eq(sh("for i in stores/*/objects/pack/*.idx; do git show-index < $i | wc -l; done | sort -n | head -1"), "1");
}
END_TEST

START_TEST(downloads_nothing_when_the_tip_is_there)
{
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	(void)sh("find stores -type f | sort | xargs md5sum > before");
	fetch_is(repo, "main", "main");
	fetch_is(repo, NULL, "main");
	(void)sh("find stores -type f | sort | xargs md5sum > after; cmp before after");
}
END_TEST

START_TEST(takes_only_what_the_ref_needs)
{
	(void)sh(
		"cd work && git checkout -q --orphan other && echo x > x && git add . && git commit -q -m other && git checkout -q main");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	char other[41];
	id_of("other", other);
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!repo_show(repo, other, &commit, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(takes_branch_tag_annotated_tag_commit_full_name_and_head)
{
	(void)sh("cd work && git tag light && git commit -q --allow-empty -m second && git tag -a -m note noted &&"
	         "git tag -a -m again twice noted && git commit -q --allow-empty -m third && git checkout -q -b feature/x &&"
	         "git commit -q --allow-empty -m fourth");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "light", "light");
	fetch_is(repo, "noted", "noted");
	fetch_is(repo, "twice", "noted");
	fetch_is(repo, "main", "main");
	fetch_is(repo, "refs/heads/main", "main");
	fetch_is(repo, "refs/tags/noted", "noted");
	fetch_is(repo, "feature/x", "feature/x");
	fetch_is(repo, NULL, "HEAD");
	fetch_is(repo, "HEAD", "HEAD");
	char id[41];
	id_of("main~1", id);
	fetch_is(repo, id, "main~1");
}
END_TEST

START_TEST(finds_a_commit_behind_any_branch_or_tag_and_then_asks_no_more)
{
	(void)sh(
		"cd work && git checkout -q --orphan other && git commit -q --allow-empty -m o1 && git commit -q --allow-empty -m o2");
	char id[41];
	id_of("other~1", id);
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, id, "other~1");
	(void)sh("mv work gone");
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(repo_fetch(repo, id, soon(), &commit, &err), "%s", err.msg);
	ck_assert_str_eq(commit.subject, "o1");
	repo_commit_release(&commit);
}
END_TEST

START_TEST(refuses_a_commit_that_nothing_leads_to)
{
	char *id = text_dup(sh("cd work && git commit -q --allow-empty -m lost && git rev-parse HEAD && git reset -q --hard HEAD~1"));
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_fails(repo, id, ERR_NOT_FOUND, "no branch or tag of");
	free(id);
	fetch_fails(repo, "0123456789012345678901234567890123456789", ERR_NOT_FOUND, "leads to commit '0123456789");
}
END_TEST

START_TEST(names_what_is_near_an_unknown_ref)
{
	(void)sh("cd work && git branch release-1.2 && git tag v1.0.0");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_fails(repo, "mian", ERR_NOT_FOUND, "did you mean 'main'");
	fetch_fails(repo, "origin/main", ERR_NOT_FOUND, "did you mean 'main'");
	fetch_fails(repo, "v1.0", ERR_NOT_FOUND, "did you mean 'v1.0.0'");
	fetch_fails(repo, "something-else", ERR_NOT_FOUND, "there is 'main', 'release-1.2'");
	fetch_fails(repo, "0123abcd", ERR_NOT_FOUND, "all its 40 digits");
	(void)sh("git init -q -b main empty");
	(void)sh("git -C work symbolic-ref HEAD refs/heads/nowhere");
	fetch_fails(repo, NULL, ERR_NOT_FOUND, "no default branch: give --ref");
	ck_assert_int_eq(atoi(sh("ls stores | grep -vc lock")), 1);
}
END_TEST

START_TEST(says_that_a_repository_is_empty_shallow_or_not_there)
{
	(void)sh("git init -q empty && mkdir plain && git -C work commit -q --allow-empty -m 2 &&"
	         "git clone -q --depth 1 file://$PWD/work shallow");
	const struct {
		const char *name;
		const char *message;
		enum err_kind kind;
	} cases[] = {
		{ "empty", "has no commit yet", ERR_NOT_FOUND },
		{ "plain", "is not a Git repository", ERR_NOT_FOUND },
		{ "missing", "is not a Git repository", ERR_NOT_FOUND },
		{ "shallow", "git fetch --unshallow", ERR_INPUT },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *url = text_printf("file://%s/%s", fixture_dir, cases[i].name);
		struct repo *repo = open_repo(url);
		fetch_fails(repo, NULL, cases[i].kind, cases[i].message);
		repo_free(repo);
		free(url);
	}
}
END_TEST

START_TEST(takes_the_branch_and_warns_when_a_tag_has_its_name)
{
	(void)sh("cd work && git tag same && git commit -q --allow-empty -m second && git branch same");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	char expected[41];
	id_of("main", expected);
	ck_assert(repo_fetch(repo, "same", soon(), &commit, &err));
	ck_assert_str_eq(commit.id, expected);
	ck_assert_ptr_nonnull(commit.warning);
	repo_commit_release(&commit);
	ck_assert(repo_fetch(repo, "refs/tags/same", soon(), &commit, &err));
	ck_assert_str_ne(commit.id, expected);
	ck_assert_ptr_null(commit.warning);
	repo_commit_release(&commit);
}
END_TEST

static void descends_is(struct repo *repo, const char *commit, const char *ancestor, bool expected)
{
	struct err err = ERR_INIT;
	bool yes = !expected;
	ck_assert_msg(repo_descends(repo, commit, ancestor, &yes, &err), "%s", err.msg);
	ck_assert_int_eq(yes, expected);
}

START_TEST(follows_a_force_push_and_knows_that_it_does_not_descend)
{
	(void)sh("git -C work commit -q --allow-empty -m second");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	char root[41];
	char old[41];
	char forced[41];
	id_of("main~1", root);
	id_of("main", old);
	(void)sh("git -C work commit -q --amend --allow-empty -m rewritten && git -C work reflog expire --expire=all --all &&"
	         "git -C work gc -q --prune=now");
	id_of("main", forced);
	fetch_is(repo, "main", "main");
	descends_is(repo, forced, old, false);
	descends_is(repo, forced, root, true);
	descends_is(repo, forced, forced, true);
	descends_is(repo, root, forced, false);
	descends_is(repo, forced, "0123456789012345678901234567890123456789", false);
	struct err err = ERR_INIT;
	bool yes = false;
	ck_assert(!repo_descends(repo, "0123456789012345678901234567890123456789", root, &yes, &err));
	ck_assert_int_eq(err.kind, ERR_NOT_FOUND);
}
END_TEST

START_TEST(follows_a_branch_that_becomes_a_directory_of_branches)
{
	(void)sh("git -C work branch team");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "team", "main");
	(void)sh("cd work && git branch -D team && git branch team/a");
	fetch_is(repo, "team/a", "main");
}
END_TEST

START_TEST(makes_a_commit_fit_to_be_shown)
{
	(void)sh("cd work && printf 'Raise \\033[31mlimit\\tof w\\303\\251b \\377 \\342\\200\\256x\\n\\nbody' |"
	         "GIT_AUTHOR_NAME=\"$(printf 'A\\033na')\" git -c i18n.commitEncoding=ISO-8859-1 commit -q --allow-empty -F -");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert_msg(repo_fetch(repo, "main", soon(), &commit, &err), "%s", err.msg);
	ck_assert_str_eq(commit.subject, "Raise  [31mlimit of w\xc3\xa9"
	                                 "b \xef\xbf\xbd  x");
	ck_assert_str_eq(commit.author, "A na");
	ck_assert_str_eq(commit.email, "ana@example.org");
	ck_assert_int_gt(commit.when, 1600000000);
	repo_commit_release(&commit);
}
END_TEST

START_TEST(cuts_a_subject_between_characters)
{
	char text[301];
	for (size_t i = 0; i < 300; i += 2) {
		memcpy(text + i, "\xc3\xa9", 2);
	}
	text[300] = '\0';
	char *cut = commit_clean(text, 255);
	ck_assert_uint_eq(strlen(cut), 254);
	free(cut);
}
END_TEST

static void store_is_healed(const char *damage)
{
	(void)sh("git -C work commit -q --allow-empty -m more");
	struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	repo_free(repo);
	(void)sh("%s", damage);
	(void)sh("git -C work commit -q --allow-empty -m evenmore");
	repo = open_work();
	fetch_is(repo, "main", "main");
	char root[41];
	char tip[41];
	id_of("main~2", root);
	id_of("main", tip);
	descends_is(repo, tip, root, true);
	repo_free(repo);
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v notice || true"), "");
}

static const char *const damages[] = {
	"rm stores/*/objects/pack/*.pack",
	"rm stores/*/objects/pack/*.idx",
	"rm -r stores/*/objects",
	"for p in stores/*/objects/pack/*.pack; do chmod u+w $p && truncate -s 40 $p; done",
	"for r in stores/*/refs/plumb/*; do : > $r; done",
	"for r in stores/*/refs/plumb/*; do echo 0123456789012345678901234567890123456789 > $r; done",
	"for s in stores/*/; do echo garbage > ${s}HEAD; done",
	"for s in stores/*/; do : > ${s}HEAD; done",
	"rm stores/*/HEAD",
	"rm stores/*/plumb",
	"for s in stores/*/; do echo '[[[' > ${s}config; done",
	"for s in stores/*/; do rm -r $s && echo x > ${s%/}; done",
	"rm -r stores/*/refs",
	/* What a kill leaves. */
	("for s in stores/*/; do : > ${s}objects/pack/pack_git2_abc; : > ${s}config.lock; : > ${s}packed-refs.lock;"
	 "for r in $s/refs/plumb/*; do : > $r.lock; done; done"),
};

START_TEST(heals_a_damaged_store)
{
	store_is_healed(damages[_i]);
}
END_TEST

START_TEST(finds_damage_when_an_object_is_read_and_the_next_run_heals_it)
{
	(void)sh("cd work && seq 1 2000 > numbers && git add . && git commit -q -m numbers");
	struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	char tip[41];
	id_of("main", tip);
	repo_free(repo);
	(void)sh("for p in stores/*/objects/pack/*.pack; do chmod u+w $p;"
	         "off=$(git verify-pack -v ${p%%.pack}.idx | awk '$2 == \"blob\" { print $5 }');"
	         "printf XXXXXXXXXXXX | dd of=$p bs=1 seek=$((off + 20)) conv=notrunc; done");
	for (int run = 0; run < 2; run++) {
		repo = open_work();
		struct err err = ERR_INIT;
		struct repo_commit commit = { 0 };
		CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MIB(1));
		ck_assert_msg(repo_fetch(repo, "main", soon(), &commit, &err), "%s", err.msg);
		repo_commit_release(&commit);
		struct files *files = repo_files(repo, tip, &err);
		ck_assert_ptr_nonnull(files);
		ck_assert_int_eq(files_read(files, "numbers", &text, &err), run == 1);
		ck_assert(run == 1 || strstr(err.msg, "made anew"));
		files_free(files);
		repo_free(repo);
	}
}
END_TEST

START_TEST(repacks_a_store_with_more_than_fifty_packs_and_keeps_all)
{
	struct repo *repo = open_work();
	char forgotten[41];
	for (int i = 0; i < 52; i++) {
		(void)sh("cd work && echo %d > file && git add . && git commit -q -m %d", i, i);
		fetch_is(repo, "main", "main");
		if (i == 30) {
			id_of("main", forgotten);
			(void)sh("git -C work reset -q --hard HEAD~1");
		}
	}
	repo_free(repo);
	ck_assert_int_eq(packs(), 52);
	repo = open_work();
	ck_assert_int_eq(packs(), 2);
	char tip[41];
	char root[41];
	id_of("main", tip);
	id_of("main~51", root);
	descends_is(repo, tip, root, true);
	descends_is(repo, tip, forgotten, false);
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert(repo_show(repo, forgotten, &commit, &err));
	repo_commit_release(&commit);
	(void)sh("find stores -name '*.pack' | sort > before");
	fetch_is(repo, "main", "main");
	repo_free(repo);
	repo = open_work();
	(void)sh("find stores -name '*.pack' | sort > after; cmp before after");
	repo_free(repo);
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v -e notice -e dangling || true"), "");
}
END_TEST

START_TEST(refuses_a_store_over_its_limit)
{
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	(void)sh("for s in stores/*/; do truncate -s 5G ${s}objects/pack/pack-big.pack; done");
	(void)sh("git -C work commit -q --allow-empty -m second");
	fetch_fails(repo, "main", ERR_LIMIT, "of at most 4096 MiB");
}
END_TEST

/* In a process of its own, which ends with the test and asserts nothing: Check's file of messages is shared with it. */
static pid_t fork_quiet(void)
{
	pid_t child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	return child;
}

START_TEST(waits_for_the_lock_of_another_process_until_the_deadline)
{
	repo_free(open_work());
	char *stores = text_printf("%s/stores", fixture_dir);
	char *url = text_printf("%s/work", fixture_dir);
	const struct repo_source source = { .url = url };
	struct err err = ERR_INIT;
	int ready[2];
	ck_assert_int_eq(pipe(ready), 0);
	pid_t other = fork_quiet();
	if (other == 0) {
		if (repo_open(&source, stores, soon(), &err)) {
			(void)!write(ready[1], "x", 1);
			(void)pause();
		}
		_exit(1);
	}
	(void)close(ready[1]);
	char byte = 0;
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	int64_t start = clock_now();
	ck_assert_ptr_null(repo_open(&source, stores, start + 300, &err));
	ck_assert_int_eq(err.kind, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "in use by another process"));
	ck_assert_int_ge(clock_now() - start, 300);
	/* The kernel frees the lock of a process that is killed. */
	ck_assert_int_eq(kill(other, SIGKILL), 0);
	struct repo *repo = repo_open(&source, stores, soon(), &err);
	ck_assert_msg(repo, "%s", err.msg);
	repo_free(repo);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	free(stores);
	free(url);
}
END_TEST

START_TEST(survives_a_kill_in_the_middle_of_a_fetch)
{
	(void)sh("cd work && for i in $(seq 1 300); do head -c 3000 /dev/urandom > f$i; done; git add . && git commit -q -m many");
	CLEANUP(text_freep) char *stores = text_printf("%s/stores", fixture_dir);
	CLEANUP(text_freep) char *url = text_printf("%s/work", fixture_dir);
	const struct repo_source source = { .url = url };
	for (unsigned int i = 0; i < 12; i++) {
		pid_t child = fork_quiet();
		if (child == 0) {
			struct repo_commit commit;
			struct err err = ERR_INIT;
			struct repo *killed = repo_open(&source, stores, soon(), &err);
			_exit(killed && repo_fetch(killed, "main", soon(), &commit, &err) ? 0 : 1);
		}
		(void)usleep(1000 + i * 8000);
		(void)kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	CLEANUP(repo_freep) struct repo *repo = open_work();
	fetch_is(repo, "main", "main");
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v notice || true"), "");
	ck_assert_str_eq(sh("ls stores/*/objects/pack | grep -v '^pack-' || true"), "");
}
END_TEST

START_TEST(keeps_a_deadline_while_it_packs)
{
	(void)sh("cd work && seq 1 1000 > a && git add . && git commit -q -m a");
	CLEANUP(repo_freep) struct repo *repo = open_work();
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!repo_fetch(repo, "main", clock_now() - 1, &commit, &err));
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "took too long"));
	fetch_is(repo, "main", "main");
}
END_TEST

START_TEST(puts_the_store_into_the_cache_directory)
{
	char *url = text_printf("file://%s/work", fixture_dir);
	const struct repo_source source = { .url = url };
	struct err err = ERR_INIT;
	struct repo *repo = repo_open(&source, NULL, soon(), &err);
	ck_assert_msg(repo, "%s", err.msg);
	repo_free(repo);
	ck_assert_int_eq(atoi(sh("ls -d .cache/plumb/*.lock | wc -l")), 1);
	free(url);
}
END_TEST

START_TEST(has_one_store_for_all_ways_to_write_a_path)
{
	char *url = text_printf("file://%s/../%s/work", fixture_dir, strrchr(fixture_dir, '/') + 1);
	repo_free(open_repo(url));
	repo_free(open_work());
	ck_assert_int_eq(atoi(sh("ls -d stores/*.lock | wc -l")), 1);
	free(url);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("git repo");
	TCase *tests = tcase_create("repo");
	tcase_set_timeout(tests, 800);
	tcase_add_checked_fixture(tests, fixture_setup, fixture_teardown);
	tcase_add_test(tests, clones_then_fetches_what_is_new);
	tcase_add_test(tests, downloads_nothing_when_the_tip_is_there);
	tcase_add_test(tests, takes_only_what_the_ref_needs);
	tcase_add_test(tests, takes_branch_tag_annotated_tag_commit_full_name_and_head);
	tcase_add_test(tests, finds_a_commit_behind_any_branch_or_tag_and_then_asks_no_more);
	tcase_add_test(tests, refuses_a_commit_that_nothing_leads_to);
	tcase_add_test(tests, names_what_is_near_an_unknown_ref);
	tcase_add_test(tests, says_that_a_repository_is_empty_shallow_or_not_there);
	tcase_add_test(tests, takes_the_branch_and_warns_when_a_tag_has_its_name);
	tcase_add_test(tests, follows_a_force_push_and_knows_that_it_does_not_descend);
	tcase_add_test(tests, follows_a_branch_that_becomes_a_directory_of_branches);
	tcase_add_test(tests, makes_a_commit_fit_to_be_shown);
	tcase_add_test(tests, cuts_a_subject_between_characters);
	tcase_add_loop_test(tests, heals_a_damaged_store, 0, (int)ARRAY_LEN(damages));
	tcase_add_test(tests, finds_damage_when_an_object_is_read_and_the_next_run_heals_it);
	tcase_add_test(tests, repacks_a_store_with_more_than_fifty_packs_and_keeps_all);
	tcase_add_test(tests, refuses_a_store_over_its_limit);
	tcase_add_test(tests, waits_for_the_lock_of_another_process_until_the_deadline);
	tcase_add_test(tests, survives_a_kill_in_the_middle_of_a_fetch);
	tcase_add_test(tests, keeps_a_deadline_while_it_packs);
	tcase_add_test(tests, puts_the_store_into_the_cache_directory);
	tcase_add_test(tests, has_one_store_for_all_ways_to_write_a_path);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
