/*
 * Against a real server: nginx with git-http-backend on loopback ports, a CA of its own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "sync/git/patience.h"
#include "tests/unit/sync/git_fixture.h"

const struct fetch_patience fetch_patience = { .connect = 600000, .stall = 600000 };

enum { MAIN, OTHER, PLAIN, PORTS };

static int ports[PORTS];
static int held[PORTS]; /* sockets that keep the ports ours: nginx binds them too, and it alone listens */
static char ca[300];

static int bind_somewhere(int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int yes = 1;
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static int run_server(const char *action)
{
	char *command = text_printf("unit/sync/git_server.sh %s '%s' %d %d %d", action, fixture_dir, ports[MAIN], ports[OTHER],
	                            ports[PLAIN]);
	int status = system(command);
	free(command);
	return WEXITSTATUS(status);
}

static void start_server(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	fixture_setup();
	(void)snprintf(ca, sizeof ca, "%s/ca.pem", fixture_dir);
	for (int i = 0; i < PORTS; i++) {
		held[i] = bind_somewhere(&ports[i]);
	}
	(void)sh("git clone -q --bare work repo.git && git -C work remote add origin ../repo.git && git -C work fetch -q origin");
	int code = run_server("start");
	if (code == 77) {
		fixture_teardown();
		exit(77);
	}
	ck_assert_int_eq(code, 0);
}

static void stop_server(void)
{
	(void)run_server("stop");
	fixture_teardown();
}

/*
 * The server writes its logs after it answered. It is one process that does one thing after the other: once it answered a call that
 * came later, all before it are there.
 */
static void settle_logs(void)
{
	char byte;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)ports[PLAIN]) };
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	static const char request[] = "GET /settle HTTP/1.0\r\n\r\n";
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	ck_assert_int_eq(write(fd, request, sizeof request - 1), (ssize_t)sizeof request - 1);
	while (read(fd, &byte, 1) > 0) {
	}
	(void)close(fd);
}

static void forget_stores(void)
{
	settle_logs();
	(void)sh("rm -rf stores ready && : > access.log && : > other.log");
}

static char *url_on(int port, const char *path)
{
	return text_printf("%s://127.0.0.1:%d/%s", port == PLAIN ? "http" : "https", ports[port], path);
}

static struct repo *open_source(struct repo_source source)
{
	char *stores = text_printf("%s/stores", fixture_dir);
	struct err err = ERR_INIT;
	struct repo *repo = repo_open(&source, stores, soon(), &err);
	ck_assert_msg(repo, "%s", err.msg);
	free(stores);
	return repo;
}

static void fetches(struct repo_source source)
{
	struct repo *repo = open_source(source);
	fetch_is(repo, "main", "origin/main");
	repo_free(repo);
}

static void fails(struct repo_source source, enum err_kind kind, const char *message)
{
	struct repo *repo = open_source(source);
	fetch_fails(repo, "main", kind, message);
	repo_free(repo);
}

static struct secret secret_of(const char *text)
{
	return (struct secret){ .text = strdup(text), .len = strlen(text) };
}

START_TEST(clones_over_tls_1_3_and_fetches_what_is_new_on_one_connection)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
	fetch_is(repo, "main", "origin/main");
	for (int i = 0; i < 3; i++) {
		(void)sh("cd work && echo %d > f && git add . && git commit -q -m more && git push -q origin main 2>&1", i);
		fetch_is(repo, "main", "origin/main");
	}
	ck_assert_int_eq(packs(), 4);
	ck_assert_int_eq(atoi(sh("sed 's/.* //' access.log | sort -u | wc -l")), 1);
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v notice || true"), "");
	/* Each fetch brought a commit, a tree and a blob, no more. */
	ck_assert_str_eq(sh("for i in stores/*/objects/pack/*.idx; do git show-index < $i | wc -l; done | sort -n | tail -1"), "3");
}
END_TEST

