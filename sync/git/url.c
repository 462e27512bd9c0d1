#include "sync/git/url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "render/base/buf.h"
#include "sync/git/repo.h"

static void part_freep(char **part)
{
	curl_free(*part);
}

static void curlu_freep(CURLU **url)
{
	curl_url_cleanup(*url);
}

/* "host:path" and "user@host:path", by Git's rule: a colon before the first slash. */
static bool is_scp_like(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *slash = strchr(text, '/');
	return colon && (!slash || colon < slash);
}

static void hide_controls(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			*text = '?';
		}
	}
}

/*
 * Where the user information of an authority ends. A password with an unescaped '/' ends the authority too early, which
 * shows in a port that is no number: then everything up to the last '@' goes.
 */
static const char *after_user(const char *authority)
{
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;
	const char *colon = memrchr(host, ':', len - (size_t)(host - authority));
	bool odd_port = colon && *host != '[' && strspn(colon + 1, "0123456789") != (size_t)(authority + len - colon - 1);
	const char *last = strrchr(authority, '@');
	return odd_port && last ? last + 1 : host;
}

char *repo_public_url(const char *url)
{
	char *shown = NULL;
	const char *scheme_end = strstr(url, "://");
	if (scheme_end) {
		const char *authority = scheme_end + 3;
		const char *host = after_user(authority);
		shown = text_printf("%.*s%.*s", (int)(authority - url), url, (int)strcspn(host, "?#"), host);
	} else {
		const char *at = is_scp_like(url) ? strchr(url, '@') : NULL;
		shown = text_dup(at ? at + 1 : url);
	}
	hide_controls(shown);
	return shown;
}

static bool is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

static CURLU *split(const char *text)
{
	CURLU *parts = curl_url();
	if (!parts) {
		abort();
	}
	if (curl_url_set(parts, CURLUPART_URL, text, 0) != CURLUE_OK) {
		curl_url_cleanup(parts);
		return NULL;
	}
	return parts;
}

static char *part_of(CURLU *parts, CURLUPart which, unsigned int flags)
{
	char *part = NULL;
	(void)curl_url_get(parts, which, &part, flags);
	return part;
}

bool url_http_allowed(const char *text, struct err *err)
{
	CLEANUP(text_freep) char *shown = repo_public_url(text);
	CLEANUP(curlu_freep) CURLU *parts = split(text);
	if (!parts) {
		return err_set(err, ERR_INPUT, "'%s' is not a valid URL", shown);
	}
	CLEANUP(part_freep) char *user = part_of(parts, CURLUPART_USER, 0);
	CLEANUP(part_freep) char *password = part_of(parts, CURLUPART_PASSWORD, 0);
	if (user || password) {
		return err_set(err, ERR_INPUT,
		               "the URL of '%s' holds credentials: give --git-token-file or --git-username with --git-password-file",
		               shown);
	}
	CLEANUP(part_freep) char *scheme = part_of(parts, CURLUPART_SCHEME, 0);
	CLEANUP(part_freep) char *host = part_of(parts, CURLUPART_HOST, 0);
	if (!scheme || !host) {
		return err_set(err, ERR_INPUT, "'%s' is not a valid URL", shown);
	}
	if (strcasecmp(scheme, "https") == 0 || (strcasecmp(scheme, "http") == 0 && is_loopback(host))) {
		return true;
	}
	return err_set(err, ERR_INPUT, "'%s' is not encrypted: http:// is for this machine only, use https://", shown);
}

bool url_same_origin(const char *a, const char *b)
{
	CLEANUP(curlu_freep) CURLU *left = split(a);
	CLEANUP(curlu_freep) CURLU *right = split(b);
	static const CURLUPart which[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		CLEANUP(part_freep) char *one = left ? part_of(left, which[i], CURLU_DEFAULT_PORT) : NULL;
		CLEANUP(part_freep) char *two = right ? part_of(right, which[i], CURLU_DEFAULT_PORT) : NULL;
		if (!one || !two || strcasecmp(one, two) != 0) {
			return false;
		}
	}
	return true;
}

static bool parse_http(const char *text, struct url *out, struct err *err)
{
	if (!url_http_allowed(text, err)) {
		return false;
	}
	if (strpbrk(text, "?#")) {
		CLEANUP(text_freep) char *shown = repo_public_url(text);
		return err_set(err, ERR_INPUT, "the URL of '%s' holds a query or a fragment", shown);
	}
	size_t len = strlen(text);
	while (len && text[len - 1] == '/') {
		len--;
	}
	*out = (struct url){ .kind = URL_HTTP, .address = text_dup_len(text, len), .shown = repo_public_url(text) };
	return true;
}

static char *unescape(const char *text, struct err *err)
{
	int len = 0;
	char *plain = curl_easy_unescape(NULL, text, 0, &len);
	if (!plain || strlen(plain) != (size_t)len) {
		curl_free(plain);
		(void)err_set(err, ERR_INPUT, "'%s' is not a valid file URL", text);
		return NULL;
	}
	char *copy = text_dup(plain);
	curl_free(plain);
	return copy;
}

/* A repository that is gone still has its store, so a path that cannot be resolved is only made absolute. */
static char *absolute(const char *path)
{
	char *real = realpath(path, NULL);
	if (real || *path == '/') {
		return real ? real : text_dup(path);
	}
	char *here = getcwd(NULL, 0);
	char *joined = text_printf("%s/%s", here ? here : "", path);
	free(here);
	return joined;
}

static bool parse_local(const char *path, struct url *out)
{
	char *address = absolute(path);
	*out = (struct url){ .kind = URL_LOCAL, .address = address, .shown = repo_public_url(address) };
	return true;
}

static bool parse_file(const char *rest, struct url *out, struct err *err)
{
	static const char localhost[] = "localhost/";
	if (strncasecmp(rest, localhost, strlen(localhost)) == 0) {
		rest += strlen(localhost) - 1;
	}
	if (*rest != '/') {
		return err_set(err, ERR_INPUT, "'file://%s' names another machine: a file URL starts with file:///", rest);
	}
	CLEANUP(text_freep) char *path = unescape(rest, err);
	return path && parse_local(path, out);
}

static bool has_controls(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

bool url_parse(const char *text, struct url *out, struct err *err)
{
	CLEANUP(text_freep) char *shown = repo_public_url(text);
	if (!*text || has_controls(text)) {
		return err_set(err, ERR_INPUT, "'%s' is not the address of a repository", shown);
	}
	if (strncasecmp(text, "file://", 7) == 0) {
		return parse_file(text + 7, out, err);
	}
	if (strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0) {
		return parse_http(text, out, err);
	}
	bool scheme = strstr(text, "://") != NULL;
	if (strncasecmp(text, "ssh://", 6) == 0 || (!scheme && !strstr(text, "::") && is_scp_like(text))) {
		return err_set(err, ERR_INPUT, "'%s' needs SSH, which plumb does not have yet: use https://", shown);
	}
	if (scheme || is_scp_like(text)) {
		return err_set(err, ERR_INPUT, "'%s' is neither a path nor a file:// or https:// address", shown);
	}
	return parse_local(text, out);
}

void url_release(struct url *url)
{
	free(url->address);
	free(url->shown);
	*url = (struct url){ 0 };
}
