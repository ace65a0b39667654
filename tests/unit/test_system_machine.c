/* The machine's figures: parsers on fixed texts, and the live readers against what the kernel says itself. */
#include "base/clock.h"
#include "system/counter.h"
#include "system/cpus.h"
#include "system/machine.h"
#include "system/networks.h"
#include "system/pressure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static double sum_of_shares(const struct cpu_usage *usage)
{
    return usage->user_percent + usage->system_percent + usage->nice_percent + usage->iowait_percent +
           usage->irq_percent + usage->steal_percent + usage->guest_percent + usage->idle_percent;
}

static void cpu_shares_take_guest_out_of_user_and_add_up_to_100(void **state)
{
    struct cpu_ticks before = {.id = 3, .user = 1000, .idle = 5000};
    struct cpu_ticks now = {
        .id = 3,
        .user = 1040, /* of which 30 for a guest */
        .nice = 10,   /* of which 4 for a niced guest */
        .system = 20,
        .idle = 5015,
        .iowait = 5,
        .irq = 2,
        .softirq = 3,
        .steal = 5,
        .guest = 30,
        .guest_nice = 4,
    };

    (void)state;
    struct cpu_usage usage = cpu_usage_between(&before, &now);
    assert_int_equal(usage.id, 3);
    assert_float_equal(usage.user_percent, 10, 1e-4);
    assert_float_equal(usage.nice_percent, 6, 1e-4);
    assert_float_equal(usage.guest_percent, 34, 1e-4);
    assert_float_equal(usage.system_percent, 20, 1e-4);
    assert_float_equal(usage.irq_percent, 5, 1e-4);
    assert_float_equal(usage.steal_percent, 5, 1e-4);
    assert_float_equal(usage.iowait_percent, 5, 1e-4);
    assert_float_equal(usage.idle_percent, 15, 1e-4);
    assert_float_equal(sum_of_shares(&usage), 100, 1e-4);
}

static void cpu_counters_that_go_backwards_count_as_no_time(void **state)
{
    struct cpu_ticks before = {.user = 100, .idle = 500, .iowait = 50};
    struct cpu_ticks now = {.user = 150, .idle = 550, .iowait = 49};

    (void)state;
    struct cpu_usage usage = cpu_usage_between(&before, &now);
    assert_float_equal(usage.iowait_percent, 0, 1e-4);
    assert_float_equal(usage.user_percent, 50, 1e-4);
    assert_float_equal(sum_of_shares(&usage), 100, 1e-4);
}

static void cpu_shares_without_an_interval_are_unknown(void **state)
{
    struct cpu_ticks now = {.user = 150, .idle = 550};

    (void)state;
    assert_false(real_is_known(cpu_usage_between(NULL, &now).user_percent));
    assert_false(real_is_known(cpu_usage_between(NULL, &now).idle_percent));
    assert_false(real_is_known(cpu_usage_between(&now, &now).idle_percent));
}

static void counters_give_rates_only_when_they_grow_over_time(void **state)
{
    (void)state;
    assert_float_equal(counter_rate(100, 300, 2), 100, 1e-4);
    assert_float_equal(counter_rate(100, 100, 2), 0, 1e-4);
    assert_false(real_is_known(counter_rate(100, 99, 2)));
    assert_false(real_is_known(counter_rate(100, 300, 0)));
    assert_float_equal(counter_share(0, 500000000, 1), 50, 1e-4);
    assert_float_equal(counter_share(0, 1100000000, 1), 100, 1e-4);
    assert_false(real_is_known(counter_share(5, 4, 1)));
}

static void network_lines_are_parsed_with_and_without_a_space_after_the_colon(void **state)
{
    struct network_counters network;

    (void)state;
    assert_true(network_parse_line("  eth0: 1234567 89 0 0 0 0 0 0 7654321 99 0 0 0 0 0 0", &network));
    assert_string_equal(network.name, "eth0");
    assert_int_equal(network.receive_bytes, 1234567);
    assert_int_equal(network.transmit_bytes, 7654321);
    assert_true(network_parse_line("enp0s31f6:18446744073709551615 1 2 3 4 5 6 7 8 9 0 0 0 0 0 0", &network));
    assert_string_equal(network.name, "enp0s31f6");
    assert_true(network.receive_bytes == UINT64_MAX);
    assert_int_equal(network.transmit_bytes, 8);
}

static void network_header_lines_and_torn_lines_are_no_interfaces(void **state)
{
    struct network_counters network;

    (void)state;
    assert_false(network_parse_line("Inter-|   Receive                        |  Transmit", &network));
    assert_false(network_parse_line(" face |bytes    packets errs drop fifo frame", &network));
    assert_false(network_parse_line("eth0: 1234 89 0 0", &network));
    assert_false(network_parse_line("", &network));
}

static void network_names_are_cleaned(void **state)
{
    struct network_counters network;

    (void)state;
    assert_true(network_parse_line("a\x1b[2J: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0", &network));
    assert_string_equal(network.name, "a\xef\xbf\xbd[2J");
}

