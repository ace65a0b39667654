#include "analysis/profile_diff.h"

#include "analysis/state_shares.h"
#include "base/clock.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOISE_STANDARD_ERRORS = 3,
};

/* Recordings whose lengths differ by less than this part are of the same length. */
static const double same_length = 0.01;

/* What changes are made from. */
struct scales {
    double unit[DIFF_SIDES];        /* that a second counts as */
    double sample_wall[DIFF_SIDES]; /* seconds that a sample stands for */
    double sample_mode[DIFF_SIDES]; /* the same, in the mode */
};

static double seconds_of(uint64_t ns)
{
    return (double)ns / (double)NS_PER_SECOND;
}

/* ---- noise ---- */

/* Samples do not all stand for the same time. Those that count are the ones that the time is made of, so the mean is
 * weighed by it. */
static double seconds_per_sample(const struct tick *tick, enum ranking_mode mode)
{
    double weighed = 0, sum = 0;

    for (size_t i = 0; i < tick->process_count; i++) {
        const struct profile *profile = tick->processes[i].profile;
        for (size_t j = 0; profile != NULL && j < profile->counter_count; j++) {
            const struct profile_counter *counter = &profile->counters[j];
            double seconds = seconds_of(mode == RANKING_CPU ? counter->cpu_ns : counter->wall_ns);
            if (counter->samples > 0)
                weighed += seconds * seconds / counter->samples;
            sum += seconds;
        }
    }
    return sum > 0 ? weighed / sum : 0;
}

/* The square of the standard error of a time. */
static double variance_of(double seconds, double sample_seconds)
{
    return sample_seconds * (seconds + sample_seconds);
}

static struct diff_change change_of(const struct scales *scales, const double sample_seconds[DIFF_SIDES],
                                    uint64_t old_ns, uint64_t new_ns)
{
    const double seconds[DIFF_SIDES] = {seconds_of(old_ns), seconds_of(new_ns)};
    double variance = 0;

    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        variance +=
            variance_of(seconds[side], sample_seconds[side]) * scales->unit[side] * scales->unit[side];
    double change = seconds[DIFF_NEW] * scales->unit[DIFF_NEW] - seconds[DIFF_OLD] * scales->unit[DIFF_OLD];
    double noise = NOISE_STANDARD_ERRORS * sqrt(variance);
    return (struct diff_change){.seconds = change, .noise = noise, .is_noise = fabs(change) <= noise};
}

/* Changes above the noise first, then the biggest. */
static int compare_changes(const struct diff_change *one, const struct diff_change *other)
{
    double left = fabs(one->seconds), right = fabs(other->seconds);

    if (one->is_noise != other->is_noise)
        return one->is_noise - other->is_noise;
    return (right > left) - (right < left);
}

/* ---- functions ---- */

/* A row of a ranking that is to find its partner. */
struct candidate {
    const struct function *function;
    const struct ranking_row *row;
    const char *file; /* by which it is compared: its path, or the end of it */
    bool is_taken;
};

static int compare_names(const struct candidate *one, const struct candidate *other)
{
    int result = strcmp(one->function->name, other->function->name);

    return result != 0 ? result : strcmp(one->file, other->file);
}

static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *one = left, *other = right;
    int result = one->is_taken - other->is_taken;

    if (result == 0)
        result = compare_names(one, other);
    if (result != 0)
        return result;
    return (one->function->line > other->function->line) - (one->function->line < other->function->line);
}

/* The functions of one recording: in order, those that have a partner last. */
struct candidates {
    struct candidate *all;
    size_t count;
    size_t free_count; /* without a partner */
};

static struct candidates find_candidates(const struct ranking *ranking, const struct call_tree *tree)
{
    struct candidate *all = memory_allocate(ranking->count, sizeof(*all));

    for (size_t i = 0; i < ranking->count; i++) {
        all[i].row = &ranking->rows[i];
        all[i].function = call_tree_function(tree, ranking->rows[i].function);
        all[i].file = all[i].function->file;
    }
    return (struct candidates){.all = all, .count = ranking->count};
}

