/*
 * What the texts of a Sync may be.
 */
#include <string.h>

#include "sync/git/url.h"
#include "sync/syncspec.h"
#include "sync/syncspec_impl.h"

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253, REF_MAX = 255, PATH_MAX_LEN = 1024, URL_MAX = 2048, COMMIT_LEN = 40 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_label(const char *text, size_t len, size_t most)
{
	return len && len <= most && strspn(text, LOWER DIGITS "-") >= len && text[0] != '-' && text[len - 1] != '-';
}

bool check_label(const char *text, struct err *err)
{
	return is_label(text, strlen(text), LABEL_MAX) ||
	       err_set(err, ERR_INPUT, "must be lower case letters, digits and '-', at most %d", LABEL_MAX);
}

bool check_sync_name(const char *text, struct err *err)
{
	return is_label(text, strlen(text), SYNCSPEC_NAME_MAX) ||
	       err_set(err, ERR_INPUT, "must be lower case letters, digits and '-', at most %d", SYNCSPEC_NAME_MAX);
}

bool check_subdomain(const char *text, struct err *err)
{
	bool fine = strlen(text) <= SUBDOMAIN_MAX;
	for (const char *part = text; fine; part += strcspn(part, ".") + 1) {
		size_t len = strcspn(part, ".");
		fine = is_label(part, len, SUBDOMAIN_MAX);
		if (!part[len]) {
			break;
		}
	}
	return fine ||
	       err_set(err, ERR_INPUT, "%s", *text ? "must be a name: lower case letters, digits, '-' and '.'" : "must not be empty");
}

bool check_some(const char *text, struct err *err)
{
	if (!*text) {
		return err_set(err, ERR_INPUT, "must not be empty: leave it out for any");
	}
	return check_group(text, err);
}

bool check_group(const char *text, struct err *err)
{
	return strlen(text) <= SUBDOMAIN_MAX || err_set(err, ERR_INPUT, "is longer than %d bytes", SUBDOMAIN_MAX);
}

/* "https://user@host": a Sync can be read by many who may not read a Secret. */
static bool holds_user(const char *url)
{
	const char *mark = strstr(url, "://");
	bool web = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
	return web && memchr(mark + 3, '@', strcspn(mark + 3, "/?#"));
}

bool check_url(const char *text, struct err *err)
{
	if (strlen(text) > URL_MAX) {
		return err_set(err, ERR_INPUT, "is longer than %d bytes", URL_MAX);
	}
	if (holds_user(text)) {
		return err_set(err, ERR_INPUT, "holds credentials: put them into a Secret and name it in secretRef");
	}
	struct url url = { 0 };
	bool fine = url_parse(text, &url, err);
	url_release(&url);
	return fine;
}

/* git check-ref-format's rules, of a short name. */
bool check_ref_name(const char *text, struct err *err)
{
	size_t len = strlen(text);
	bool fine = len && len <= REF_MAX && *text != '-' && *text != '/' && *text != '.' && text[len - 1] != '/' &&
	            text[len - 1] != '.' && !strpbrk(text, " ~^:?*[\\\x7f") && !strstr(text, "..") && !strstr(text, "//") &&
	            !strstr(text, "/.") && !strstr(text, "@{") && strcmp(text, "@") != 0 &&
	            !(len >= 5 && strcmp(text + len - 5, ".lock") == 0);
	for (size_t i = 0; fine && i < len; i++) {
		fine = (unsigned char)text[i] > ' ';
	}
	return fine || err_set(err, ERR_INPUT, "is no name that Git allows, such as main or v1.2.3");
}

bool check_commit(const char *text, struct err *err)
{
	return (strlen(text) == COMMIT_LEN && strspn(text, DIGITS "abcdef") == COMMIT_LEN) ||
	       err_set(err, ERR_INPUT, "must be a full commit id, %d hexadecimal digits", COMMIT_LEN);
}

bool check_path(const char *text, struct err *err)
{
	bool leaves = false;
	for (const char *part = text;; part += strcspn(part, "/") + 1) {
		size_t len = strcspn(part, "/");
		leaves = leaves || (len == 2 && strncmp(part, "..", 2) == 0);
		if (!part[len]) {
			break;
		}
	}
	if (!*text || *text == '/' || leaves || strlen(text) > PATH_MAX_LEN) {
		return err_set(err, ERR_INPUT, "must be a directory in the repository, without '..' and '/' in front; '.' is its root");
	}
	return true;
}