static void pressure_is_the_total_of_some(void **state)
{
    (void)state;
    assert_int_equal(pressure_parse_total("some avg10=0.12 avg60=0.05 avg300=0.00 total=123456\n"
                                          "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n"),
                     123456);
    assert_int_equal(pressure_parse_total("full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n"),
                     UNKNOWN_COUNT);
    assert_int_equal(pressure_parse_total("some avg10=0.00\nfull total=99\n"), UNKNOWN_COUNT);
    assert_int_equal(pressure_parse_total("some total=-5\n"), UNKNOWN_COUNT);
    assert_int_equal(pressure_parse_total(""), UNKNOWN_COUNT);
}

static void spin(uint64_t duration_ns)
{
    uint64_t end_ns = clock_monotonic_ns() + duration_ns;

    while (clock_monotonic_ns() < end_ns)
        continue;
}

static void the_first_reading_has_amounts_and_no_rates(void **state)
{
    struct machine *machine;
    struct system_usage usage;
    struct arena *arena = arena_new();
    char hostname[256];

    (void)state;
    assert_null(machine_open(&machine));
    machine_read(machine, arena, &usage);
    assert_int_equal(usage.cpu_count, sysconf(_SC_NPROCESSORS_ONLN));
    for (size_t i = 0; i < usage.cpu_count; i++)
        assert_false(real_is_known(usage.cpus[i].user_percent));
    for (size_t i = 0; i < usage.network_count; i++)
        assert_false(real_is_known(usage.networks[i].receive_bytes_per_second));
    for (size_t i = 0; i < usage.disk_count; i++)
        assert_false(real_is_known(usage.disks[i].busy_percent));
    if (usage.pressure != NULL)
        assert_false(real_is_known(usage.pressure->cpu_percent));

    struct sysinfo info;
    assert_int_equal(sysinfo(&info), 0);
    assert_true(usage.memory.total_bytes >= (int64_t)(info.totalram * info.mem_unit) - 4096);
    assert_true(usage.memory.total_bytes <= (int64_t)(info.totalram * info.mem_unit));
    assert_int_equal(usage.memory.used_bytes, usage.memory.total_bytes - usage.memory.available_bytes);
    assert_true(usage.memory.swap_total_bytes <= (int64_t)(info.totalswap * info.mem_unit));
    assert_true(usage.uptime_seconds > 0);
    assert_true(usage.load_average[0] >= 0 && usage.load_average[2] >= 0);
    assert_true(usage.running_task_count >= 1);
    assert_int_equal(gethostname(hostname, sizeof(hostname)), 0);
    assert_string_equal(usage.hostname, hostname);
    machine_close(machine);
    arena_free(arena);
}

static void the_second_reading_has_shares_that_add_up(void **state)
{
    struct machine *machine;
    struct system_usage usage;
    struct arena *arena = arena_new();

    (void)state;
    assert_null(machine_open(&machine));
    machine_read(machine, arena, &usage);
    spin(300 * NS_PER_MILLISECOND);
    machine_read(machine, arena, &usage);
    assert_float_equal(sum_of_shares(&usage.all_cpus), 100, 0.001);
    double busy = 0;
    for (size_t i = 0; i < usage.cpu_count; i++) {
        assert_float_equal(sum_of_shares(&usage.cpus[i]), 100, 0.001);
        busy += usage.cpus[i].user_percent + usage.cpus[i].system_percent + usage.cpus[i].nice_percent;
    }
    assert_true(busy > 20); /* this process has used most of one CPU, unless others were faster to take it */
    for (size_t i = 0; i < usage.network_count; i++)
        assert_true(usage.networks[i].receive_bytes_per_second >= 0);
    if (usage.pressure != NULL)
        assert_true(usage.pressure->cpu_percent >= 0 && usage.pressure->cpu_percent <= 100);
    machine_close(machine);
    arena_free(arena);
}

static void partitions_and_unused_devices_are_not_disks(void **state)
{
    struct machine *machine;
    struct system_usage usage;
    struct arena *arena = arena_new();

    (void)state;
    assert_null(machine_open(&machine));
    machine_read(machine, arena, &usage);
    for (size_t i = 0; i < usage.disk_count; i++) {
        char path[128];
        snprintf(path, sizeof(path), "/sys/block/%s", usage.disks[i].name);
        for (char *slash = path + strlen("/sys/block/"); (slash = strchr(slash, '/')) != NULL;)
            *slash = '!'; /* as sysfs writes a '/' in a device's name */
        if (access("/sys/block", F_OK) == 0)
            assert_int_equal(access(path, F_OK), 0);
    }
    machine_close(machine);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_shares_take_guest_out_of_user_and_add_up_to_100),
        cmocka_unit_test(cpu_counters_that_go_backwards_count_as_no_time),
        cmocka_unit_test(cpu_shares_without_an_interval_are_unknown),
        cmocka_unit_test(counters_give_rates_only_when_they_grow_over_time),
        cmocka_unit_test(network_lines_are_parsed_with_and_without_a_space_after_the_colon),
        cmocka_unit_test(network_header_lines_and_torn_lines_are_no_interfaces),
        cmocka_unit_test(network_names_are_cleaned),
        cmocka_unit_test(pressure_is_the_total_of_some),
        cmocka_unit_test(the_first_reading_has_amounts_and_no_rates),
        cmocka_unit_test(the_second_reading_has_shares_that_add_up),
        cmocka_unit_test(partitions_and_unused_devices_are_not_disks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
