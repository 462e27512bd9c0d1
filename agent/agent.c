#include "agent/agent.h"

#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/agent_impl.h"
#include "sync/clock.h"
#include "sync/holder.h"

enum {
	POLL_TIMEOUT = 60 * 1000,
	DISCOVERY_TIMEOUT = 10 * 1000,
	DEFAULT_GRACE = 20 * 1000,
	TRIM_AFTER = 250, /* milliseconds; a call takes a quarter of one */
	WRITE_TIMEOUT = 4500,
	LARGE_BYTES = 64 * 1024
};

#define LEASE_NAME "plumb-agent"

_Static_assert(WRITE_TIMEOUT < LEADER_DURATION - LEADER_RENEW, "safety rule 21");

/* --- what the others use ------------------------------------------------------------------------------------------ */

bool agent_may_write(void *context, struct err *err)
{
	struct agent *agent = context;
	return !agent->leader || leader_may_write(agent->leader, err);
}

void agent_requested(void *context, const struct kube_call *call, int status, double seconds)
{
	struct agent *agent = context;
	metrics_api(agent->metrics, call->method, call->path, status, seconds);
}

enum client { CLIENT_READS, CLIENT_WRITES, CLIENT_UNFENCED };

static struct kube *open_client(struct agent *agent, const char *as_user, enum client client, struct err *err)
{
	struct kube_config config = { 0 };
	const struct kube_config_options access = { .loaded = &agent->config, .as_user = as_user };
	const struct kube_options options = {
		.multi = loop_multi(agent->loop),
		.timeout = client == CLIENT_WRITES ? WRITE_TIMEOUT : 0,
		.may_write = client == CLIENT_UNFENCED ? NULL : agent_may_write,
		.fence = agent,
		.requested = agent_requested,
		.host = agent,
	};
	return kube_config_load(&access, &config, err) ? kube_open(&config, &options, err) : NULL;
}

struct kube *agent_client(struct agent *agent, const char *as_user, struct err *err)
{
	return open_client(agent, as_user, CLIENT_READS, err);
}

struct kube *agent_writer(struct agent *agent, struct err *err)
{
	return open_client(agent, NULL, CLIENT_WRITES, err);
}

struct kube *agent_client_unfenced(struct agent *agent, struct err *err)
{
	return open_client(agent, NULL, CLIENT_UNFENCED, err);
}

bool agent_discover(struct agent *agent, struct err *err)
{
	while (agent->discovering) {
		(void)loop_park(agent->loop, clock_now() + 50);
	}
	if (agent->discovery) {
		return true;
	}
	agent->discovering = true;
	if (!agent->kube) {
		agent->kube = agent_client(agent, NULL, err);
	}
	agent->discovery = agent->kube ? discovery_new(agent->kube, clock_now() + DISCOVERY_TIMEOUT, err) : NULL;
	agent->discovering = false;
	return agent->discovery != NULL;
}

static void git_asked(void *context, bool fine, int64_t milliseconds)
{
	struct agent *agent = context;
	metrics_add(agent->metrics, METRIC_GIT_REQUESTS, LABELS("ls-remote", fine ? "success" : "error"), 1);
	metrics_observe(agent->metrics, METRIC_GIT_SECONDS, LABELS("ls-remote"), (double)milliseconds / 1000);
}

/* --- working, and not --------------------------------------------------------------------------------------------- */

static void start_work(struct agent *agent)
{
	agent->stop = 0;
	agent->leads = true;
	agent_watches_open(agent);
	metrics_set(agent->metrics, METRIC_LEADER, NULL, 1);
	agent_mark(agent);
	if (agent->options.config) {
		syncs_config_start(agent);
	} else {
		syncs_api_start(agent);
	}
}

/* What runs ends soon: no write begins any more, and what only waits is given up. */
static void stop_work(struct agent *agent)
{
	agent->leads = false;
	agent->stop = 1;
	metrics_set(agent->metrics, METRIC_LEADER, NULL, 0);
	agent_mark(agent);
	if (!agent->options.config) {
		syncs_api_stop(agent);
	}
	syncs_drop_all(agent);
	agent_watches_close(agent);
}

