/* A difference as one JSON object: man/pyneck-json.5, A DIFFERENCE. */
#include "export/diff.h"

#include "export/json_value.h"

static const char *const side_names[DIFF_SIDES] = {[DIFF_OLD] = "old", [DIFF_NEW] = "new"};

static json_t *json_recording(const struct profile_diff *diff, enum diff_side side, const char *name)
{
    const struct diff_recording *recording = &diff->recordings[side];
    const struct ranking *ranking = &diff->rankings[side];
    json_t *object = json_object();

    put_text(object, "file", name);
    put_real(object, "real_seconds", recording->real_seconds, DECIMALS_SECONDS);
    put_real(object, "cpu_seconds", recording->cpu_seconds, DECIMALS_SECONDS);
    put_count(object, "peak_resident_bytes", recording->peak_resident_bytes);
    put_seconds(object, "sampled_cpu_seconds", ranking->cpu_ns);
    put_seconds(object, "sampled_wall_seconds", ranking->wall_ns);
    put_integer(object, "samples", (int64_t)ranking->samples);
    return object;
}

static json_t *json_change(const struct diff_change *change)
{
    json_t *object = json_object();

    put_real(object, "seconds", change->seconds, DECIMALS_SECONDS);
    put_real(object, "noise_seconds", change->noise, DECIMALS_SECONDS);
    put_value(object, "is_noise", json_boolean(change->is_noise));
    return object;
}

static json_t *json_function_side(const struct profile_diff *diff, const struct diff_function *function,
                                  enum diff_side side)
{
    const struct ranking_row *row = &function->side[side];

    if (!function->is_in[side])
        return NULL;
    const struct function *known = call_tree_function(diff->recordings[side].tree, row->function);
    json_t *object = json_object();
    put_count(object, "line", known->line > 0 ? known->line : UNKNOWN_COUNT);
    put_seconds(object, "own_cpu_seconds", row->own_cpu_ns);
    put_seconds(object, "total_cpu_seconds", row->total_cpu_ns);
    put_seconds(object, "own_wall_seconds", row->own_wall_ns);
    put_seconds(object, "total_wall_seconds", row->total_wall_ns);
    put_real(object, "own_percent", row->own_percent, DECIMALS_PERCENT);
    put_real(object, "total_percent", row->total_percent, DECIMALS_PERCENT);
    put_integer(object, "samples", (int64_t)row->samples);
    return object;
}

static json_t *json_function(const struct profile_diff *diff, const struct diff_function *function)
{
    json_t *object = json_object();

    put_text(object, "function", function->name);
    put_text(object, "file", function->file);
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        put_value(object, side_names[side], json_function_side(diff, function, side));
    put_value(object, "own_change", json_change(&function->own));
    put_value(object, "total_change", json_change(&function->total));
    return object;
}

static json_t *json_state(const struct diff_state *state)
{
    json_t *object = json_object();

    put_text(object, "state", thread_state_name(state->state));
    for (enum diff_side side = 0; side < DIFF_SIDES; side++) {
        json_t *figures = json_object();
        put_seconds(figures, "wall_seconds", state->wall_ns[side]);
        put_real(figures, "percent", state->percent[side], DECIMALS_PERCENT);
        put_value(object, side_names[side], figures);
    }
    put_value(object, "change", json_change(&state->change));
    return object;
}

void diff_write_json(FILE *stream, const struct profile_diff *diff, const char *const names[DIFF_SIDES])
{
    json_value_use_own_memory();
    json_t *document = json_object();
    json_t *functions = json_array(), *states = json_array();

    for (size_t i = 0; i < diff->function_count; i++)
        json_array_append_new(functions, json_function(diff, &diff->functions[i]));
    for (size_t i = 0; i < THREAD_STATES; i++)
        json_array_append_new(states, json_state(&diff->states[i]));
    put_text(document, "schema", "pyneck.diff/1");
    put_text(document, "mode", ranking_mode_name(diff->mode));
    put_value(document, "per_second", json_boolean(diff->per_second));
    for (enum diff_side side = 0; side < DIFF_SIDES; side++)
        put_value(document, side_names[side], json_recording(diff, side, names[side]));
    put_value(document, "functions", functions);
    put_value(document, "states", states);
    json_write_line(stream, document);
}