START_TEST(asks_once_and_downloads_nothing_when_the_tip_is_there)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git/");
	fetches((struct repo_source){ .url = url, .ca_file = ca });
	settle_logs();
	(void)sh(": > access.log");
	fetches((struct repo_source){ .url = url, .ca_file = ca });
	settle_logs();
	ck_assert_str_eq(sh("sed 's/ \".*//' access.log"), "GET /open/repo.git/info/refs");
	ck_assert_int_eq(packs(), 1);
}
END_TEST

START_TEST(takes_tags_commits_head_and_force_pushes)
{
	(void)sh("cd work && git commit -q --allow-empty -m tagged && git tag -f -a -m note v1 && git commit -q --allow-empty -m x &&"
	         "git push -q -f origin main v1 2>&1");
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
	char id[41];
	id_of("origin/main~1", id);
	fetch_is(repo, id, "v1");
	fetch_is(repo, "v1", "v1");
	fetch_is(repo, NULL, "origin/main");
	char old[41];
	id_of("origin/main", old);
	(void)sh("cd work && git commit -q --amend --allow-empty -m y && git push -q -f origin main 2>&1");
	fetch_is(repo, "main", "origin/main");
	char forced[41];
	id_of("origin/main", forced);
	bool yes = true;
	struct err err = ERR_INIT;
	ck_assert(repo_descends(repo, forced, old, &yes, &err));
	ck_assert(!yes);
	ck_assert(repo_descends(repo, forced, id, &yes, &err));
	ck_assert(yes);
	fetch_fails(repo, "mian", ERR_NOT_FOUND, "did you mean 'main'");
	fetch_fails(repo, "0123456789012345678901234567890123456789", ERR_NOT_FOUND, "no branch or tag");
}
END_TEST

START_TEST(refuses_a_certificate_of_another_authority)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(text_freep) char *other = text_printf("%s/other-ca.pem", fixture_dir);
	CLEANUP(text_freep) char *none = text_printf("%s/nginx.conf", fixture_dir);
	fails((struct repo_source){ .url = url, .ca_file = other }, ERR_DENIED, "is not trusted");
	fails((struct repo_source){ .url = url }, ERR_DENIED, "--git-ca-file");
	fails((struct repo_source){ .url = url, .ca_file = none }, ERR_INPUT, "holds no certificate");
	fails((struct repo_source){ .url = url, .ca_file = "/nowhere/ca.pem" }, ERR_NOT_FOUND, "cannot open '/nowhere/ca.pem'");
}
END_TEST

START_TEST(takes_a_password_and_a_token)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "basic/repo.git");
	CLEANUP(secret_release) struct secret password = secret_of("secret");
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	CLEANUP(secret_release) struct secret wrong = secret_of("hunter2");
	fetches((struct repo_source){ .url = url, .ca_file = ca, .username = "ana", .password = password });
	fetches((struct repo_source){ .url = url, .ca_file = ca, .token = token });
	fails((struct repo_source){ .url = url, .ca_file = ca }, ERR_DENIED,
	      "wants credentials: give --git-token-file or --git-username with --git-password-file");
	fails((struct repo_source){ .url = url, .ca_file = ca, .token = wrong }, ERR_DENIED, "refuses the token");
	fails((struct repo_source){ .url = url, .ca_file = ca, .username = "ana", .password = wrong }, ERR_DENIED,
	      "refuses the user name and password");
}
END_TEST

