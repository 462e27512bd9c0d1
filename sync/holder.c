#include "sync/holder.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "render/base/macros.h"

enum { BOOT_DIGITS = 13, STAT_BYTES = 1024, STATE_FIELD = 3, START_FIELD = 22 };

static void close_file(FILE **file)
{
	if (*file) {
		(void)fclose(*file);
	}
}

static void read_line(const char *path, char *out, int size)
{
	out[0] = '\0';
	CLEANUP(close_file) FILE *file = fopen(path, "re");
	if (file && fgets(out, size, file)) {
		out[strcspn(out, "\n")] = '\0';
	}
}

/* Host, boot and PID namespace, with a slash behind: the same for all processes that see each other. */
static char *machine(void)
{
	char host[HOST_NAME_MAX + 1] = "";
	char boot[64];
	char space[64] = "";
	(void)gethostname(host, sizeof host - 1);
	read_line("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
	ssize_t len = readlink("/proc/self/ns/pid", space, sizeof space - 1);
	space[len > 0 ? len : 0] = '\0';
	const char *number = strchr(space, '[');
	int digits = number ? (int)strspn(number + 1, "0123456789") : 0;
	return text_printf("%s/%.*s.%.*s/", *host ? host : "unknown", (int)BOOT_DIGITS, boot, digits, number ? number + 1 : "");
}

struct process {
	char state;
	unsigned long long start;
};

/* The number at text, behind which one of `ends` stands, or nothing. */
static bool read_number(const char *text, const char *ends, unsigned long long *out)
{
	char *end = NULL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && (!*end || strchr(ends, *end));
}

/* proc(5): state is field 3, starttime field 22; the name before them may hold anything. */
static bool process_of(long pid, struct process *out)
{
	char path[64];
	char line[STAT_BYTES];
	(void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	read_line(path, line, sizeof line);
	const char *field = strrchr(line, ')');
	field = field && field[1] == ' ' ? field + 2 : NULL;
	out->state = '?';
	if (field) {
		out->state = *field;
	}
	for (int i = STATE_FIELD; field && i < START_FIELD; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	return field && read_number(field, " ", &out->start);
}

char *holder_self(void)
{
	CLEANUP(text_freep) char *here = machine();
	struct process self = { 0 };
	(void)process_of((long)getpid(), &self);
	return text_printf("%s%ld/%llu", here, (long)getpid(), self.start);
}

bool holder_is_gone(const char *holder)
{
	CLEANUP(text_freep) char *here = machine();
	size_t len = strlen(here);
	const char *slash = strncmp(holder, here, len) == 0 ? strchr(holder + len, '/') : NULL;
	unsigned long long pid = 0;
	unsigned long long start = 0;
	if (!slash || !read_number(holder + len, "/", &pid) || !read_number(slash + 1, "", &start) || pid < 1 || pid > INT_MAX) {
		return false;
	}
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
		return true;
	}
	struct process process = { 0 };
	return process_of((long)pid, &process) && (process.start != start || process.state == 'Z' || process.state == 'X');
}
