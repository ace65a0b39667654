#include "export/json_process.h"
#include "export/json_value.h"

static void put_cpu(struct json *json, const struct cpu_usage *cpu)
{
    json_begin_object(json, NULL);

    put_integer(json, "id", cpu->id);
    /* A virtual machine's time is user time to the host, as the kernel has it in the sum. */
    put_real(json, "user_percent", cpu->user_percent + cpu->guest_percent, DECIMALS_PERCENT);
    put_real(json, "system_percent", cpu->system_percent, DECIMALS_PERCENT);
    put_real(json, "nice_percent", cpu->nice_percent, DECIMALS_PERCENT);
    put_real(json, "iowait_percent", cpu->iowait_percent, DECIMALS_PERCENT);
    put_real(json, "irq_percent", cpu->irq_percent, DECIMALS_PERCENT);
    put_real(json, "steal_percent", cpu->steal_percent, DECIMALS_PERCENT);
    put_real(json, "idle_percent", cpu->idle_percent, DECIMALS_PERCENT);
    json_end_object(json);
}

static void put_memory_of_machine(struct json *json, const char *name, const struct memory_usage *memory)
{
    json_begin_object(json, name);

    put_count(json, "total_bytes", memory->total_bytes);
    put_count(json, "used_bytes", memory->used_bytes);
    put_count(json, "available_bytes", memory->available_bytes);
    put_count(json, "buffers_bytes", memory->buffers_bytes);
    put_count(json, "cached_bytes", memory->cached_bytes);
    put_count(json, "swap_total_bytes", memory->swap_total_bytes);
    put_count(json, "swap_used_bytes", memory->swap_used_bytes);
    json_end_object(json);
}

static void put_pressure(struct json *json, const char *name, const struct pressure *pressure)
{
    if (pressure == NULL) {
        put_null(json, name);
        return;
    }
    json_begin_object(json, name);
    put_real(json, "cpu_percent", pressure->cpu_percent, DECIMALS_PERCENT);
    put_real(json, "memory_percent", pressure->memory_percent, DECIMALS_PERCENT);
    put_real(json, "io_percent", pressure->io_percent, DECIMALS_PERCENT);
    json_end_object(json);
}

static void put_disk(struct json *json, const struct disk_usage *disk)
{
    json_begin_object(json, NULL);

    put_text(json, "name", disk->name);
    put_real(json, "read_bytes_per_second", disk->read_bytes_per_second, DECIMALS_RATE);
    put_real(json, "write_bytes_per_second", disk->write_bytes_per_second, DECIMALS_RATE);
    put_real(json, "busy_percent", disk->busy_percent, DECIMALS_PERCENT);
    json_end_object(json);
}

static void put_network(struct json *json, const struct network_usage *network)
{
    json_begin_object(json, NULL);

    put_text(json, "name", network->name);
    put_real(json, "receive_bytes_per_second", network->receive_bytes_per_second, DECIMALS_RATE);
    put_real(json, "transmit_bytes_per_second", network->transmit_bytes_per_second, DECIMALS_RATE);
    json_end_object(json);
}

void put_system(struct json *json, const char *name, const struct system_usage *system)
{
    json_begin_object(json, name);
    put_text(json, "hostname", system->hostname);
    put_real(json, "uptime_seconds", system->uptime_seconds, DECIMALS_SECONDS);
    json_begin_array(json, "load_average");
    for (size_t i = 0; i < 3; i++)
        put_real(json, NULL, system->load_average[i], DECIMALS_LOAD);
    json_end_array(json);
    json_begin_array(json, "cpus");
    for (size_t i = 0; i < system->cpu_count; i++)
        put_cpu(json, &system->cpus[i]);
    json_end_array(json);
    put_memory_of_machine(json, "memory", &system->memory);
    put_pressure(json, "pressure", system->pressure);
    json_begin_array(json, "disks");
    for (size_t i = 0; i < system->disk_count; i++)
        put_disk(json, &system->disks[i]);
    json_end_array(json);
    json_begin_array(json, "networks");
    for (size_t i = 0; i < system->network_count; i++)
        put_network(json, &system->networks[i]);
    json_end_array(json);
    json_end_object(json);
}
