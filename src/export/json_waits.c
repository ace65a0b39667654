#include "export/json_waits.h"

#include "analysis/state_shares.h"
#include "analysis/wait_ranking.h"
#include "export/json_value.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    MAX_ROWS = 200, /* man/pyneck-json.5 names the number */
};

void put_states(struct json *json, const char *name, const struct profile *profile)
{
    struct state_shares shares = {0};

    if (profile == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    state_shares_add_profile(&shares, profile);
    for (enum thread_state state = 0; state < THREAD_STATES; state++)
        put_real(json, thread_state_name(state), state_shares_percent(&shares, state), DECIMALS_PERCENT);
    json_end_object(json);
}

/* An address as text: not every reader of JSON has integers of 64 bits. */
static void put_address(struct json *json, const char *name, uint64_t address)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    put_text(json, name, address != 0 ? text : NULL);
}

static void put_wait(struct json *json, const struct wait_row *row, const struct call_tree *tree)
{
    const struct function *function = call_tree_function(tree, row->function);
    const struct profile_wait *wait = row->wait;
    json_begin_object(json, NULL);

    put_text(json, "function", row->has_function ? function->name : NULL);
    put_text(json, "file", row->has_function ? function->file : NULL);
    put_count(json, "line", row->line > 0 ? row->line : UNKNOWN_COUNT);
    put_text(json, "kind", thread_state_name(wait->state));
    put_count(json, "fd", wait->fd);
    put_address(json, "lock_address", wait->lock_address);
    put_text(json, "description", wait->description);
    put_seconds(json, "seconds", row->wall_ns);
    put_integer(json, "samples", (int64_t)row->samples);
    json_end_object(json);
}

void put_waits(struct json *json, const char *name, const struct profile *profile,
               const struct call_tree *tree)
{
    if (profile == NULL) {
        put_null(json, name);
        return;
    }
    struct wait_ranking ranking = wait_ranking_new(profile, tree);
    json_begin_array(json, name);
    for (size_t i = 0; i < ranking.count && i < MAX_ROWS; i++)
        put_wait(json, &ranking.rows[i], tree);
    wait_ranking_free(&ranking);
    json_end_array(json);
}

void put_waiting(struct json *json, const char *name, const struct waiting *waiting)
{
    if (waiting == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_text(json, "kind", waiting->kind);
    put_count(json, "fd", waiting->fd);
    put_address(json, "lock_address", waiting->lock_address);
    put_text(json, "description", waiting->description);
    put_real(json, "seconds",
             count_is_known(waiting->waited_ns) ? (double)waiting->waited_ns / 1e9 : UNKNOWN_REAL,
             DECIMALS_SECONDS);
    json_end_object(json);
}
