#include "analysis/bound.h"

#include "base/clock.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum bound_unit {
    UNIT_SECONDS,
    UNIT_PERCENT,
    UNIT_BYTES,
};

struct bound_metric {
    const char *name;
    enum bound_unit unit;
    double (*of_function)(const struct ranking_row *row); /* or */
    double (*of_recording)(const struct diff_recording *recording);
};

/* ---- metrics ---- */

static double own_cpu_seconds(const struct ranking_row *row)
{
    return (double)row->own_cpu_ns / (double)NS_PER_SECOND;
}

static double total_cpu_seconds(const struct ranking_row *row)
{
    return (double)row->total_cpu_ns / (double)NS_PER_SECOND;
}

static double own_wall_seconds(const struct ranking_row *row)
{
    return (double)row->own_wall_ns / (double)NS_PER_SECOND;
}

static double total_wall_seconds(const struct ranking_row *row)
{
    return (double)row->total_wall_ns / (double)NS_PER_SECOND;
}

static double own_percent(const struct ranking_row *row)
{
    return row->own_percent;
}

static double total_percent(const struct ranking_row *row)
{
    return row->total_percent;
}

static double cpu_seconds(const struct diff_recording *recording)
{
    return recording->cpu_seconds;
}

static double wall_seconds(const struct diff_recording *recording)
{
    return recording->real_seconds;
}

static double peak_resident_bytes(const struct diff_recording *recording)
{
    return count_is_known(recording->peak_resident_bytes) ? (double)recording->peak_resident_bytes
                                                          : UNKNOWN_REAL;
}

static const struct bound_metric metrics[] = {
    {"own_cpu_seconds", UNIT_SECONDS, .of_function = own_cpu_seconds},
    {"total_cpu_seconds", UNIT_SECONDS, .of_function = total_cpu_seconds},
    {"own_wall_seconds", UNIT_SECONDS, .of_function = own_wall_seconds},
    {"total_wall_seconds", UNIT_SECONDS, .of_function = total_wall_seconds},
    {"own_percent", UNIT_PERCENT, .of_function = own_percent},
    {"total_percent", UNIT_PERCENT, .of_function = total_percent},
    {"cpu_seconds", UNIT_SECONDS, .of_recording = cpu_seconds},
    {"wall_seconds", UNIT_SECONDS, .of_recording = wall_seconds},
    {"peak_resident_bytes", UNIT_BYTES, .of_recording = peak_resident_bytes},
};

static const struct {
    const char *text;
    bool is_greater;
    bool is_or_equal;
} operators[] = {
    [BOUND_GREATER_EQUAL] = {">=", true, true},
    [BOUND_GREATER] = {">", true, false},
    [BOUND_LESS_EQUAL] = {"<=", false, true},
    [BOUND_LESS] = {"<", false, false},
};

/* Units by the metric's own: what stands behind a number, and what it is multiplied by. */
static const struct {
    enum bound_unit unit;
    const char *suffix;
    double factor;
} suffixes[] = {
    {UNIT_SECONDS, "", 1},     {UNIT_SECONDS, "s", 1},    {UNIT_PERCENT, "", 1},
    {UNIT_PERCENT, "%", 1},    {UNIT_BYTES, "", 1},       {UNIT_BYTES, "K", 0x1p10},
    {UNIT_BYTES, "M", 0x1p20}, {UNIT_BYTES, "G", 0x1p30}, {UNIT_BYTES, "T", 0x1p40},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* ---- reading ---- */

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

static const struct bound_metric *find_metric(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        if (strlen(metrics[i].name) == length && memcmp(metrics[i].name, name, length) == 0)
            return &metrics[i];
    }
    return NULL;
}

static struct error *read_metric(struct bound *bound, const char **cursor)
{
    size_t length = strspn(*cursor, "abcdefghijklmnopqrstuvwxyz_");

    bound->metric = find_metric(*cursor, length);
    if (bound->metric == NULL)
        return error_new("'%s' does not begin with a metric, such as own_cpu_seconds(f) or cpu_seconds",
                         bound->text);
    *cursor = skip_spaces(*cursor + length);
    if (bound->metric->of_function != NULL && **cursor != '(')
        return error_new("'%s': %s needs a function, as in %s(f)", bound->text, bound->metric->name,
                         bound->metric->name);
    if (bound->metric->of_recording != NULL && **cursor == '(')
        return error_new("'%s': %s is of the whole recording and takes no function", bound->text,
                         bound->metric->name);
    return NULL;
}

/* Up to the last closing parenthesis: a name or a path may hold some too. */
static struct error *read_function(struct bound *bound, const char **cursor)
{
    if (**cursor != '(')
        return NULL;
    const char *begin = skip_spaces(*cursor + 1), *end = strrchr(begin, ')');
    if (end == NULL)
        return error_new("'%s': the closing parenthesis is missing", bound->text);
    *cursor = skip_spaces(end + 1);
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (end == begin)
        return error_new("'%s': no function is named", bound->text);
    size_t length = (size_t)(end - begin);
    bound->function = memory_allocate(length + 1, 1);
    memcpy(bound->function, begin, length);
    return NULL;
}

static struct error *read_operator(struct bound *bound, const char **cursor)
{
    /* The longer ones first: one begins with the other. */
    static const enum bound_operator order[] = {BOUND_GREATER_EQUAL, BOUND_GREATER, BOUND_LESS_EQUAL,
                                                BOUND_LESS};

    for (size_t i = 0; i < COUNT_OF(order); i++) {
        size_t length = strlen(operators[order[i]].text);
        if (strncmp(*cursor, operators[order[i]].text, length) != 0)
            continue;
        bound->comparison = order[i];
        *cursor = skip_spaces(*cursor + length);
        return NULL;
    }
    return error_new("'%s': one of > >= < <= is missing", bound->text);
}

