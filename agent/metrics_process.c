#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/metrics_impl.h"

/* What /proc/self/stat and statm say. */
struct process {
	double cpu_seconds;
	double start; /* seconds since 1970 */
	double resident;
	double virtual;
	double files;
	double most_files;
};

static bool read_file(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	size_t len = fread(out, 1, size - 1, file);
	(void)fclose(file);
	out[len] = '\0';
	return len > 0;
}

/* The time of the boot, seconds since 1970: /proc/stat is long where there are many processors. */
static double boot_time(void)
{
	FILE *file = fopen("/proc/stat", "re");
	char line[256];
	double found = 0;
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "btime ", 6) == 0) {
			found = strtod(line + 6, NULL);
			break;
		}
	}
	if (file) {
		(void)fclose(file);
	}
	return found;
}

/* Fields 14, 15 and 22 of proc(5)'s stat; the second may hold anything, so they are counted from the last ')'. */
static void read_stat(struct process *process)
{
	char text[2048];
	const char *rest = read_file("/proc/self/stat", text, sizeof text) ? strrchr(text, ')') : NULL;
	double ticks = (double)sysconf(_SC_CLK_TCK);
	double value[23] = { 0 };
	for (size_t field = 2; rest && field < 22; field++) {
		rest = strchr(rest + 1, ' ');
		value[field + 1] = rest ? strtod(rest, NULL) : 0;
	}
	process->cpu_seconds = (value[14] + value[15]) / ticks;
	process->start = boot_time() + value[22] / ticks;
}

static void read_memory(struct process *process)
{
	char text[256];
	char *rest = text;
	double page = (double)sysconf(_SC_PAGESIZE);
	if (read_file("/proc/self/statm", text, sizeof text)) {
		process->virtual = strtod(rest, &rest) * page;
		process->resident = strtod(rest, &rest) * page;
	}
}

static void count_files(struct process *process)
{
	struct rlimit limit;
	process->most_files = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (double)limit.rlim_cur : 0;
	DIR *directory = opendir("/proc/self/fd");
	if (!directory) {
		return;
	}
	/* Without "." and "..", and the one that is read here. */
	process->files = -3;
	while (readdir(directory)) {
		process->files++;
	}
	(void)closedir(directory);
}

static bool put(struct buf *out, const char *name, const char *help, enum metric_type type, double value)
{
	return metric_write_head(name, help, type, out) && buf_printf(out, "%s %.17g\n", name, value);
}

bool metrics_write_process(struct buf *out)
{
	struct process p = { 0 };
	read_stat(&p);
	read_memory(&p);
	count_files(&p);
	return put(out, "process_cpu_seconds_total", "User and system CPU time", METRIC_COUNTER, p.cpu_seconds) &&
	       put(out, "process_max_fds", "Most file descriptors that may be open", METRIC_GAUGE, p.most_files) &&
	       put(out, "process_open_fds", "Open file descriptors", METRIC_GAUGE, p.files) &&
	       put(out, "process_resident_memory_bytes", "Resident memory", METRIC_GAUGE, p.resident) &&
	       put(out, "process_start_time_seconds", "Start of the process since 1970", METRIC_GAUGE, p.start) &&
	       put(out, "process_virtual_memory_bytes", "Virtual memory", METRIC_GAUGE, p.virtual);
}
