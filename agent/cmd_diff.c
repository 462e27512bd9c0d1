#include <errno.h>
#include <ftw.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/commands.h"
#include "agent/output.h"
#include "render/base/limits.h"
#include "sync/diff.h"
#include "sync/textdiff.h"

extern char **environ;

enum { DIFFERS = 1, TROUBLE = 7, MOST_WORDS = 32, OPEN_TREES = 16 };

/* Where KUBECTL_EXTERNAL_DIFF is set, both sides go into directories for it. */
struct external {
	const char *command; /* NULL: plumb's own diff */
	char *live;
	char *merged;
};

struct showing {
	struct external external;
	struct buf out;
	bool failed;
};

/* "apps.v1.Deployment.shop.web", as kubectl names the files. free() it. */
static char *file_name(const struct diff_pair *pair)
{
	const struct ident *id = pair->id;
	return text_printf("%s%s%s.%s.%s.%s", id->group, *id->group ? "." : "", pair->version, id->kind, id->ns, id->name);
}

static bool write_file(const char *dir, const char *name, const char *text)
{
	CLEANUP(text_freep) char *path = text_printf("%s/%s", dir, name);
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0) {
		return false;
	}
	size_t len = strlen(text);
	bool fine = true;
	while (fine && len) {
		ssize_t written = write(file, text, len);
		fine = written > 0;
		text += fine ? written : 0;
		len -= fine ? (size_t)written : 0;
	}
	return close(file) == 0 && fine;
}

static void show(void *context, const struct diff_pair *pair)
{
	struct showing *showing = context;
	CLEANUP(text_freep) char *name = file_name(pair);
	const struct external *external = &showing->external;
	if (external->command) {
		bool fine = write_file(external->live, name, pair->before ? pair->before : "") &&
		            write_file(external->merged, name, pair->after ? pair->after : "");
		showing->failed = showing->failed || !fine;
		return;
	}
	CLEANUP(text_freep) char *before = text_printf("LIVE/%s", name);
	CLEANUP(text_freep) char *after = text_printf("MERGED/%s", name);
	buf_reset(&showing->out);
	bool fine = buf_printf(&showing->out, "diff -u -N %s %s\n", before, after) &&
	            textdiff(before, pair->before, after, pair->after, &showing->out) && output_text(buf_text(&showing->out));
	showing->failed = showing->failed || !fine;
}

static char *directory(const char *what)
{
	const char *top = getenv("TMPDIR");
	char *path = text_printf("%s/%s-XXXXXX", top && *top ? top : "/tmp", what);
	if (!mkdtemp(path)) {
		text_set(&path, NULL);
	}
	return path;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void remove_tree(char *path)
{
	if (path) {
		(void)nftw(path, remove_one, OPEN_TREES, FTW_DEPTH | FTW_PHYS);
		free(path);
	}
}

/* As kubectl does it: arguments are words of these characters, others are left out. */
static bool is_argument(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-=") == strlen(word);
}

/* Runs the program with both directories behind its arguments; its exit code, or TROUBLE. No shell. */
static int run_external(const struct external *external)
{
	char *words[MOST_WORDS + 3] = { NULL };
	size_t count = 0;
	CLEANUP(text_freep) char *line = text_dup(external->command);
	char *rest = NULL;
	for (char *word = strtok_r(line, " ", &rest); word && count < MOST_WORDS; word = strtok_r(NULL, " ", &rest)) {
		if (count == 0 || is_argument(word)) {
			words[count++] = word;
		}
	}
	words[count++] = external->live;
	words[count++] = external->merged;
	pid_t child = 0;
	int status = 0;
	int failed = posix_spawnp(&child, words[0], NULL, NULL, words, environ);
	if (failed) {
		CLEANUP(text_freep) char *text = text_printf("KUBECTL_EXTERNAL_DIFF: %s: %s", words[0], strerror(failed));
		output_error(text);
		return TROUBLE;
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return TROUBLE;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : TROUBLE;
}

static bool open_external(struct external *external)
{
	const char *command = getenv("KUBECTL_EXTERNAL_DIFF");
	if (!command || strspn(command, " ") == strlen(command)) {
		return true;
	}
	external->command = command;
	external->live = directory("LIVE");
	external->merged = directory("MERGED");
	if (!external->live || !external->merged) {
		output_error("no temporary directory can be made for KUBECTL_EXTERNAL_DIFF");
		return false;
	}
	return true;
}

static int finish(struct showing *showing, const struct report *report, bool differs)
{
	int code = report_exit_code(report);
	int external = showing->external.command && differs ? run_external(&showing->external) : differs ? DIFFERS : 0;
	if (code) {
		return code;
	}
	if (showing->failed) {
		output_error("the difference cannot be written");
		return TROUBLE;
	}
	return external > DIFFERS ? TROUBLE : external;
}

int command_diff(const struct options *options)
{
	struct report report = REPORT_INIT;
	struct prepared prepared = { 0 };
	struct showing showing = { .out = BUF_INIT(LIMIT_MIB(64)) };
	bool differs = false;
	bool fine = open_external(&showing.external) && prepare_all(&options->cycle, &report, &prepared);
	fine = fine && diff_plan(&prepared, show, &showing, &differs);
	output_problems(&report);
	int code = fine || report_exit_code(&report) ? finish(&showing, &report, differs) : TROUBLE;
	remove_tree(showing.external.live);
	remove_tree(showing.external.merged);
	buf_release(&showing.out);
	prepared_release(&prepared);
	report_release(&report);
	return code;
}
