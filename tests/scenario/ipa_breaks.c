/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world breaks at every step: for n = 1, 2, 3 .. power is lost before step n of the IPA, or the
 * link is lost there, or the transport repeats a message, or the card's memory loses power at its
 * n-th write. Whatever happens, in the end every job is done, done once, reported, acknowledged and
 * forgotten by the card, and the device has a profile that connects.
 *
 * The card is the real engine; the eIM and the SM-DP+ are written by hand (tests/support).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/ipa_world.h"

/* ---- The story ---- */

/* Profile 1 is installed and enabled; profile 2 is installed and enabled with rollbackFlag where it
 * has no network; profile 1 stays. */
static struct ipa_world *story(void)
{
    static char enable1[80];
    static char enable2[80];
    struct ipa_world *w = ipa_world_new();
    world_on(enable1, "A3", 1, "");
    world_on(enable2, "A3", 2, "0500");
    ipa_world_job(w, JOB_DOWNLOAD)->download.n = 1;
    ipa_world_job(w, JOB_PACKAGE)->commands = enable1;
    ipa_world_job(w, JOB_DOWNLOAD)->download.n = 2;
    ipa_world_job(w, JOB_PACKAGE)->commands = enable2;
    ipa_world_job(w, JOB_DATA)->commands = "BF52095C05BF22A5A6A082";
    w->jobs[4].commands = "BF520B5C04BF22A5A683030102AA";
    w->uncovered = 2;
    return w;
}

static void say(const struct ipa_world *w, const char *what, unsigned n)
{
    fprintf(stderr, "%s %u: step %u, wakes %u, rollbacks %u, bodies %u\n", what, n, w->step,
            w->wakes, w->rollbacks, w->bodies);
    for (size_t i = 0; i < w->job_count; i++) {
        const struct job *job = &w->jobs[i];
        fprintf(stderr, "  job %zu done %d results %u executions %u reverted %u errors %u\n", i,
                job->done, job->results, job->executions, job->reverted, job->errors);
    }
}

static void hold(struct ipa_world *w, const char *what, unsigned n)
{
    bool ended = ipa_world_run(w);
    w->cut_step = 0;
    bool good =
        ended && ipa_world_installed(w) == 2 && ipa_world_enabled(w, 1) && ipa_world_drained(w);
    for (size_t i = 0; i < w->job_count; i++) {
        good = good && w->jobs[i].done;
    }
    /* Executed once; the result of the second is the one that says it was reverted. */
    good = good && w->jobs[1].executions == 1 && w->jobs[3].reverted >= 1;
    if (!good) {
        say(w, what, n);
        fprintf(stderr, "  ended %d installed %u enabled1 %d drained %d\n", ended,
                ipa_world_installed(w), ipa_world_enabled(w, 1), ipa_world_drained(w));
    }
    assert_true(good);
}

static void undisturbed(void **state)
{
    (void)state;
    struct ipa_world *w = story();
    hold(w, "undisturbed", 0);
    assert_int_equal(w->rollbacks, 1);
    assert_int_equal(w->bodies, 2);
    assert_int_equal(w->jobs[3].executions, 1);
    assert_int_equal(w->jobs[1].errors + w->jobs[3].errors, 0);
    ipa_world_free(w);
}

static unsigned steps_of_story(void)
{
    struct ipa_world *w = story();
    assert_true(ipa_world_run(w));
    unsigned steps = w->step;
    ipa_world_free(w);
    return steps;
}

static void power_cut_at_every_step(void **state)
{
    (void)state;
    unsigned steps = steps_of_story();
    assert_in_range(steps, 300, 3000);
    for (unsigned n = 1; n <= steps; n++) {
        struct ipa_world *w = story();
        w->cut_step = n;
        hold(w, "power cut before step", n);
        ipa_world_free(w);
    }
}

static void power_cut_again_and_again(void **state)
{
    (void)state;
    for (unsigned every = 331; every < 450; every += 7) {
        struct ipa_world *w = story();
        w->cut_step = every;
        w->cut_every = every;
        hold(w, "power cuts every", every);
        ipa_world_free(w);
    }
}

static void link_lost_at_every_step(void **state)
{
    (void)state;
    unsigned steps = steps_of_story();
    for (unsigned n = 1; n <= steps; n++) {
        struct ipa_world *w = story();
        w->lose_step = n;
        hold(w, "link lost at step", n);
        ipa_world_free(w);
    }
}

static void message_repeated_at_every_step(void **state)
{
    (void)state;
    unsigned steps = steps_of_story();
    for (unsigned n = 1; n <= steps; n++) {
        struct ipa_world *w = story();
        w->repeat_step = n;
        hold(w, "message repeated at step", n);
        assert_int_equal(w->rollbacks, 1);
        ipa_world_free(w);
    }
}

static void card_write_torn_at_every_write(void **state)
{
    (void)state;
    struct ipa_world *first = story();
    assert_true(ipa_world_run(first));
    uint64_t writes = first->card->blocks.write_count;
    ipa_world_free(first);
    for (uint64_t n = 0; n < writes; n++) {
        struct ipa_world *w = story();
        card_blocks_power(&w->card->blocks, n);
        hold(w, "card write torn", (unsigned)n);
        ipa_world_free(w);
    }
}

/* The state of the IPA and its buffer are all it has: a long profile needs no more than a short
 * one, and pieces of one byte do. */
static void sizes_do_not_matter(void **state)
{
    (void)state;
    static const size_t PIECES[] = {1, 16, 255, 256};
    for (size_t i = 0; i < TERN_COUNT_OF(PIECES); i++) {
        static uint8_t upp[UPP_SIZE_MAX];
        static char filler[3000];
        struct ipa_world *w = ipa_world_new();
        struct job *job = ipa_world_job(w, JOB_DOWNLOAD);
        job->download.n = 1;
        memset(filler, 0, sizeof filler);
        job->download.upp = upp_make(upp, 1, "");
        w->piece_size = PIECES[i];
        assert_true(ipa_world_run(w));
        assert_int_equal(job->results, 1);
        assert_int_equal(ipa_world_installed(w), 1);
        ipa_world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undisturbed),
        cmocka_unit_test(sizes_do_not_matter),
        cmocka_unit_test(power_cut_at_every_step),
        cmocka_unit_test(power_cut_again_and_again),
        cmocka_unit_test(link_lost_at_every_step),
        cmocka_unit_test(message_repeated_at_every_step),
        cmocka_unit_test(card_write_torn_at_every_write),
    };
    return cmocka_run_group_tests(tests, world_make_pki, world_remove_pki);
}