static void sort_candidates(struct candidates *candidates)
{
    if (candidates->count > 1)
        qsort(candidates->all, candidates->count, sizeof(*candidates->all), compare_candidates);
    candidates->free_count = 0;
    while (candidates->free_count < candidates->count && !candidates->all[candidates->free_count].is_taken)
        candidates->free_count++;
}

/* What a candidate says goes into the row of its recording; NEW, which comes last, has the name. */
static void take_candidate(struct diff_function *function, enum diff_side side, struct candidate *candidate)
{
    if (candidate == NULL)
        return;
    function->name = candidate->function->name;
    function->file = candidate->function->file;
    function->is_in[side] = true;
    function->side[side] = *candidate->row;
    candidate->is_taken = true;
}

/* Add a function that one recording has, or both; NULL for the one that does not have it. */
static void add_function(struct profile_diff *diff, const struct scales *scales, struct candidate *old,
                         struct candidate *new)
{
    struct diff_function *added = &diff->functions[diff->function_count++];
    bool cpu = diff->mode == RANKING_CPU;

    *added = (struct diff_function){0};
    take_candidate(added, DIFF_OLD, old);
    take_candidate(added, DIFF_NEW, new);
    const struct ranking_row *before = &added->side[DIFF_OLD], *after = &added->side[DIFF_NEW];
    added->own = change_of(scales, scales->sample_mode, cpu ? before->own_cpu_ns : before->own_wall_ns,
                           cpu ? after->own_cpu_ns : after->own_wall_ns);
    added->total = change_of(scales, scales->sample_mode, cpu ? before->total_cpu_ns : before->total_wall_ns,
                             cpu ? after->total_cpu_ns : after->total_wall_ns);
}

/* Some candidates that are alike, of one recording. */
struct group {
    struct candidate *first;
    size_t count;
};

typedef void match_groups(struct profile_diff *diff, const struct scales *scales, struct group old,
                          struct group new);

/* Functions of one name in one file: by the line of their def, then in their order. */
static void match_in_file(struct profile_diff *diff, const struct scales *scales, struct group old,
                          struct group new)
{
    for (size_t i = 0, j = 0; i < old.count && j < new.count;) {
        uint32_t old_line = old.first[i].function->line, new_line = new.first[j].function->line;
        if (old_line == new_line)
            add_function(diff, scales, &old.first[i], &new.first[j]);
        i += old_line <= new_line;
        j += new_line <= old_line;
    }
    for (size_t i = 0, j = 0; i < old.count; i++) {
        while (j < new.count &&new.first[j].is_taken)
            j++;
        if (!old.first[i].is_taken && j < new.count)
            add_function(diff, scales, &old.first[i], &new.first[j]);
    }
}

/* Functions of one name in files of one name, in other directories: only where there is no doubt. */
static void match_by_end_of_path(struct profile_diff *diff, const struct scales *scales, struct group old,
                                 struct group new)
{
    if (old.count == 1 && new.count == 1)
        add_function(diff, scales, old.first, new.first);
}

/* As many candidates, from `at` on, as are alike; that many are passed. */
static struct group next_group(const struct candidates *candidates, size_t *at)
{
    struct group group = {&candidates->all[*at], 0};

    while (*at < candidates->free_count && compare_names(&candidates->all[*at], group.first) == 0) {
        group.count++;
        ++*at;
    }
    return group;
}

/* Let each group of candidates that are alike meet that of the other recording. */
static void match_all(struct profile_diff *diff, const struct scales *scales,
                      struct candidates sides[DIFF_SIDES], match_groups *match)
{
    struct candidates *old = &sides[DIFF_OLD], *new = &sides[DIFF_NEW];
    size_t i = 0, j = 0;

    sort_candidates(old);
    sort_candidates(new);
    while (i < old->free_count && j < new->free_count) {
        int order = compare_names(&old->all[i], &new->all[j]);
        struct group left = {0}, right = {0};
        if (order <= 0)
            left = next_group(old, &i);
        if (order >= 0)
            right = next_group(new, &j);
        if (order == 0)
            match(diff, scales, left, right);
    }
}

static void compare_by_end_of_path(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        const char *slash = strrchr(candidates->all[i].file, '/');
        if (slash != NULL)
            candidates->all[i].file = slash + 1;
    }
}