START_TEST(says_what_the_server_said)
{
	const struct {
		const char *path;
		enum err_kind kind;
		const char *message;
	} cases[] = {
		{ "forbidden/repo.git", ERR_DENIED, "wants credentials" },
		{ "open/missing.git", ERR_NOT_FOUND, "does not exist, or is seen only with credentials (404)" },
		{ "broken/repo.git", ERR_TRANSIENT, "answers 502" },
		{ "html", ERR_INPUT, "does not answer as a Git repository" },
		{ "limited/repo.git", ERR_TRANSIENT, "answers 429 and asks to wait 3600 seconds" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(text_freep) char *url = url_on(MAIN, cases[i].path);
		fails((struct repo_source){ .url = url, .ca_file = ca }, cases[i].kind, cases[i].message);
	}
	CLEANUP(text_freep) char *url = url_on(MAIN, "forbidden/repo.git");
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	fails((struct repo_source){ .url = url, .ca_file = ca, .token = token }, ERR_DENIED, "the token gives no right to read");
}
END_TEST

START_TEST(asks_once_for_many_refs_and_tells_which_are_not_there)
{
	(void)sh("cd work && git checkout -q -b two && git commit -q --allow-empty -m two && git push -q origin two 2>&1 &&"
	         "git checkout -q main");
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
	struct err err = ERR_INIT;
	struct repo_want wants[] = { { .ref = "refs/heads/main" }, { .ref = "nowhere" }, { .ref = "two" }, { .ref = NULL } };
	ck_assert_msg(repo_fetch_refs(repo, wants, 4, soon(), &err), "%s", err.msg);
	char id[41];
	id_of("main", id);
	ck_assert_str_eq(wants[0].commit.id, id);
	ck_assert_int_eq(wants[1].err.kind, ERR_NOT_FOUND);
	ck_assert_str_eq(wants[1].commit.id, "");
	id_of("two", id);
	ck_assert_str_eq(wants[2].commit.id, id);
	ck_assert_str_eq(wants[3].commit.id, wants[0].commit.id);
	settle_logs();
	ck_assert_str_eq(sh("grep -c 'GET /open/repo.git/info/refs' access.log"), "1");
	for (size_t i = 0; i < 4; i++) {
		repo_commit_release(&wants[i].commit);
	}
}
END_TEST

START_TEST(does_not_wait_for_who_wants_to_know_how_long)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "limited/repo.git");
	int64_t wait = 0;
	fails((struct repo_source){ .url = url, .ca_file = ca, .retry_after = &wait }, ERR_TRANSIENT, "asks to wait 3600 seconds");
	ck_assert_int_eq(wait, 3600 * 1000);
	CLEANUP(text_freep) char *busy = url_on(MAIN, "busy/repo.git");
	fails((struct repo_source){ .url = busy, .ca_file = ca, .retry_after = &wait }, ERR_TRANSIENT, "asks to wait 1 seconds");
	ck_assert_int_eq(wait, 1000);
	settle_logs();
	ck_assert_str_eq(sh("grep -c busy access.log"), "1"); /* had it waited, it would have asked again, and got an answer */
	CLEANUP(text_freep) char *locked = url_on(MAIN, "basic/repo.git");
	fails((struct repo_source){ .url = locked, .ca_file = ca, .retry_after = &wait }, ERR_DENIED,
	      "wants credentials: source.secretRef names the Secret");
}
END_TEST

START_TEST(takes_certificates_from_memory_and_a_token_as_bearer)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(secret_release) struct secret authority = SECRET_INIT;
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	struct err err = ERR_INIT;
	ck_assert(secret_read_file(&authority, ca, &err));
	fetches((struct repo_source){ .url = url, .ca = authority, .token = token, .bearer = true });
	settle_logs();
	ck_assert_str_eq(sh("grep -c 'Bearer tok123' access.log"), "2");
	CLEANUP(secret_release) struct secret nothing = secret_of("x");
	fails((struct repo_source){ .url = url, .ca = nothing }, ERR_INPUT, "ca.crt holds no certificate");
}
END_TEST

START_TEST(waits_as_long_as_the_server_asks)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "busy/repo.git");
	int64_t start = clock_now();
	fetches((struct repo_source){ .url = url, .ca_file = ca });
	ck_assert_int_ge(clock_now() - start, 1000);
	settle_logs();
	ck_assert_str_eq(sh("grep -c 'GET /busy' access.log"), "2");
}
END_TEST

START_TEST(follows_a_redirect_on_the_same_host_with_credentials)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "moved/repo.git");
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	fetches((struct repo_source){ .url = url, .ca_file = ca, .token = token });
	settle_logs();
	ck_assert_str_eq(sh("sed 's/ \".*//' access.log"), "GET /moved/repo.git/info/refs\nGET /basic/repo.git/info/refs\n"
	                                                   "POST /basic/repo.git/git-upload-pack");
}
END_TEST

