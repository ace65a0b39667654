#include "ui/condition.h"

#include "analysis/ranking.h"
#include "analysis/verdict.h"
#include "model/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a condition looks at. */
struct moment {
    const struct condition *condition;
    const struct tick *before;
    const struct tick *tick;
    pid_t pid;
    const struct call_tree *tree;
};

struct form {
    const char *prefix;
    enum {
        NO_OPERAND,
        NUMBER,
        BYTES,
        WORD
    } operand;
    bool is_event;
    bool (*holds)(const struct moment *moment);
};

/* ---- figures ---- */

static bool uses_cpu(const struct moment *moment)
{
    return isgreater(series_point_of(moment->tick, moment->pid).cpu_percent, moment->condition->number);
}

static bool has_memory(const struct moment *moment)
{
    return (double)series_point_of(moment->tick, moment->pid).memory_bytes > moment->condition->number;
}

static bool grew(const struct moment *moment)
{
    int64_t before = series_point_of(moment->before, moment->pid).memory_bytes;
    int64_t now = series_point_of(moment->tick, moment->pid).memory_bytes;

    return count_is_known(before) && count_is_known(now) &&
           (double)(now - before) >= moment->condition->number;
}

static bool moves_data(const struct moment *moment)
{
    struct series_point point = series_point_of(moment->tick, moment->pid);

    return isgreater(point.read_bytes_per_second + point.write_bytes_per_second, moment->condition->number);
}

/* ---- Python ---- */

static bool judge(const struct moment *moment, const struct tick *tick, enum verdict_kind *kind)
{
    const struct process *process = tick_find_process(tick, moment->pid);
    struct verdict verdict;

    if (process == NULL || !verdict_of_process(tick, process, moment->tree, &verdict))
        return false;
    *kind = verdict.first.kind;
    return true;
}

static bool verdict_changed(const struct moment *moment)
{
    enum verdict_kind before, now;

    return judge(moment, moment->before, &before) && judge(moment, moment->tick, &now) && before != now;
}

static bool verdict_is(const struct moment *moment)
{
    enum verdict_kind kind;

    return judge(moment, moment->tick, &kind) &&
           strcmp(verdict_kind_name(kind), moment->condition->word) == 0;
}

static bool is_on_top(const struct moment *moment)
{
    const struct process *process = tick_find_process(moment->tick, moment->pid);

    if (process == NULL || process->profile == NULL)
        return false;
    struct ranking ranking =
        ranking_of_process(moment->tick, process, moment->tree, RANKING_CPU, RANKING_FUNCTIONS);
    bool found = ranking.count > 0 && ranking.rows[0].own_cpu_ns > 0 &&
                 strstr(call_tree_function(moment->tree, ranking.rows[0].function)->name,
                        moment->condition->word) != NULL;
    ranking_free(&ranking);
    return found;
}

/* ---- the forms ---- */

static const struct form forms[] = {
    {.prefix = "cpu>", .operand = NUMBER, .holds = uses_cpu},
    {.prefix = "mem>", .operand = BYTES, .holds = has_memory},
    {.prefix = "mem+", .operand = BYTES, .is_event = true, .holds = grew},
    {.prefix = "io>", .operand = BYTES, .holds = moves_data},
    {.prefix = "verdict=", .operand = WORD, .holds = verdict_is},
    {.prefix = "top=", .operand = WORD, .holds = is_on_top},
    {.prefix = "verdict", .operand = NO_OPERAND, .is_event = true, .holds = verdict_changed},
};

enum {
    FORMS = sizeof(forms) / sizeof(forms[0]),
};

/* A decimal number, for bytes with K, M, G or T behind it for powers of 1024. */
static bool read_number(double *number, const char *text, bool is_bytes)
{
    static const char units[] = "KMGT";
    char *end;

    *number = strtod(text, &end);
    if (end == text || !isfinite(*number) || *number < 0)
        return false;
    const char *unit = is_bytes && *end != '\0' ? strchr(units, *end) : NULL;
    for (const char *each = units; unit != NULL && each <= unit; each++)
        *number *= 1024;
    return end[unit != NULL] == '\0';
}

static bool is_kind(const char *word)
{
    for (int kind = 0; kind < VERDICT_KINDS; kind++)
        if (strcmp(verdict_kind_name((enum verdict_kind)kind), word) == 0)
            return true;
    return false;
}

static bool read_operand(struct condition *condition)
{
    const struct form *form = &forms[condition->form];

    switch (form->operand) {
    case NO_OPERAND:
        return condition->word[0] == '\0';
    case NUMBER:
    case BYTES:
        return read_number(&condition->number, condition->word, form->operand == BYTES);
    default:
        return condition->word[0] != '\0' && (form->holds != verdict_is || is_kind(condition->word));
    }
}

struct error *condition_read(struct condition *condition, const char *text)
{
    snprintf(condition->text, sizeof(condition->text), "%s", text);
    for (int form = 0; form < FORMS; form++) {
        size_t length = strlen(forms[form].prefix);
        if (strncmp(condition->text, forms[form].prefix, length) != 0)
            continue;
        condition->form = form;
        condition->word = condition->text + length;
        if (read_operand(condition))
            return NULL;
    }
    return error_new("'%s' is no condition: %s", text, CONDITION_FORMS);
}

bool condition_holds(const struct condition *condition, const struct tick *before, const struct tick *tick,
                     pid_t pid, const struct call_tree *tree)
{
    struct moment moment = {condition, before, tick, pid, tree};

    return forms[condition->form].holds(&moment);
}

bool condition_is_event(const struct condition *condition)
{
    return forms[condition->form].is_event;
}