static void match_functions(struct profile_diff *diff, const struct scales *scales)
{
    struct candidates sides[DIFF_SIDES];

    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        sides[side] = find_candidates(&diff->rankings[side], diff->recordings[side].tree);
    struct candidates *old = &sides[DIFF_OLD], *new = &sides[DIFF_NEW];
    diff->functions = memory_allocate(old->count + new->count, sizeof(*diff->functions));
    match_all(diff, scales, sides, match_in_file);
    compare_by_end_of_path(old);
    compare_by_end_of_path(new);
    match_all(diff, scales, sides, match_by_end_of_path);
    for (size_t i = 0; i < old->count; i++) {
        if (!old->all[i].is_taken)
            add_function(diff, scales, &old->all[i], NULL);
    }
    for (size_t j = 0; j < new->count; j++) {
        if (!new->all[j].is_taken)
            add_function(diff, scales, NULL, &new->all[j]);
    }
    free(old->all);
    free(new->all);
}

static int compare_functions(const void *left, const void *right)
{
    const struct diff_function *one = left, *other = right;
    int result = compare_changes(&one->own, &other->own);

    if (result == 0)
        result = compare_changes(&one->total, &other->total);
    if (result == 0)
        result = strcmp(one->name, other->name);
    return result != 0 ? result : strcmp(one->file, other->file);
}

/* ---- states ---- */

static int compare_states(const void *left, const void *right)
{
    const struct diff_state *one = left, *other = right;
    int result = compare_changes(&one->change, &other->change);

    return result != 0 ? result : (one->state > other->state) - (one->state < other->state);
}

static void compare_all_states(struct profile_diff *diff, const struct scales *scales)
{
    for (enum thread_state state = 0; state < THREAD_STATES; state++)
        diff->states[state] = (struct diff_state){.state = state};
    for (enum diff_side side = 0; side < DIFF_SIDES; side++) {
        const struct tick *tick = diff->recordings[side].whole;
        struct state_shares shares = {0};
        for (size_t i = 0; i < tick->process_count; i++)
            state_shares_add_profile(&shares, tick->processes[i].profile);
        for (enum thread_state state = 0; state < THREAD_STATES; state++) {
            diff->states[state].wall_ns[side] = shares.wall_ns[state];
            diff->states[state].percent[side] = state_shares_percent(&shares, state);
        }
    }
    for (enum thread_state state = 0; state < THREAD_STATES; state++) {
        struct diff_state *each = &diff->states[state];
        each->change =
            change_of(scales, scales->sample_wall, each->wall_ns[DIFF_OLD], each->wall_ns[DIFF_NEW]);
    }
    qsort(diff->states, THREAD_STATES, sizeof(*diff->states), compare_states);
}

/* ---- the whole ---- */

static bool have_same_length(const struct diff_recording *old, const struct diff_recording *new)
{
    return fabs(new->real_seconds - old->real_seconds) <= same_length * old->real_seconds;
}

struct profile_diff profile_diff_new(const struct diff_recording *old, const struct diff_recording *new,
                                     enum ranking_mode mode)
{
    struct scales scales;
    struct profile_diff diff = {
        .mode = mode,
        .per_second = !(old->is_run && new->is_run) && !have_same_length(old, new),
        .recordings = {[DIFF_OLD] = *old, [DIFF_NEW] = *new},
    };

    for (enum diff_side side = 0; side < DIFF_SIDES; side++) {
        const struct diff_recording *recording = &diff.recordings[side];
        bool scaled = diff.per_second && recording->real_seconds > 0;
        scales.unit[side] = scaled ? 1 / recording->real_seconds : 1;
        scales.sample_wall[side] = seconds_per_sample(recording->whole, RANKING_WALL);
        scales.sample_mode[side] = seconds_per_sample(recording->whole, mode);
        diff.rankings[side] = ranking_of_tick(recording->whole, recording->tree, mode, RANKING_FUNCTIONS);
    }
    match_functions(&diff, &scales);
    if (diff.function_count > 1)
        qsort(diff.functions, diff.function_count, sizeof(*diff.functions), compare_functions);
    compare_all_states(&diff, &scales);
    return diff;
}

void profile_diff_free(struct profile_diff *diff)
{
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        ranking_free(&diff->rankings[side]);
    free(diff->functions);
    *diff = (struct profile_diff){0};
}
