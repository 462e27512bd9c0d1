#include "sync/git/http_error.h"

#include <string.h>

static bool certificate_refused(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_INVALIDCERTSTATUS;
}

bool http_error_of_curl(const char *shown, CURLcode code, const char *reason, struct err *err)
{
	/* This one message of curl quotes the proxy's address, password and all. */
	bool unusable = *reason == '\0' || strstr(reason, "Unsupported proxy");
	const char *text = unusable ? curl_easy_strerror(code) : reason;
	if (certificate_refused(code)) {
		return err_set(err, ERR_DENIED, "the certificate of '%s' is not trusted: %s (--git-ca-file names another authority)",
		               shown, text);
	}
	bool wrong_address = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
	return err_set(err, wrong_address ? ERR_INPUT : ERR_TRANSIENT, "cannot reach '%s': %s", shown, text);
}

static bool has_credentials(const struct http_outcome *outcome)
{
	return secret_is_set(&outcome->source->token) || secret_is_set(&outcome->source->password);
}

static bool denied(const struct http_outcome *outcome, struct err *err)
{
	/* An agent has no flags for it. */
	if (!has_credentials(outcome) && outcome->source->retry_after) {
		return err_set(err, ERR_DENIED, "'%s' wants credentials: source.secretRef names the Secret that holds them",
		               outcome->shown);
	}
	if (!has_credentials(outcome)) {
		return err_set(err, ERR_DENIED,
		               "'%s' wants credentials: give --git-token-file or --git-username with --git-password-file",
		               outcome->shown);
	}
	if (!outcome->trusted) {
		return err_set(err, ERR_DENIED, "'%s' redirects to another host, which wants credentials (%ld)", outcome->shown,
		               outcome->status);
	}
	const char *what = secret_is_set(&outcome->source->token) ? "token" : "user name and password";
	return outcome->status == 401 ? err_set(err, ERR_DENIED, "'%s' refuses the %s (401)", outcome->shown, what)
	                              : err_set(err, ERR_DENIED, "the %s gives no right to read '%s' (403)", what, outcome->shown);
}

bool http_error_of_status(const struct http_outcome *outcome, struct err *err)
{
	const char *shown = outcome->shown;
	long status = outcome->status;
	if (status == 200) {
		return err_set(err, ERR_INPUT, "'%s' does not answer as a Git repository: is the address right?", shown);
	}
	if (status == 401 || status == 403) {
		return denied(outcome, err);
	}
	if (status == 404 || status == 410) {
		const char *how = has_credentials(outcome) ? "cannot be seen with these credentials" : "is seen only with credentials";
		return err_set(err, ERR_NOT_FOUND, "'%s' does not exist, or %s (%ld)", shown, how, status);
	}
	if (outcome->wait > 0 && (status == 429 || status >= 500)) {
		return err_set(err, ERR_TRANSIENT, "'%s' answers %ld and asks to wait %lld seconds", shown, status,
		               (long long)outcome->wait);
	}
	return err_set(err, status == 429 || status >= 500 ? ERR_TRANSIENT : ERR_INPUT, "'%s' answers %ld", shown, status);
}
