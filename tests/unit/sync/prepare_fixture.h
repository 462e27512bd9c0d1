/*
 * What the tests of prepare and ahead share beyond the scene: what was prepared of it.
 */
#ifndef TESTS_UNIT_SYNC_PREPARE_FIXTURE_H
#define TESTS_UNIT_SYNC_PREPARE_FIXTURE_H

#include "sync/prepare.h"
#include "tests/unit/sync/cycle_fixture.h"

static struct prepared prepared;

static void prepare_begin(void)
{
	scene_begin();
	prepared = (struct prepared){ 0 };
}

static void prepare_end(void)
{
	prepared_release(&prepared);
	scene_end();
}

/* As if nothing had been prepared yet; requests count from here. */
static void prepare_anew(void)
{
	prepared_release(&prepared);
	report_release(&scene.report);
	scene.report = REPORT_INIT;
	fake_kube_forget(scene.fake);
}

/* Fetches and renders, and then reads the cluster. */
static bool plans(void)
{
	prepare_anew();
	return prepare_render(&scene.options, &scene.report, &prepared) && prepare_plan(&prepared);
}

/* How many actions of the kind the plan has. */
static size_t planned(enum action_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < prepared.plan->count; i++) {
		count += prepared.plan->actions[i]->kind == kind;
	}
	return count;
}

#endif
