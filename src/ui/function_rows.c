#include "ui/function_rows.h"

#include "base/memory.h"

#include <stdlib.h>

enum {
    NOTABLE_TENTHS = 20, /* a share that moved by two percentage points is marked */
};

int64_t function_rows_tenths(double percent)
{
    return real_is_known(percent) ? (int64_t)(percent * 10 + 0.5) : -1;
}

static uint64_t row_key(const struct ranking_row *row)
{
    return (uint64_t)row->function << 32 | row->line;
}

static int share_movement(const struct function_rows *rows, const struct ranking_row *row)
{
    const uint32_t *before = hash_map_find(&rows->shares, row_key(row));
    int64_t now_tenths = function_rows_tenths(row->own_percent);
    int64_t before_tenths = before != NULL ? (int64_t)*before : 0;

    if (now_tenths >= before_tenths + NOTABLE_TENTHS)
        return 1;
    return now_tenths + NOTABLE_TENTHS <= before_tenths ? -1 : 0;
}

static void remember_shares(struct function_rows *rows)
{
    hash_map_clear(&rows->shares);
    for (size_t i = 0; i < rows->ranking.count; i++) {
        int64_t tenths = function_rows_tenths(rows->ranking.rows[i].own_percent);
        hash_map_set(&rows->shares, row_key(&rows->ranking.rows[i]), tenths > 0 ? (uint32_t)tenths : 0);
    }
}

void function_rows_take(struct function_rows *rows, struct ranking ranking, const struct call_tree *tree,
                        uint64_t subject, bool compare)
{
    bool comparable = compare && rows->subject == subject && rows->ranking.count > 0;

    ranking_free(&rows->ranking);
    rows->ranking = ranking;
    rows->rows = memory_grow(rows->rows, &rows->capacity, ranking.count, sizeof(*rows->rows));
    for (size_t i = 0; i < ranking.count; i++) {
        const struct ranking_row *ranked = &ranking.rows[i];
        rows->rows[i] = (struct function_row){
            .ranked = ranked,
            .function = call_tree_function(tree, ranked->function),
            .moved = comparable ? share_movement(rows, ranked) : 0,
        };
    }
    if (compare || rows->subject != subject)
        remember_shares(rows);
    rows->subject = subject;
}

void function_rows_free(struct function_rows *rows)
{
    ranking_free(&rows->ranking);
    free(rows->rows);
    hash_map_free(&rows->shares);
    *rows = (struct function_rows){0};
}
