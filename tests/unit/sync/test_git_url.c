#include "sync/git/url.h"
#include "tests/unit/sync/git_fixture.h"

static const struct {
	const char *url;
	const char *shown;
} shown_cases[] = {
	{ "https://git.example/shop.git", "https://git.example/shop.git" },
	{ "https://ana:hunter2@git.example/shop.git", "https://git.example/shop.git" },
	{ "https://hunter2@git.example:8443/shop", "https://git.example:8443/shop" },
	{ "https://ana:hun/ter2@git.example/shop.git", "https://git.example/shop.git" },
	{ "https://ana:hun?ter2@git.example/shop.git", "https://git.example/shop.git" },
	{ "https://ana:hun@ter2@git.example/shop.git", "https://git.example/shop.git" },
	{ "https://git.example/@scope/shop.git", "https://git.example/@scope/shop.git" },
	{ "https://git.example/shop.git?token=hunter2#x", "https://git.example/shop.git" },
	{ "https://[::1]:8443/shop", "https://[::1]:8443/shop" },
	{ "git@git.example:shop.git", "git.example:shop.git" },
	{ "/srv/a@b?c/shop.git", "/srv/a@b?c/shop.git" },
	{ "https://git.example/a\nb\x7f", "https://git.example/a?b?" },
	{ "://@", "://" },
	{ "", "" },
};

START_TEST(shows_an_address_without_credentials)
{
	char *shown = repo_public_url(shown_cases[_i].url);
	ck_assert_str_eq(shown, shown_cases[_i].shown);
	free(shown);
}
END_TEST

static const struct {
	const char *url;
	const char *message;
} refused_cases[] = {
	{ "https://ana:hunter2@git.example/x", "holds credentials" },
	{ "https://hunter2@git.example/x", "holds credentials" },
	{ "https://ana:hun/ter2@git.example/x", "not a valid URL" },
	{ "https://git.example/x?token=hunter2", "holds a query" },
	{ "http://git.example/x", "use https://" },
	{ "http://127.0.0.1.hunter2.example/x", "use https://" },
	{ "http://localhost.example/x", "use https://" },
	{ "ssh://ana@git.example/x", "SSH, which plumb does not have yet" },
	{ "git@git.example:x.git", "SSH, which plumb does not have yet" },
	{ "git://git.example/x", "neither a path nor" },
	{ "ext::sh -c x", "neither a path nor" },
	{ "file://server/x", "names another machine" },
	{ "file:///x%00y", "not a valid file URL" },
	{ "https://git.example/x\ny", "not the address of a repository" },
	{ "https://", "not a valid URL" },
	{ "", "not the address of a repository" },
};

START_TEST(refuses_an_address_without_repeating_credentials)
{
	struct url url = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!url_parse(refused_cases[_i].url, &url, &err));
	ck_assert_msg(strstr(err.msg, refused_cases[_i].message), "%s", err.msg);
	ck_assert_msg(!strstr(err.msg, "hunter2@") && !strstr(err.msg, "=hunter2") && !strstr(err.msg, "ana:"), "%s", err.msg);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_null(url.address);
}
END_TEST

START_TEST(takes_https_loopback_http_paths_and_file_urls)
{
	const struct {
		const char *url;
		enum url_kind kind;
		const char *address;
	} cases[] = {
		{ "https://git.example/shop.git/", URL_HTTP, "https://git.example/shop.git" },
		{ "HTTPS://git.example/shop", URL_HTTP, "HTTPS://git.example/shop" },
		{ "http://127.0.0.1:80/x", URL_HTTP, "http://127.0.0.1:80/x" },
		{ "http://[::1]/x", URL_HTTP, "http://[::1]/x" },
		{ "http://localhost/x", URL_HTTP, "http://localhost/x" },
		{ "/no/such/place", URL_LOCAL, "/no/such/place" },
		{ "file:///no/such%20place", URL_LOCAL, "/no/such place" },
		{ "file://localhost/no/such", URL_LOCAL, "/no/such" },
		{ "/tmp/..", URL_LOCAL, "/" },
		{ "./a:b@c", URL_LOCAL, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct url url = { 0 };
		struct err err = ERR_INIT;
		ck_assert_msg(url_parse(cases[i].url, &url, &err), "%s", err.msg);
		ck_assert_int_eq(url.kind, cases[i].kind);
		ck_assert(!cases[i].address || strcmp(url.address, cases[i].address) == 0);
		url_release(&url);
	}
}
END_TEST

START_TEST(knows_the_same_origin)
{
	ck_assert(url_same_origin("https://a.example/x", "https://A.example:443/y"));
	ck_assert(!url_same_origin("https://a.example/x", "https://a.example:8443/x"));
	ck_assert(!url_same_origin("https://a.example/x", "http://a.example/x"));
	ck_assert(!url_same_origin("https://a.example/x", "https://b.example/x"));
	ck_assert(!url_same_origin("https://a.example/x", "nonsense"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("git url");
	TCase *tests = tcase_create("url");
	tcase_add_loop_test(tests, shows_an_address_without_credentials, 0, (int)ARRAY_LEN(shown_cases));
	tcase_add_loop_test(tests, refuses_an_address_without_repeating_credentials, 0, (int)ARRAY_LEN(refused_cases));
	tcase_add_test(tests, takes_https_loopback_http_paths_and_file_urls);
	tcase_add_test(tests, knows_the_same_origin);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