static struct error *read_amount(struct bound *bound, const char *cursor)
{
    size_t length = strspn(cursor, "0123456789.");
    const char *suffix = skip_spaces(cursor + length);
    size_t suffix_length = strcspn(suffix, " \t");
    char *end;

    bound->number = strtod(cursor, &end);
    if (strpbrk(cursor, "0123456789") == NULL || end != cursor + length || !isfinite(bound->number))
        return error_new("'%s': a decimal number is missing after the operator", bound->text);
    if (*skip_spaces(suffix + suffix_length) != '\0')
        return error_new("'%s': nothing may follow the number and its unit", bound->text);
    if (suffix_length == 1 && *suffix == 'x') {
        bound->is_relative = true;
        return NULL;
    }
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (suffixes[i].unit != bound->metric->unit || strlen(suffixes[i].suffix) != suffix_length ||
            strncmp(suffixes[i].suffix, suffix, suffix_length) != 0)
            continue;
        bound->number *= suffixes[i].factor;
        return NULL;
    }
    return error_new("'%s': '%.*s' is no unit of %s", bound->text, (int)suffix_length, suffix,
                     bound->metric->name);
}

struct error *bound_read(struct bound *bound, const char *text)
{
    const char *cursor = skip_spaces(text);

    *bound = (struct bound){.text = text};
    struct error *error = read_metric(bound, &cursor);
    if (error == NULL)
        error = read_function(bound, &cursor);
    if (error == NULL)
        error = read_operator(bound, &cursor);
    if (error == NULL)
        error = read_amount(bound, cursor);
    if (error != NULL)
        bound_free(bound);
    return error;
}

void bound_free(struct bound *bound)
{
    free(bound->function);
    *bound = (struct bound){0};
}

/* ---- checking ---- */

static bool ends_with(const char *path, const char *end, size_t length)
{
    size_t path_length = strlen(path);

    if (path_length < length || memcmp(path + path_length - length, end, length) != 0)
        return false;
    return path_length == length || path[path_length - length - 1] == '/';
}

/* NAME, or FILE:NAME. */
static bool is_named(const struct diff_function *function, const char *wanted)
{
    size_t wanted_length = strlen(wanted), name_length = strlen(function->name);

    if (strcmp(wanted, function->name) == 0)
        return true;
    if (wanted_length < name_length + 2 ||
        strcmp(wanted + wanted_length - name_length, function->name) != 0 ||
        wanted[wanted_length - name_length - 1] != ':')
        return false;
    return ends_with(function->file, wanted, wanted_length - name_length - 1);
}

struct error *bound_find_function(const struct bound *bound, const struct profile_diff *diff,
                                  const struct diff_function **function)
{
    *function = NULL;
    if (bound->function == NULL)
        return NULL;
    for (size_t i = 0; i < diff->function_count; i++) {
        const struct diff_function *each = &diff->functions[i];
        if (!is_named(each, bound->function))
            continue;
        if (*function != NULL)
            return error_new("'%s': there are several functions '%s', in %s and in %s: write FILE:NAME",
                             bound->text, bound->function, (*function)->file, each->file);
        *function = each;
    }
    if (*function == NULL)
        return error_new("'%s': neither recording has a function '%s'", bound->text, bound->function);
    return NULL;
}

static double value_of(const struct bound *bound, const struct profile_diff *diff,
                       const struct diff_function *function, enum diff_side side)
{
    return bound->metric->of_recording != NULL ? bound->metric->of_recording(&diff->recordings[side])
                                               : bound->metric->of_function(&function->side[side]);
}

/* OLD as it would be in a recording as long as NEW, where the lengths differ by chance. */
static double comparable_old(const struct bound *bound, const struct profile_diff *diff, double old)
{
    double old_seconds = diff->recordings[DIFF_OLD].real_seconds;

    if (!diff->per_second || bound->metric->unit != UNIT_SECONDS || old_seconds <= 0)
        return old;
    return old / old_seconds * diff->recordings[DIFF_NEW].real_seconds;
}

static bool holds(enum bound_operator comparison, double value, double limit)
{
    if (value == limit)
        return operators[comparison].is_or_equal;
    return operators[comparison].is_greater == (value > limit);
}

static void format_value(char text[static 32], enum bound_unit unit, double value)
{
    if (unit == UNIT_BYTES)
        snprintf(text, 32, "%.0f bytes", value);
    else
        snprintf(text, 32, "%.3f%s", value, unit == UNIT_SECONDS ? " s" : "%");
}

struct error *bound_check(const struct bound *bound, const struct profile_diff *diff,
                          const struct diff_function *function, struct error **reason)
{
    double old = comparable_old(bound, diff, value_of(bound, diff, function, DIFF_OLD));
    double new = value_of(bound, diff, function, DIFF_NEW);
    char old_text[32], new_text[32];

    *reason = NULL;
    if (!real_is_known(new) || (bound->is_relative && !real_is_known(old)))
        return error_new("'%s': the recordings do not tell %s", bound->text, bound->metric->name);
    if (!holds(bound->comparison, new, bound->is_relative ? bound->number * old : bound->number))
        return NULL;
    format_value(new_text, bound->metric->unit, new);
    format_value(old_text, bound->metric->unit, old);
    *reason = real_is_known(old) ? error_new("'%s': it is %s, and was %s", bound->text, new_text, old_text)
                                 : error_new("'%s': it is %s", bound->text, new_text);
    return NULL;
}