START_TEST(sends_no_credentials_to_another_host)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "to-other/repo.git");
	CLEANUP(text_freep) char *locked = url_on(MAIN, "to-locked/repo.git");
	CLEANUP(text_freep) char *back = url_on(MAIN, "to-and-fro/repo.git");
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	fetches((struct repo_source){ .url = url, .ca_file = ca, .token = token });
	fails((struct repo_source){ .url = locked, .ca_file = ca, .token = token }, ERR_DENIED, "redirects to another host");
	settle_logs();
	ck_assert_str_eq(sh("cut -d' ' -f1-3 other.log"), "GET /open/repo.git/info/refs \"-\"\n"
	                                                  "POST /open/repo.git/git-upload-pack \"-\"\n"
	                                                  "GET /basic/repo.git/info/refs \"-\"");
	ck_assert_int_eq(atoi(sh("grep -c Basic access.log")), 2);
	fetches((struct repo_source){ .url = back, .ca_file = ca, .token = token });
	settle_logs();
	ck_assert_int_eq(atoi(sh("grep -c Basic access.log")), 3);
	ck_assert_int_eq(atoi(sh("grep -c 'open.*Basic' access.log || true")), 0);
}
END_TEST

START_TEST(refuses_redirects_to_http_to_a_page_and_in_a_circle)
{
	CLEANUP(text_freep) char *plain = url_on(MAIN, "to-http/repo.git");
	CLEANUP(text_freep) char *page = url_on(MAIN, "to-page/repo.git");
	CLEANUP(text_freep) char *circle = url_on(MAIN, "circle/repo.git");
	fails((struct repo_source){ .url = plain, .ca_file = ca }, ERR_INPUT, "not a plain https:// address");
	fails((struct repo_source){ .url = page, .ca_file = ca }, ERR_INPUT, "which is no Git repository");
	fails((struct repo_source){ .url = circle, .ca_file = ca }, ERR_INPUT, "redirects too often");
}
END_TEST

START_TEST(allows_plain_http_on_this_machine)
{
	CLEANUP(text_freep) char *url = url_on(PLAIN, "open/repo.git");
	CLEANUP(text_freep) char *basic = url_on(PLAIN, "basic/repo.git");
	CLEANUP(secret_release) struct secret token = secret_of("tok123");
	(void)setenv("http_proxy", "http://127.0.0.1:1", 1);
	fetches((struct repo_source){ .url = url });
	fetches((struct repo_source){ .url = basic, .token = token });
}
END_TEST

static void ends_by(struct repo *repo, int64_t deadline, const char *message)
{
	struct repo_commit commit = { 0 };
	struct err err = ERR_INIT;
	ck_assert(!repo_fetch(repo, "main", deadline, &commit, &err));
	ck_assert_msg(strstr(err.msg, message), "%s", err.msg);
	ck_assert_int_eq(err.kind, ERR_TRANSIENT);
	ck_assert_int_lt(clock_now(), deadline + 300000); /* what is slow would take longer */
}

START_TEST(keeps_the_deadline_when_a_server_is_silent_or_slow)
{
	int port = 0;
	int fd = bind_somewhere(&port);
	ck_assert_int_eq(listen(fd, 8), 0);
	CLEANUP(text_freep) char *silent = text_printf("https://127.0.0.1:%d/x", port);
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = silent, .ca_file = ca });
	ends_by(repo, clock_now() + 500, "took too long");
	(void)close(fd);
	ends_by(repo, clock_now() + 100000, "cannot reach");
	(void)sh("cd work && git checkout -q -b bulk && head -c 8000000 /dev/urandom > blob && git add . && git commit -q -m blob &&"
	         "git push -q -f origin bulk:main 2>&1 && git checkout -q main");
	CLEANUP(text_freep) char *slow = url_on(MAIN, "slow/repo.git");
	CLEANUP(repo_freep) struct repo *other = open_source((struct repo_source){ .url = slow, .ca_file = ca });
	ends_by(other, clock_now() + 1500, "took too long");
	ck_assert_str_eq(sh("ls stores/*/objects/pack/*.pack 2>/dev/null || true"), "");
	(void)sh("cd work && git push -q -f origin main 2>&1 && git branch -D bulk");
}
END_TEST

