/* A difference as one JSON object: man/pyneck-json.5, A DIFFERENCE. */
#include "export/diff.h"

#include "export/json_process.h"

static const char *const side_names[DIFF_SIDES] = {[DIFF_OLD] = "old", [DIFF_NEW] = "new"};

static void put_recording(struct json *json, const struct profile_diff *diff, enum diff_side side,
                          const char *file)
{
    const struct diff_recording *recording = &diff->recordings[side];
    const struct ranking *ranking = &diff->rankings[side];
    json_begin_object(json, side_names[side]);

    put_text(json, "file", file);
    put_real(json, "real_seconds", recording->real_seconds, DECIMALS_SECONDS);
    put_real(json, "cpu_seconds", recording->cpu_seconds, DECIMALS_SECONDS);
    put_count(json, "peak_resident_bytes", recording->peak_resident_bytes);
    put_seconds(json, "sampled_cpu_seconds", ranking->cpu_ns);
    put_seconds(json, "sampled_wall_seconds", ranking->wall_ns);
    put_integer(json, "samples", (int64_t)ranking->samples);
    json_end_object(json);
}

static void put_change(struct json *json, const char *name, const struct diff_change *change)
{
    json_begin_object(json, name);

    put_real(json, "seconds", change->seconds, DECIMALS_SECONDS);
    put_real(json, "noise_seconds", change->noise, DECIMALS_SECONDS);
    put_bool(json, "is_noise", change->is_noise);
    json_end_object(json);
}

static void put_function_side(struct json *json, const char *name, const struct profile_diff *diff,
                              const struct diff_function *function, enum diff_side side)
{
    const struct ranking_row *row = &function->side[side];

    if (!function->is_in[side]) {
        put_null(json, name);
        return;
    }
    const struct function *known = call_tree_function(diff->recordings[side].tree, row->function);
    json_begin_object(json, name);
    put_count(json, "line", known->line > 0 ? known->line : UNKNOWN_COUNT);
    put_times(json, row);
    put_integer(json, "samples", (int64_t)row->samples);
    json_end_object(json);
}

static void put_function(struct json *json, const struct profile_diff *diff,
                         const struct diff_function *function)
{
    json_begin_object(json, NULL);

    put_text(json, "function", function->name);
    put_text(json, "file", function->file);
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        put_function_side(json, side_names[side], diff, function, side);
    put_change(json, "own_change", &function->own);
    put_change(json, "total_change", &function->total);
    json_end_object(json);
}

static void put_state(struct json *json, const struct diff_state *state)
{
    json_begin_object(json, NULL);

    put_text(json, "state", thread_state_name(state->state));
    for (enum diff_side side = 0; side < DIFF_SIDES; side++) {
        json_begin_object(json, side_names[side]);
        put_seconds(json, "wall_seconds", state->wall_ns[side]);
        put_real(json, "percent", state->percent[side], DECIMALS_PERCENT);
        json_end_object(json);
    }
    put_change(json, "change", &state->change);
    json_end_object(json);
}

void diff_write_json(FILE *stream, const struct profile_diff *diff, const char *const names[DIFF_SIDES])
{
    struct json json = {.stream = stream};

    json_begin_object(&json, NULL);
    put_text(&json, "schema", "pyneck.diff/1");
    put_text(&json, "mode", ranking_mode_name(diff->mode));
    put_bool(&json, "per_second", diff->per_second);
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        put_recording(&json, diff, side, names[side]);
    json_begin_array(&json, "functions");
    for (size_t i = 0; i < diff->function_count; i++)
        put_function(&json, diff, &diff->functions[i]);
    json_end_array(&json);
    json_begin_array(&json, "states");
    for (size_t i = 0; i < THREAD_STATES; i++)
        put_state(&json, &diff->states[i]);
    json_end_array(&json);
    json_end_line(&json);
}
