#include "agent/fiber.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "render/base/buf.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define WITH_ASAN 1
#include <sanitizer/common_interface_defs.h>
#else
#define WITH_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define WITH_TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define WITH_TSAN 0
#endif

struct fiber {
	void (*run)(void *context);
	void *context;
	ucontext_t inside;
	ucontext_t outside; /* of who entered it */
	char *area;         /* guard page, stack, guard page */
	size_t area_size;
	bool entered; /* once */
	bool running;
	bool ended;
	/* Of the sanitizers. */
	void *inside_fake;
	void *outside_fake;
	const void *outside_bottom;
	size_t outside_size;
	void *inside_thread;
	void *outside_thread;
};

/* --- what sanitizers want to know --------------------------------------------------------------------------------- */

/* Before a switch into the fiber. */
static void tell_enter(struct fiber *fiber, const char *stack)
{
#if WITH_ASAN
	__sanitizer_start_switch_fiber(&fiber->outside_fake, stack, FIBER_STACK);
#endif
#if WITH_TSAN
	fiber->outside_thread = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(fiber->inside_thread, 0);
#endif
	(void)fiber;
	(void)stack;
}

/* First thing inside, after each switch into it. */
static void tell_entered(struct fiber *fiber)
{
#if WITH_ASAN
	__sanitizer_finish_switch_fiber(fiber->inside_fake, &fiber->outside_bottom, &fiber->outside_size);
#endif
	(void)fiber;
}

/* Before a switch out of it; for good once it has ended. */
static void tell_leave(struct fiber *fiber)
{
#if WITH_ASAN
	__sanitizer_start_switch_fiber(fiber->ended ? NULL : &fiber->inside_fake, fiber->outside_bottom, fiber->outside_size);
#endif
#if WITH_TSAN
	__tsan_switch_to_fiber(fiber->outside_thread, 0);
#endif
	(void)fiber;
}

/* First thing outside, after each switch out of it. */
static void tell_left(struct fiber *fiber)
{
#if WITH_ASAN
	__sanitizer_finish_switch_fiber(fiber->outside_fake, NULL, NULL);
#endif
	(void)fiber;
}

/* --- the fiber ---------------------------------------------------------------------------------------------------- */

static size_t page_size(void)
{
	long size = sysconf(_SC_PAGESIZE);
	return size > 0 ? (size_t)size : 4096;
}

static char *stack_of(const struct fiber *fiber)
{
	return fiber->area + page_size();
}

/* makecontext passes ints: a pointer is two. */
static void body(unsigned high, unsigned low)
{
	struct fiber *fiber = (struct fiber *)(((uintptr_t)high << 16 << 16) |
	                                       (uintptr_t)low); /* NOLINT(performance-no-int-to-ptr) */
	tell_entered(fiber);
	fiber->run(fiber->context);
	fiber->ended = true;
	tell_leave(fiber);
	(void)setcontext(&fiber->outside);
	abort();
}

struct fiber *fiber_new(void (*run)(void *context), void *context)
{
	struct fiber *fiber = alloc_new(1, sizeof *fiber);
	size_t page = page_size();
	fiber->run = run;
	fiber->context = context;
	fiber->area_size = FIBER_STACK + 2 * page;
	void *area = mmap(NULL, fiber->area_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (area == MAP_FAILED) { /* NOLINT(performance-no-int-to-ptr) */
		abort();
	}
	fiber->area = area;
	if (mprotect(stack_of(fiber), FIBER_STACK, PROT_READ | PROT_WRITE) != 0 || getcontext(&fiber->inside) != 0) {
		abort();
	}
	fiber->inside.uc_stack.ss_sp = stack_of(fiber);
	fiber->inside.uc_stack.ss_size = FIBER_STACK;
	fiber->inside.uc_link = NULL;
	uintptr_t self = (uintptr_t)fiber;
	makecontext(&fiber->inside, (void (*)(void))body, 2, (unsigned)(self >> 16 >> 16), (unsigned)self);
#if WITH_TSAN
	fiber->inside_thread = __tsan_create_fiber(0);
#endif
	return fiber;
}

bool fiber_enter(struct fiber *fiber)
{
	assert(!fiber->running && !fiber->ended);
	fiber->entered = true;
	fiber->running = true;
	tell_enter(fiber, stack_of(fiber));
	if (swapcontext(&fiber->outside, &fiber->inside) != 0) {
		abort();
	}
	tell_left(fiber);
	fiber->running = false;
	return !fiber->ended;
}

void fiber_leave(struct fiber *fiber)
{
	assert(fiber->running);
	tell_leave(fiber);
	if (swapcontext(&fiber->inside, &fiber->outside) != 0) {
		abort();
	}
	tell_entered(fiber);
}

void fiber_free(struct fiber *fiber)
{
	if (!fiber) {
		return;
	}
	assert(!fiber->running && (fiber->ended || !fiber->entered));
#if WITH_TSAN
	__tsan_destroy_fiber(fiber->inside_thread);
#endif
	(void)munmap(fiber->area, fiber->area_size);
	free(fiber);
}
