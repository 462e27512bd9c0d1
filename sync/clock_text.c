#include "sync/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void clock_text(int64_t wall, char out[CLOCK_TEXT])
{
	time_t seconds = (time_t)wall;
	struct tm parts;
	if (!gmtime_r(&seconds, &parts) || strftime(out, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
		(void)snprintf(out, CLOCK_TEXT, "unknown");
	}
}

void clock_micro_text(int64_t micro, char out[CLOCK_TEXT])
{
	char text[CLOCK_TEXT];
	clock_text(micro / 1000000, text);
	(void)snprintf(out, CLOCK_TEXT, "%.19s.%06dZ", text, (int)(micro % 1000000));
}

int64_t clock_parse(const char *text)
{
	struct tm parts = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	if (!rest) {
		return -1;
	}
	if (*rest == '.') {
		rest += 1 + strspn(rest + 1, "0123456789");
	}
	int hours = 0;
	int minutes = 0;
	char sign = '+';
	if (strcmp(rest, "Z") != 0 && sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3) {
		return -1;
	}
	int64_t offset = (hours * 60 + minutes) * 60;
	return (int64_t)timegm(&parts) - (sign == '-' ? -offset : offset);
}
