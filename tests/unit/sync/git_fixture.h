/*
 * What the tests of sync/git share: a directory that goes away, and repositories made with the git command in it.
 */
#ifndef TESTS_UNIT_SYNC_GIT_FIXTURE_H
#define TESTS_UNIT_SYNC_GIT_FIXTURE_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/base/limits.h"
#include "sync/clock.h"
#include "render/files.h"
#include "sync/git/repo.h"

static char fixture_dir[256];

/* Runs a shell command in the fixture's directory; its output is borrowed until the next call. */
static __attribute__((unused)) const char *PRINTF_LIKE(1, 2) sh(const char *fmt, ...)
{
	static char output[4096];
	va_list args;
	va_start(args, fmt);
	char *command = NULL;
	ck_assert_int_gt(vasprintf(&command, fmt, args), 0);
	va_end(args);
	char *line = text_printf("cd '%s' && { %s\n} 2>>log", fixture_dir, command);
	FILE *pipe = popen(line, "r");
	ck_assert_ptr_nonnull(pipe);
	size_t len = fread(output, 1, sizeof output - 1, pipe);
	output[len] = '\0';
	while (len && output[len - 1] == '\n') {
		output[--len] = '\0';
	}
	int status = pclose(pipe);
	ck_assert_msg(status == 0, "'%s' ended with %d, see %s/log", command, WEXITSTATUS(status), fixture_dir);
	free(line);
	free(command);
	return output;
}

static __attribute__((unused)) void fixture_setup(void)
{
	const char *base = getenv("TMPDIR");
	(void)snprintf(fixture_dir, sizeof fixture_dir, "%s/plumb-git-XXXXXX", base && *base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fixture_dir));
	(void)setenv("HOME", fixture_dir, 1);
	(void)setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	(void)setenv("GIT_AUTHOR_NAME", "Ana", 1);
	(void)setenv("GIT_AUTHOR_EMAIL", "ana@example.org", 1);
	(void)setenv("GIT_COMMITTER_NAME", "Ana", 1);
	(void)setenv("GIT_COMMITTER_EMAIL", "ana@example.org", 1);
	(void)unsetenv("XDG_CACHE_HOME");
	/* No gc in the background, which would still write when the directory goes away. */
	(void)sh("git config --global gc.auto 0 && git init -q -b main work && git -C work commit -q --allow-empty -m first");
}

static __attribute__((unused)) void fixture_teardown(void)
{
	char *command = text_printf("rm -rf '%s'", fixture_dir);
	ck_assert_int_eq(system(command), 0);
	free(command);
}

/* The full id of a revision of the work repository. */
static __attribute__((unused)) void id_of(const char *revision, char out[41])
{
	(void)snprintf(out, 41, "%s", sh("git -C work rev-parse '%s^{commit}'", revision));
}

static __attribute__((unused)) int64_t soon(void)
{
	return clock_now() + 1200000; /* a machine may be very slow */
}

static __attribute__((unused)) struct repo *open_repo(const char *url)
{
	char *stores = text_printf("%s/stores", fixture_dir);
	struct err err = ERR_INIT;
	const struct repo_source source = { .url = url };
	struct repo *repo = repo_open(&source, stores, soon(), &err);
	ck_assert_msg(repo, "%s", err.msg);
	free(stores);
	return repo;
}

static __attribute__((unused)) struct repo *open_work(void)
{
	static char url[512];
	(void)snprintf(url, sizeof url, "%s/work", fixture_dir);
	return open_repo(url);
}

static __attribute__((unused)) void fetch_is(struct repo *repo, const char *ref, const char *revision)
{
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	char expected[41];
	id_of(revision, expected);
	ck_assert_msg(repo_fetch(repo, ref, soon(), &commit, &err), "%s", err.msg);
	ck_assert_str_eq(commit.id, expected);
	repo_commit_release(&commit);
}

static __attribute__((unused)) void fetch_fails(struct repo *repo, const char *ref, enum err_kind kind, const char *message)
{
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!repo_fetch(repo, ref, soon(), &commit, &err));
	ck_assert_msg(strstr(err.msg, message), "expected '%s' in: %s", message, err.msg);
	ck_assert_int_eq(err.kind, kind);
}

static __attribute__((unused)) int packs(void)
{
	return atoi(sh("ls stores/*/objects/pack | grep -c 'pack$' || true"));
}

#endif
