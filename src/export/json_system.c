#include "export/json_process.h"
#include "export/json_value.h"

static json_t *json_cpu(const struct cpu_usage *cpu)
{
    json_t *object = json_object();

    put_integer(object, "id", cpu->id);
    /* A virtual machine's time is user time to the host, as the kernel has it in the sum. */
    put_real(object, "user_percent", cpu->user_percent + cpu->guest_percent, DECIMALS_PERCENT);
    put_real(object, "system_percent", cpu->system_percent, DECIMALS_PERCENT);
    put_real(object, "nice_percent", cpu->nice_percent, DECIMALS_PERCENT);
    put_real(object, "iowait_percent", cpu->iowait_percent, DECIMALS_PERCENT);
    put_real(object, "irq_percent", cpu->irq_percent, DECIMALS_PERCENT);
    put_real(object, "steal_percent", cpu->steal_percent, DECIMALS_PERCENT);
    put_real(object, "idle_percent", cpu->idle_percent, DECIMALS_PERCENT);
    return object;
}

static json_t *json_memory(const struct memory_usage *memory)
{
    json_t *object = json_object();

    put_count(object, "total_bytes", memory->total_bytes);
    put_count(object, "used_bytes", memory->used_bytes);
    put_count(object, "available_bytes", memory->available_bytes);
    put_count(object, "buffers_bytes", memory->buffers_bytes);
    put_count(object, "cached_bytes", memory->cached_bytes);
    put_count(object, "swap_total_bytes", memory->swap_total_bytes);
    put_count(object, "swap_used_bytes", memory->swap_used_bytes);
    return object;
}

static json_t *json_pressure(const struct pressure *pressure)
{
    if (pressure == NULL)
        return NULL;
    json_t *object = json_object();
    put_real(object, "cpu_percent", pressure->cpu_percent, DECIMALS_PERCENT);
    put_real(object, "memory_percent", pressure->memory_percent, DECIMALS_PERCENT);
    put_real(object, "io_percent", pressure->io_percent, DECIMALS_PERCENT);
    return object;
}

static json_t *json_disk(const struct disk_usage *disk)
{
    json_t *object = json_object();

    put_text(object, "name", disk->name);
    put_real(object, "read_bytes_per_second", disk->read_bytes_per_second, DECIMALS_RATE);
    put_real(object, "write_bytes_per_second", disk->write_bytes_per_second, DECIMALS_RATE);
    put_real(object, "busy_percent", disk->busy_percent, DECIMALS_PERCENT);
    return object;
}

static json_t *json_network(const struct network_usage *network)
{
    json_t *object = json_object();

    put_text(object, "name", network->name);
    put_real(object, "receive_bytes_per_second", network->receive_bytes_per_second, DECIMALS_RATE);
    put_real(object, "transmit_bytes_per_second", network->transmit_bytes_per_second, DECIMALS_RATE);
    return object;
}

json_t *json_system(const struct system_usage *system)
{
    json_t *object = json_object();
    json_t *load = json_array();
    json_t *cpus = json_array();
    json_t *disks = json_array();
    json_t *networks = json_array();

    for (size_t i = 0; i < 3; i++)
        json_array_append_new(load, real_or_null(system->load_average[i], DECIMALS_LOAD));
    for (size_t i = 0; i < system->cpu_count; i++)
        json_array_append_new(cpus, json_cpu(&system->cpus[i]));
    for (size_t i = 0; i < system->disk_count; i++)
        json_array_append_new(disks, json_disk(&system->disks[i]));
    for (size_t i = 0; i < system->network_count; i++)
        json_array_append_new(networks, json_network(&system->networks[i]));

    put_text(object, "hostname", system->hostname);
    put_real(object, "uptime_seconds", system->uptime_seconds, DECIMALS_SECONDS);
    put_value(object, "load_average", load);
    put_value(object, "cpus", cpus);
    put_value(object, "memory", json_memory(&system->memory));
    put_value(object, "pressure", json_pressure(system->pressure));
    put_value(object, "disks", disks);
    put_value(object, "networks", networks);
    return object;
}