START_TEST(names_the_proxy_problem_without_its_password)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	const char *const proxies[] = { "http://user:hunter2@127.0.0.1:1", "bad://user:hunter2@127.0.0.1:1",
		                            "http://user:hunter2@[" };
	for (size_t i = 0; i < ARRAY_LEN(proxies); i++) {
		CLEANUP(repo_freep)
		struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca, .proxy = proxies[i] });
		struct repo_commit commit = { 0 };
		struct err err = ERR_INIT;
		ck_assert(!repo_fetch(repo, "main", soon(), &commit, &err));
		ck_assert_msg(!strstr(err.msg, "hunter2"), "%s", err.msg);
	}
}
END_TEST

static long peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;
	while (file && fgets(line, sizeof line, file)) {
		(void)sscanf(line, "VmHWM: %ld", &kib);
	}
	if (file) {
		(void)fclose(file);
	}
	return kib;
}

START_TEST(takes_a_pack_of_20_megabytes_in_little_memory)
{
	(void)sh("git init -q -b main big && cd big && head -c 20000000 /dev/urandom | split -b 1000000 - f && git add . &&"
	         "git commit -q -m big && git clone -q --bare . ../big.git");
	for (int port = MAIN; port <= OTHER; port++) {
		forget_stores();
		CLEANUP(text_freep) char *url = url_on(port, "open/big.git");
		CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
		struct repo_commit commit = { 0 };
		struct err err = ERR_INIT;
		int64_t start = clock_now();
		ck_assert_msg(repo_fetch(repo, "main", soon(), &commit, &err), "%s", err.msg);
		int64_t took = clock_now() - start;
		repo_commit_release(&commit);
		if (getenv("PLUMB_TEST_TIMES")) {
			(void)fprintf(stderr, "20 MB clone, %s: %lld ms, peak %ld KiB\n", port == MAIN ? "TLS 1.3" : "HTTP/2",
			              (long long)took, peak_kib());
		}
	}
	const char *preload = getenv("LD_PRELOAD");
	bool instrumented = preload && strstr(preload, "vgpreload");
#ifdef __SANITIZE_ADDRESS__
	instrumented = true;
#endif
	ck_assert(instrumented || peak_kib() < 48 * 1024);
}
END_TEST

/* Makes the branch `long` anew: so many empty commits on top of main. */
static void make_history(int commits, const char *message)
{
	(void)sh(
		"awk 'BEGIN { print \"reset refs/heads/long\\nfrom refs/heads/main^0\\n\"; for (i = 1; i <= %d; i++) {"
		"printf \"commit refs/heads/long\\ncommitter Ana <ana@example.org> %%d +0000\\ndata 3\\n%s\\n\", 1700000000 + i } }' |"
		"git -C work fast-import --quiet --force && git -C work push -q -f origin long:main 2>&1",
		commits, message);
}

START_TEST(negotiates_when_a_long_history_was_rewritten)
{
	make_history(70, "old");
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
	fetch_is(repo, "main", "long");
	make_history(50, "new");
	(void)sh("git -C repo.git reflog expire --expire=all --all && git -C repo.git gc -q --prune=now");
	fetch_is(repo, "main", "long");
	(void)sh("cd work && git push -q -f origin main 2>&1 && git branch -D long");
	ck_assert_str_eq(sh("git -C stores/*/ fsck --full 2>&1 | grep -v -e notice -e dangling || true"), "");
	/* The root was known, so the second pack holds the 50 new commits only. */
	ck_assert_str_eq(sh("for i in stores/*/objects/pack/*.idx; do git show-index < $i | wc -l; done | sort -n | head -1"), "50");
}
END_TEST

