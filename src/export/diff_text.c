#include "export/diff.h"

#include "base/clock.h"
#include "base/memory.h"
#include "export/text_process.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    MAX_FUNCTIONS = 30, /* what a reader takes in; JSON has all */
    LEAST_SAMPLED_PERCENT = 80,
};

static void write_change_percent(struct text_line *line, double old, double new)
{
    if (old > 0 && real_is_known(new))
        line_add(line, "%+9.1f%%", 100 * (new - old) / old);
    line_end(line);
}

static void write_real_row(struct text_line *line, const char *name, double old, double new)
{
    line_add(line, "%-13s", name);
    line_add_real(line, old, 3, 12);
    line_add_real(line, new, 3, 12);
    write_change_percent(line, old, new);
}

static double known_bytes(int64_t bytes)
{
    return count_is_known(bytes) ? (double)bytes : UNKNOWN_REAL;
}

static double sampled_cpu_seconds(const struct profile_diff *diff, enum diff_side side)
{
    return (double)diff->rankings[side].cpu_ns / (double)NS_PER_SECOND;
}

/* The figures that do not come from samples. */
static void write_totals(struct text_line *line, const struct profile_diff *diff)
{
    const struct diff_recording *old = &diff->recordings[DIFF_OLD], *new = &diff->recordings[DIFF_NEW];

    line_add(line, "%-13s%12s%12s%10s", "", "OLD", "NEW", "CHANGE");
    line_end(line);
    write_real_row(line, "Real seconds", old->real_seconds, new->real_seconds);
    write_real_row(line, "CPU seconds", old->cpu_seconds, new->cpu_seconds);
    write_real_row(line, "Sampled CPU", sampled_cpu_seconds(diff, DIFF_OLD),
                   sampled_cpu_seconds(diff, DIFF_NEW));
    line_add(line, "%-13s", "Peak memory");
    line_add_bytes(line, (double)old->peak_resident_bytes, 12);
    line_add_bytes(line, (double)new->peak_resident_bytes, 12);
    write_change_percent(line, known_bytes(old->peak_resident_bytes), known_bytes(new->peak_resident_bytes));
    line_add(line, "%-13s%12" PRIu64 "%12" PRIu64, "Samples", diff->rankings[DIFF_OLD].samples,
             diff->rankings[DIFF_NEW].samples);
    line_end(line);
}

/* Samples begin when the interpreter is up, and end with it: of a short run they may miss a good part. */
static void write_missed(struct text_line *line, const struct profile_diff *diff)
{
    static const char *const sides[DIFF_SIDES] = {[DIFF_OLD] = "OLD", [DIFF_NEW] = "NEW"};

    for (enum diff_side side = 0; side < DIFF_SIDES; side++) {
        double percent = 100 * sampled_cpu_seconds(diff, side) / diff->recordings[side].cpu_seconds;
        if (!(percent < LEAST_SAMPLED_PERCENT))
            continue;
        line_add(line, "Only %.0f%% of the CPU time of %s was sampled: its seconds are too low.", percent,
                 sides[side]);
        line_end(line);
    }
}

/* Old, new, the change or "none", the noise: in the unit of changes. */
static void write_change(struct text_line *line, double old, double new, const struct diff_change *change)
{
    line_add(line, "%9.3f%9.3f", old, new);
    if (change->is_noise)
        line_add(line, "%9s", "none");
    else
        line_add(line, "%+9.3f", change->seconds);
    line_add(line, "%8.3f", change->noise);
}

static double in_unit(const struct profile_diff *diff, enum diff_side side, uint64_t ns)
{
    double seconds = (double)ns / (double)NS_PER_SECOND;
    double length = diff->recordings[side].real_seconds;

    return diff->per_second && length > 0 ? seconds / length : seconds;
}

static void write_heading(struct text_line *line, const char *what)
{
    line_end(line);
    line_add(line, "%9s%9s%9s%8s%7s%7s  %s", "OLD", "NEW", "CHANGE", "NOISE", "OLD%", "NEW%", what);
    line_end(line);
}

static void write_function(struct text_line *line, const struct profile_diff *diff,
                           const struct diff_function *function)
{
    const struct ranking_row *old = &function->side[DIFF_OLD], *new = &function->side[DIFF_NEW];
    bool cpu = diff->mode == RANKING_CPU;
    const struct function place = {.name = function->name, .file = function->file};

    write_change(line, in_unit(diff, DIFF_OLD, cpu ? old->own_cpu_ns : old->own_wall_ns),
                 in_unit(diff, DIFF_NEW, cpu ? new->own_cpu_ns : new->own_wall_ns), &function->own);
    line_add_real(line, old->own_percent, 1, 7);
    line_add_real(line, new->own_percent, 1, 7);
    line_add(line, "  ");
    text_write_place(line, &place, 0);
    line_end(line);
}

static void write_functions(struct text_line *line, const struct profile_diff *diff)
{
    write_heading(line, "FUNCTION");
    for (size_t i = 0; i < diff->function_count && i < MAX_FUNCTIONS; i++)
        write_function(line, diff, &diff->functions[i]);
    if (diff->function_count == 0 || diff->functions[0].own.is_noise) {
        line_add(line, "No function changed by more than the noise of sampling.");
        line_end(line);
    }
}

static void write_states(struct text_line *line, const struct profile_diff *diff)
{
    write_heading(line, "STATE (time of all threads)");
    for (size_t i = 0; i < THREAD_STATES; i++) {
        const struct diff_state *state = &diff->states[i];
        if (state->wall_ns[DIFF_OLD] == 0 && state->wall_ns[DIFF_NEW] == 0)
            continue;
        write_change(line, in_unit(diff, DIFF_OLD, state->wall_ns[DIFF_OLD]),
                     in_unit(diff, DIFF_NEW, state->wall_ns[DIFF_NEW]), &state->change);
        line_add_real(line, state->percent[DIFF_OLD], 1, 7);
        line_add_real(line, state->percent[DIFF_NEW], 1, 7);
        line_add(line, "  %s", thread_state_name(state->state));
        line_end(line);
    }
}

void diff_write_text(FILE *stream, const struct profile_diff *diff, const char *const names[DIFF_SIDES],
                     size_t columns)
{
    struct text_line *line = memory_allocate(1, sizeof(*line));

    line->stream = stream;
    line->columns = columns;
    line_add(line, "OLD  %s", names[DIFF_OLD]);
    line_end(line);
    line_add(line, "NEW  %s", names[DIFF_NEW]);
    line_end(line);
    write_totals(line, diff);
    line_end(line);
    line_add(line, "Own %s time in seconds%s, and its share.", diff->mode == RANKING_CPU ? "CPU" : "wall",
             diff->per_second ? " a second of recording" : "");
    line_end(line);
    line_add(line, "Noise is three standard errors of sampling; a change within it is none.");
    line_end(line);
    write_missed(line, diff);
    write_functions(line, diff);
    write_states(line, diff);
    free(line);
}