static void finish(struct agent *agent)
{
	if (agent->leader) {
		leader_end(agent->leader);
		agent->leader = NULL;
	}
	loop_timer_clear(agent->loop, &agent->grace);
	loop_timer_clear(agent->loop, &agent->trim);
	loop_stop(agent->loop);
}

static void end(struct agent *agent)
{
	if (agent->ending) {
		return;
	}
	agent->ending = true;
	log_event(&agent->log, LEVEL_INFO, NULL, "ending");
	loop_timer_set(agent->loop, &agent->grace, clock_now() + (agent->options.grace ? agent->options.grace : DEFAULT_GRACE));
	stop_work(agent);
	if (!agent->turns) {
		finish(agent);
	}
}

/* Memory that cycles used goes back to the system a moment later, however many follow: one that lasts pays for few calls of
 * this, and what is asked for in a restless hour is the same as at rest. */
static void trim(void *context)
{
	(void)context;
	(void)malloc_trim(0);
}

void agent_turn_ended(struct agent *agent)
{
	agent->turns--;
	if (!agent->trim.place) {
		loop_timer_set(agent->loop, &agent->trim, clock_now() + TRIM_AFTER);
	}
	if (agent->turns) {
		return;
	}
	if (agent->ending) {
		finish(agent);
	} else if (!agent->leads && agent->leader && leader_leads(agent->leader)) {
		start_work(agent);
	}
}

/* What hangs, a Git server that a worker waits for, must not keep the pod alive. */
static void out_of_grace(void *context)
{
	struct agent *agent = context;
	log_event(&agent->log, LEVEL_WARNING, NULL, "ended in the middle of a sync: the time to end was over");
	_exit(1);
}

static void leads_changed(void *context, bool leads)
{
	struct agent *agent = context;
	log_event(&agent->log, LEVEL_INFO, NULL, leads ? "leading" : "not the leader any more: everything that runs is ended");
	if (!leads) {
		stop_work(agent);
	} else if (!agent->turns) {
		start_work(agent);
	}
}

static void leader_trouble(void *context, const struct err *err)
{
	struct agent *agent = context;
	log_event(&agent->log, LEVEL_WARNING, NULL, "leader election: %s", err->msg);
}

static bool start_election(struct agent *agent, struct err *err)
{
	CLEANUP(text_freep) char *identity = holder_self();
	struct kube *kube = open_client(agent, NULL, CLIENT_UNFENCED, err);
	if (!kube) {
		return false;
	}
	const struct leader_options options = {
		.ns = agent->ns,
		.name = LEASE_NAME,
		.identity = identity,
		.changed = leads_changed,
		.trouble = leader_trouble,
		.context = agent,
	};
	agent->leader = leader_new(agent->loop, kube, &options);
	return true;
}

/* --- signals ------------------------------------------------------------------------------------------------------ */

static bool load_config(const struct agent *agent, struct kube_config *out, struct err *err)
{
	struct kube_config_options access = agent->options.access;
	access.allow_exec = false;
	if (!kube_config_load(&access, out, err)) {
		return false;
	}
	if (out->exec) {
		kube_config_release(out);
		return err_set(err, ERR_INPUT,
		               "the kubeconfig runs a program for its credentials, which an agent does not: give it a token");
	}
	return true;
}

/* New credentials for the API server and for Git, and the files of --config. */
static void reload(struct agent *agent)
{
	struct err err = ERR_INIT;
	struct kube_config config = { 0 };
	log_event(&agent->log, LEVEL_INFO, NULL, "reloading");
	if (load_config(agent, &config, &err)) {
		kube_config_release(&agent->config);
		agent->config = config;
	} else {
		log_event(&agent->log, LEVEL_ERROR, NULL, "kept the old credentials: %s", err.msg);
	}
	if (agent->leads && agent->options.config) {
		syncs_config_reload(agent);
	} else if (agent->leads) {
		syncs_api_reload(agent);
	}
	for (size_t i = 0; i < agent->count; i++) {
		sync_rejoin(agent->syncs[i]);
	}
}