START_TEST(reads_thousands_of_refs_and_none)
{
	(void)sh("git clone -q --bare work many.git && cd many.git && id=$(git rev-parse main) &&"
	         "seq -w 1 8000 | sed \"s|.*|$id refs/tags/tag-with-a-long-name-&|\" >> packed-refs && cd .. &&"
	         "git init -q --bare empty.git");
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/many.git");
	CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = url, .ca_file = ca });
	fetch_is(repo, "tag-with-a-long-name-8000", "main");
	fetch_fails(repo, "tag-with-a-long-name-9000", ERR_NOT_FOUND, "did you mean 'tag-with-a-long-name-");
	CLEANUP(text_freep) char *empty = url_on(MAIN, "open/empty.git");
	fails((struct repo_source){ .url = empty, .ca_file = ca }, ERR_NOT_FOUND, "has no commit yet");
}
END_TEST

START_TEST(asks_again_with_one_request)
{
	CLEANUP(text_freep) char *url = url_on(MAIN, "open/repo.git");
	CLEANUP(text_freep) char *path = text_printf("%s/repo.git", fixture_dir);
	const char *const urls[] = { path, url };
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		fetches((struct repo_source){ .url = urls[i], .ca_file = ca });
		int64_t start = clock_now();
		for (int run = 0; run < 20; run++) {
			CLEANUP(repo_freep) struct repo *repo = open_source((struct repo_source){ .url = urls[i], .ca_file = ca });
			struct repo_commit commit = { 0 };
			struct err err = ERR_INIT;
			ck_assert_msg(repo_fetch(repo, "main", soon(), &commit, &err), "%s", err.msg);
			repo_commit_release(&commit);
		}
		int64_t took = clock_now() - start;
		settle_logs();
		ck_assert_int_eq(atoi(sh("grep -c GET access.log || true")), i ? 21 : 0);
		ck_assert_int_eq(atoi(sh("grep -c POST access.log || true")), i ? 1 : 0);
		if (getenv("PLUMB_TEST_TIMES")) {
			(void)fprintf(stderr, "no-op fetch of %s: %.1f ms\n", i ? "https" : "a path", (double)took / 20);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("git https");
	TCase *tests = tcase_create("https");
	tcase_add_unchecked_fixture(tests, start_server, stop_server);
	tcase_set_timeout(tests, 800);
	tcase_add_checked_fixture(tests, forget_stores, NULL);
	tcase_add_test(tests, clones_over_tls_1_3_and_fetches_what_is_new_on_one_connection);
	tcase_add_test(tests, asks_once_and_downloads_nothing_when_the_tip_is_there);
	tcase_add_test(tests, takes_tags_commits_head_and_force_pushes);
	tcase_add_test(tests, refuses_a_certificate_of_another_authority);
	tcase_add_test(tests, takes_a_password_and_a_token);
	tcase_add_test(tests, says_what_the_server_said);
	tcase_add_test(tests, asks_once_for_many_refs_and_tells_which_are_not_there);
	tcase_add_test(tests, does_not_wait_for_who_wants_to_know_how_long);
	tcase_add_test(tests, takes_certificates_from_memory_and_a_token_as_bearer);
	tcase_add_test(tests, waits_as_long_as_the_server_asks);
	tcase_add_test(tests, follows_a_redirect_on_the_same_host_with_credentials);
	tcase_add_test(tests, sends_no_credentials_to_another_host);
	tcase_add_test(tests, refuses_redirects_to_http_to_a_page_and_in_a_circle);
	tcase_add_test(tests, allows_plain_http_on_this_machine);
	tcase_add_test(tests, keeps_the_deadline_when_a_server_is_silent_or_slow);
	tcase_add_test(tests, names_the_proxy_problem_without_its_password);
	tcase_add_test(tests, takes_a_pack_of_20_megabytes_in_little_memory);
	tcase_add_test(tests, negotiates_when_a_long_history_was_rewritten);
	tcase_add_test(tests, reads_thousands_of_refs_and_none);
	tcase_add_test(tests, asks_again_with_one_request);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
