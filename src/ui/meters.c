#include "ui/meters.h"

#include "ui/format.h"

#include <stdio.h>

struct meter {
    const char *label;
    bool (*is_there)(const struct state *state); /* NULL: always */
    void (*write)(const struct state *state, char *text, size_t size);
};

static void write_tasks(const struct state *state, char *text, size_t size)
{
    char all[FORMAT_SIZE];
    char running[FORMAT_SIZE];

    format_count(all, state->tick->system.task_count);
    format_count(running, state->tick->system.running_task_count);
    snprintf(text, size, "%s, run %s", all, running);
}

static void write_load(const struct state *state, char *text, size_t size)
{
    int length = 0;

    for (int i = 0; i < 3; i++) {
        double load = state->tick->system.load_average[i];
        const char *format = !real_is_known(load) ? "%s-"
                             : load < 9.995       ? "%s%.2f"
                             : load < 99.95       ? "%s%.1f"
                                                  : "%s%.0f";
        length += snprintf(text + length, size - (size_t)length, format, i > 0 ? " " : "", load);
    }
}

static void write_uptime(const struct state *state, char *text, size_t size)
{
    char uptime[FORMAT_SIZE];

    format_uptime(uptime, state->tick->system.uptime_seconds);
    snprintf(text, size, "%s", uptime);
}

static bool has_pressure(const struct state *state)
{
    return state->tick->system.pressure != NULL;
}

static void write_pressure(const struct state *state, char *text, size_t size)
{
    const struct pressure *pressure = state->tick->system.pressure;
    const struct {
        const char *name;
        double percent;
    } parts[] = {
        {"cpu", pressure->cpu_percent}, {"mem", pressure->memory_percent}, {"io", pressure->io_percent}};
    int length = 0;

    for (size_t i = 0; i < 3; i++) {
        length += snprintf(text + length, size - (size_t)length, "%s%s ", i > 0 ? " " : "", parts[i].name);
        if (real_is_known(parts[i].percent))
            length += snprintf(text + length, size - (size_t)length, "%.0f", parts[i].percent);
        else
            length += snprintf(text + length, size - (size_t)length, "-");
    }
}

/* Sums over devices; unknown when none is known. */
static void add_known(double *sum, double value)
{
    if (real_is_known(value))
        *sum = real_is_known(*sum) ? *sum + value : value;
}

static void write_disk(const struct state *state, char *text, size_t size)
{
    double read_rate = UNKNOWN_REAL;
    double write_rate = UNKNOWN_REAL;
    double busiest = UNKNOWN_REAL;
    char read_text[FORMAT_SIZE];
    char write_text[FORMAT_SIZE];

    for (size_t i = 0; i < state->tick->system.disk_count; i++) {
        const struct disk_usage *disk = &state->tick->system.disks[i];
        add_known(&read_rate, disk->read_bytes_per_second);
        add_known(&write_rate, disk->write_bytes_per_second);
        if (!real_is_known(busiest) || isgreater(disk->busy_percent, busiest))
            busiest = disk->busy_percent;
    }
    format_bytes(read_text, read_rate);
    format_bytes(write_text, write_rate);
    int length = snprintf(text, size, "r%s w%s", read_text, write_text);
    if (real_is_known(busiest))
        snprintf(text + length, size - (size_t)length, " %.0f%%", busiest);
}

static void write_network(const struct state *state, char *text, size_t size)
{
    double receive_rate = UNKNOWN_REAL;
    double transmit_rate = UNKNOWN_REAL;
    char receive_text[FORMAT_SIZE];
    char transmit_text[FORMAT_SIZE];

    for (size_t i = 0; i < state->tick->system.network_count; i++) {
        add_known(&receive_rate, state->tick->system.networks[i].receive_bytes_per_second);
        add_known(&transmit_rate, state->tick->system.networks[i].transmit_bytes_per_second);
    }
    format_bytes(receive_text, receive_rate);
    format_bytes(transmit_text, transmit_rate);
    snprintf(text, size, "in %s out %s", receive_text, transmit_text);
}

static void write_own_cost(const struct state *state, char *text, size_t size)
{
    char own[FORMAT_SIZE];

    format_percent(own, state->tick->own_cpu_percent);
    int length = snprintf(text, size, "%s%%", own);
    if (real_is_known(state->tick->budget_percent))
        snprintf(text + length, size - (size_t)length, " of %.3g%%", state->tick->budget_percent);
}

/* The rate that the selected process is really sampled at. */
static void write_sampling_rate(const struct state *state, char *text, size_t size)
{
    const struct process *process = state_selected_process(state);
    char delay[FORMAT_SIZE];

    format_delay(delay, state->travel.away ? state->tick->interval_ns : state->delay_ns);
    if (process != NULL && process->profile != NULL && real_is_known(process->profile->rate_hz))
        snprintf(text, size, "%.0f Hz, %s", process->profile->rate_hz, delay);
    else
        snprintf(text, size, "- Hz, %s", delay);
}

static const struct meter meters[] = {
    {"Tasks", NULL, write_tasks},           {"Load", NULL, write_load},          {"Up", NULL, write_uptime},
    {"PSI%", has_pressure, write_pressure}, {"Disk", NULL, write_disk},          {"Net", NULL, write_network},
    {"pyneck", NULL, write_own_cost},       {"Rate", NULL, write_sampling_rate},
};

enum {
    METERS = sizeof(meters) / sizeof(meters[0]),
    LABEL_COLUMNS = 6, /* with a blank; only "pyneck" needs more */
};

int meters_count(const struct state *state)
{
    int count = 0;

    for (size_t i = 0; i < METERS; i++)
        count += meters[i].is_there == NULL || meters[i].is_there(state);
    return count;
}

void meters_draw(const struct state *state, const struct region *region)
{
    int per_line = (region->columns + 1) / (METER_COLUMNS + 1);
    int slot = 0;

    per_line = per_line > 0 ? per_line : 1;
    for (size_t i = 0; i < METERS; i++) {
        char text[64] = "";
        if (meters[i].is_there != NULL && !meters[i].is_there(state))
            continue;
        int row = slot / per_line;
        int column = slot % per_line * (METER_COLUMNS + 1);
        slot++;
        meters[i].write(state, text, sizeof(text));
        int used = region_text(region, row, column, METER_COLUMNS, STYLE_LABEL, meters[i].label) + 1;
        used = used < LABEL_COLUMNS ? LABEL_COLUMNS : used;
        region_text(region, row, column + used, METER_COLUMNS - used, STYLE_TEXT, text);
    }
}
