/* Protects that a process's CPU limit is found where the kernel has it, and that its effect is read as time. */
#include "base/clock.h"
#include "system/cgroup_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char groups_of_both[] = "12:name=systemd:/user\n"
                                     "4:cpu,cpuacct:/docker/abc\n"
                                     "3:cpuset:/elsewhere\n"
                                     "0::/user.slice/app.service\n";

static void test_mounts_of_the_cpu_controller_are_found(void **state)
{
    static struct cgroup_mount mount;
    enum cgroup_version version;

    (void)state;
    assert_true(cgroup_text_parse_mount(
        "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n", &version, &mount));
    assert_int_equal(version, CGROUP_V2);
    assert_string_equal(mount.directory, "/sys/fs/cgroup");
    assert_string_equal(mount.root, "/");
    assert_true(cgroup_text_parse_mount(
        "36 24 0:31 /docker/abc /sys/fs/cgroup/cpu\\040here ro - cgroup cgroup rw,cpu,cpuacct\n", &version,
        &mount));
    assert_int_equal(version, CGROUP_V1);
    assert_string_equal(mount.directory, "/sys/fs/cgroup/cpu here");
    assert_string_equal(mount.root, "/docker/abc");
    assert_false(cgroup_text_parse_mount("37 24 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n",
                                         &version, &mount));
    assert_false(cgroup_text_parse_mount("38 24 0:33 / / rw - ext4 /dev/vda rw\n", &version, &mount));
    assert_false(cgroup_text_parse_mount("", &version, &mount));
}

static void test_a_group_is_found_by_its_hierarchy(void **state)
{
    static char group[PATH_MAX], directory[PATH_MAX];
    static struct cgroup_mount all = {"/sys/fs/cgroup", "/"}, part = {"/sys/fs/cgroup/cpu", "/docker/abc"};

    (void)state;
    assert_true(cgroup_text_find_group(groups_of_both, CGROUP_V2, group));
    assert_string_equal(group, "/user.slice/app.service");
    assert_true(cgroup_text_find_directory(&all, group, directory));
    assert_string_equal(directory, "/sys/fs/cgroup/user.slice/app.service");
    assert_true(cgroup_text_find_group(groups_of_both, CGROUP_V1, group));
    assert_string_equal(group, "/docker/abc");
    assert_true(cgroup_text_find_directory(&part, group, directory));
    assert_string_equal(directory, "/sys/fs/cgroup/cpu");
    assert_false(cgroup_text_find_directory(&part, "/docker/abcdef", directory));
    assert_false(cgroup_text_find_directory(&all, "/../outside", directory));
    assert_true(cgroup_text_find_directory(&all, "/", directory));
    assert_string_equal(directory, "/sys/fs/cgroup");
    assert_false(cgroup_text_find_group("3:cpuset:/a\n", CGROUP_V1, group));
    assert_false(cgroup_text_find_group("no colons", CGROUP_V2, group));
    assert_false(cgroup_text_find_group("", CGROUP_V2, group));
}

static void test_a_limit_has_a_period_and_its_absence_none(void **state)
{
    (void)state;
    assert_int_equal(cgroup_text_parse_max("50000 100000\n"), 100 * NS_PER_MILLISECOND);
    assert_int_equal(cgroup_text_parse_max("max 100000\n"), 0);
    assert_int_equal(cgroup_text_parse_max(""), 0);
}

static void test_throttled_time_is_the_same_in_both_versions(void **state)
{
    static const char first[] = "nr_periods 10\nnr_throttled 4\nthrottled_time 300000000\n";
    static const char second[] =
        "usage_usec 5\nnr_periods 10\nnr_throttled 4\nthrottled_usec 300000\nnr_bursts 0\n";

    (void)state;
    assert_int_equal(cgroup_text_parse_stat(first).throttled_ns, 300 * NS_PER_MILLISECOND);
    assert_int_equal(cgroup_text_parse_stat(second).throttled_ns, 300 * NS_PER_MILLISECOND);
    assert_int_equal(cgroup_text_parse_stat(second).periods, 4);
    assert_int_equal(cgroup_text_parse_stat("").periods, 0);
}

static void test_the_share_is_at_most_that_of_the_periods(void **state)
{
    const struct cgroup_throttling before = {10, 500 * NS_PER_MILLISECOND};
    const struct cgroup_throttling one_cpu = {20, 1000 * NS_PER_MILLISECOND};
    const struct cgroup_throttling many_cpus = {16, 9000 * NS_PER_MILLISECOND};
    const uint64_t period_ns = 100 * NS_PER_MILLISECOND;

    (void)state;
    assert_true(cgroup_throttled_percent(before, one_cpu, period_ns, NS_PER_SECOND) == 50);
    assert_true(cgroup_throttled_percent(before, many_cpus, period_ns, NS_PER_SECOND) == 60);
    assert_true(cgroup_throttled_percent(before, before, period_ns, NS_PER_SECOND) == 0);
    assert_true(cgroup_throttled_percent(one_cpu, before, period_ns, NS_PER_SECOND) == 0);
    assert_true(cgroup_throttled_percent(before, one_cpu, period_ns, 100 * NS_PER_MILLISECOND) == 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts_of_the_cpu_controller_are_found),
        cmocka_unit_test(test_a_group_is_found_by_its_hierarchy),
        cmocka_unit_test(test_a_limit_has_a_period_and_its_absence_none),
        cmocka_unit_test(test_throttled_time_is_the_same_in_both_versions),
        cmocka_unit_test(test_the_share_is_at_most_that_of_the_periods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
