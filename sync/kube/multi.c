#include "sync/kube/multi.h"

#include <assert.h>

#include "sync/clock.h"
#include "sync/kube/transfer.h"

void kube_multi_perform(struct kube_multi *multi)
{
	int number = 0;
	CURLMcode code = curl_multi_perform(multi->curl, &number);
	assert(code == CURLM_OK);
	for (CURLMsg *message; (message = curl_multi_info_read(multi->curl, &number));) {
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;
		struct transfer *transfer = NULL;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
		(void)curl_multi_remove_handle(multi->curl, easy);
		transfer->result = result;
		transfer->next_ended = transfer->client->ended;
		transfer->client->ended = transfer;
		multi_wake(transfer->client);
	}
}

static void poll_alone(struct kube_multi *multi, void **waiter, int64_t until)
{
	(void)waiter;
	int64_t left = until - clock_now();
	if (left > 0) {
		(void)curl_multi_poll(multi->curl, NULL, 0, (int)left, NULL);
	}
}

static void nobody(struct kube_multi *multi, void *waiter)
{
	(void)multi;
	(void)waiter;
}

void kube_multi_init(struct kube_multi *multi)
{
	*multi = (struct kube_multi){ .curl = curl_multi_init(), .wait = poll_alone, .wake = nobody };
	assert(multi->curl);
}

void kube_multi_release(struct kube_multi *multi)
{
	(void)curl_multi_cleanup(multi->curl);
	multi->curl = NULL;
}
