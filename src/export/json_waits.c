#include "export/json_waits.h"

#include "analysis/state_shares.h"
#include "analysis/wait_ranking.h"
#include "export/json_value.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    MAX_ROWS = 200, /* man/pyneck-json.5 names the number */
};

json_t *json_states(const struct profile *profile)
{
    struct state_shares shares = {0};

    if (profile == NULL)
        return NULL;
    json_t *object = json_object();
    state_shares_add_profile(&shares, profile);
    for (enum thread_state state = 0; state < THREAD_STATES; state++)
        put_real(object, thread_state_name(state), state_shares_percent(&shares, state), DECIMALS_PERCENT);
    return object;
}

/* An address as text: not every reader of JSON has integers of 64 bits. */
static void put_address(json_t *object, const char *name, uint64_t address)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, address);
    put_text(object, name, address != 0 ? text : NULL);
}

static json_t *json_wait(const struct wait_row *row, const struct call_tree *tree)
{
    const struct function *function = call_tree_function(tree, row->function);
    const struct profile_wait *wait = row->wait;
    json_t *object = json_object();

    put_text(object, "function", row->has_function ? function->name : NULL);
    put_text(object, "file", row->has_function ? function->file : NULL);
    put_count(object, "line", row->line > 0 ? row->line : UNKNOWN_COUNT);
    put_text(object, "kind", thread_state_name(wait->state));
    put_count(object, "fd", wait->fd);
    put_address(object, "lock_address", wait->lock_address);
    put_text(object, "description", wait->description);
    put_seconds(object, "seconds", row->wall_ns);
    put_integer(object, "samples", (int64_t)row->samples);
    return object;
}

json_t *json_waits(const struct profile *profile, const struct call_tree *tree)
{
    if (profile == NULL)
        return NULL;
    struct wait_ranking ranking = wait_ranking_new(profile, tree);
    json_t *rows = json_array();
    for (size_t i = 0; i < ranking.count && i < MAX_ROWS; i++)
        json_array_append_new(rows, json_wait(&ranking.rows[i], tree));
    wait_ranking_free(&ranking);
    return rows;
}

json_t *json_waiting(const struct waiting *waiting)
{
    if (waiting == NULL)
        return NULL;
    json_t *object = json_object();
    put_text(object, "kind", waiting->kind);
    put_count(object, "fd", waiting->fd);
    put_address(object, "lock_address", waiting->lock_address);
    put_text(object, "description", waiting->description);
    put_real(object, "seconds",
             count_is_known(waiting->waited_ns) ? (double)waiting->waited_ns / 1e9 : UNKNOWN_REAL,
             DECIMALS_SECONDS);
    return object;
}