static void signalled(void *context)
{
	struct agent *agent = context;
	struct signalfd_siginfo info;
	while (read(agent->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP) {
			reload(agent);
		} else {
			end(agent);
		}
	}
}

static bool catch_signals(struct agent *agent, struct err *err)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (agent->signals < 0) {
		return err_sys(err, "cannot make a signalfd");
	}
	loop_add_fd(agent->loop, agent->signals, signalled, agent);
	return true;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static char *default_store(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	return cache && *cache ? text_printf("%s/plumb", cache) : text_printf("%s/.cache/plumb", home ? home : "");
}

static void set_up(struct agent *agent)
{
	const struct agent_options *options = &agent->options;
	agent->log = log_stderr();
	agent->metrics = metrics_new();
	agent->events = EVENTS_INIT;
	agent->signals = -1;
	agent->store = options->store ? text_dup(options->store) : default_store();
	agent->grace = (struct loop_timer){ .fire = out_of_grace, .context = agent };
	agent->trim = (struct loop_timer){ .fire = trim, .context = agent };
	/* One arena: threads that only read Git must not keep memory of their own. What is large goes back when it is freed, and
	 * leaves no holes; larger than the buffers of a YAML parser, of which a render makes one for each document. Small pieces,
	 * of which a cycle frees a hundred thousand, are joined at once and not again and again in bulk. */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	(void)mallopt(M_MXFAST, 0);
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool elects(const struct agent *agent)
{
	bool in_cluster = !agent->config.context;
	return agent->options.leader_elect < 0 ? in_cluster : agent->options.leader_elect > 0;
}

static bool set_log(struct agent *agent, struct err *err)
{
	const struct agent_options *options = &agent->options;
	return (!options->log_format || log_parse_format(options->log_format, &agent->log.format, err)) &&
	       (!options->log_level || log_parse_level(options->log_level, &agent->log.least, err));
}

static bool start(struct agent *agent, struct err *err)
{
	if (!set_log(agent, err) || !load_config(agent, &agent->config, err)) {
		return false;
	}
	agent->ns = text_dup(agent->options.ns ? agent->options.ns : agent->config.ns ? agent->config.ns : "default");
	agent->loop = loop_new(err);
	if (!agent->loop || !catch_signals(agent, err)) {
		return false;
	}
	const struct poller_options poller = {
		.store = agent->store,
		.timeout = POLL_TIMEOUT,
		.asked = git_asked,
		.context = agent,
	};
	agent->workers = workers_new(agent->loop);
	agent->poller = poller_new(agent->loop, agent->workers, &poller);
	if (!agent_serve(agent, err)) {
		return false;
	}
	if (elects(agent)) {
		agent->pod = getenv("PLUMB_POD");
		agent_mark(agent);
		return start_election(agent, err);
	}
	start_work(agent);
	return true;
}

static void release(struct agent *agent)
{
	agent_serve_no_more(agent);
	discovery_freep(&agent->discovery);
	kube_freep(&agent->kube);
	workers_free(agent->workers);
	poller_free(agent->poller);
	loop_free(agent->loop);
	if (agent->signals >= 0) {
		(void)close(agent->signals);
	}
	events_release(&agent->events);
	metrics_free(agent->metrics);
	kube_config_release(&agent->config);
	free(agent->syncs);
	free(agent->ns);
	free(agent->store);
}

int agent_run(const struct agent_options *options, struct err *err)
{
	struct agent agent = { .options = *options };
	set_up(&agent);
	bool fine = start(&agent, err);
	if (fine) {
		log_event(&agent.log, LEVEL_INFO, NULL, "started");
		loop_run(agent.loop);
		log_event(&agent.log, LEVEL_INFO, NULL, "ended");
		if (workers_busy(agent.workers)) {
			/* A Git server that does not answer: nobody waits for that any more. */
			_exit(0);
		}
	}
	release(&agent);
	return fine ? 0 : err->kind == ERR_INPUT ? 2 : 5;
}
