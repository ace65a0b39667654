/* The process table: parsers on fixed texts, then live processes against what is known of them and what ps(1)
 * says. */
#include "base/clock.h"
#include "base/memory.h"
#include "system/process_table.h"
#include "system/process_text.h"
#include "system/user_names.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- parsers ---- */

static const char stat_line[] =
    "4242 (a) b) (c) S 17 4242 4242 34816 4242 4194304 1500 30 2 0 1234 66 7 8 20 -5 3 0 987654 123456789 "
    "2345 "
    "18446744073709551615 94000000000000 94000000100000 140720000000000 0 0 0 0 16781312 134235 0 0 0 17 1 0 "
    "0 0 "
    "0 0 94000000200000 94000000210000 94000010000000 140720000001111 140720000002222 140720000002222 "
    "140720000003333 0\n";

static void a_name_with_parentheses_and_spaces_is_found(void **state)
{
    struct process_stat stat;

    (void)state;
    assert_true(process_parse_stat(stat_line, &stat));
    assert_string_equal(stat.name, "a) b) (c");
    assert_int_equal(stat.state, 'S');
    assert_int_equal(stat.parent_pid, 17);
    assert_int_equal(stat.minor_faults, 1500);
    assert_int_equal(stat.major_faults, 2);
    assert_int_equal(stat.cpu_ticks, 1300);
    assert_int_equal(stat.priority, 20);
    assert_int_equal(stat.nice, -5);
    assert_int_equal(stat.thread_count, 3);
    assert_int_equal(stat.start_ticks, 987654);
    assert_true(stat.arguments_address == UINT64_C(140720000001111));
    assert_false(stat.is_kernel_thread);
}

static void kernel_threads_are_told_by_their_flag(void **state)
{
    struct process_stat stat;

    (void)state;
    assert_true(process_parse_stat(
        "12 (kworker/u8:1-events) I 2 0 0 0 -1 69238880 0 0 0 0 0 66 0 0 20 0 1 0 2 0 0", &stat));
    assert_true(stat.is_kernel_thread);
    assert_int_equal(stat.arguments_address, 0);
}

static void torn_stat_texts_are_refused_at_every_length(void **state)
{
    struct process_stat stat;
    char text[sizeof(stat_line)];
    const char *start_ticks = strstr(stat_line, "987654");

    (void)state;
    for (size_t length = 0; length < (size_t)(start_ticks - stat_line); length++) {
        memcpy(text, stat_line, length);
        text[length] = '\0';
        assert_false(process_parse_stat(text, &stat));
    }
    assert_false(process_parse_stat("1 ) S (", &stat));
    assert_false(process_parse_stat("1 (x)\x1bS 1 2 3", &stat));
}

static void a_hostile_name_is_cleaned(void **state)
{
    struct process_stat stat;

    (void)state;
    assert_true(process_parse_stat("1 (\x1b[2Jx\n) R 1 0 0 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0", &stat));
    assert_string_equal(stat.name, "\xef\xbf\xbd[2Jx\xef\xbf\xbd");
}

static void memory_pages_are_parsed(void **state)
{
    struct process_memory memory;

    (void)state;
    assert_true(process_parse_memory("11454 3869 1598 1330 0 9608 0\n", &memory));
    assert_int_equal(memory.virtual_pages, 11454);
    assert_int_equal(memory.resident_pages, 3869);
    assert_int_equal(memory.shared_pages, 1598);
    assert_false(process_parse_memory("11454 3869", &memory));
    assert_false(process_parse_memory("", &memory));
}

static void transfer_is_what_storage_moved_and_not_what_calls_moved(void **state)
{
    struct process_transfer transfer =
        process_parse_transfer("rchar: 111\nwchar: 222\nsyscr: 3\nsyscw: 4\nread_bytes: 4096\n"
                               "write_bytes: 8192\ncancelled_write_bytes: 77\n");

    (void)state;
    assert_int_equal(transfer.read_bytes, 4096);
    assert_int_equal(transfer.write_bytes, 8192);
    transfer = process_parse_transfer("rchar: 111\n");
    assert_int_equal(transfer.read_bytes, UNKNOWN_COUNT);
    assert_int_equal(transfer.write_bytes, UNKNOWN_COUNT);
}

static void parts_of_memory_are_bytes_or_unknown(void **state)
{
    struct process_memory_parts parts =
        process_parse_memory_parts("Name:\tx RssAnon: 7 kB\nVmRSS:\t  9000 kB\nRssAnon:\t    5000 "
                                   "kB\nRssFile:\t 3990 kB\nRssShmem:\t 10 kB\n"
                                   "VmSwap:\t    0 kB\n");

    (void)state;
    assert_int_equal(parts.anonymous_bytes, 5000 * 1024);
    assert_int_equal(parts.file_bytes, 3990 * 1024);
    assert_int_equal(parts.shared_memory_bytes, 10 * 1024);
    assert_int_equal(parts.swap_bytes, 0);
    parts = process_parse_memory_parts("Name:\tkthreadd\nRssFile:\t99999999999999999999 kB\n");
    assert_int_equal(parts.anonymous_bytes, UNKNOWN_COUNT);
    assert_int_equal(process_parse_proportional_bytes("00400000-7ffd0000 ---p 00000000 00:00 0 [rollup]\n"
                                                      "Rss:  2000 kB\nPss:   812 kB\nPss_Dirty: 1 kB\n"),
                     812 * 1024);
    assert_int_equal(process_parse_proportional_bytes(""), UNKNOWN_COUNT);
}

static void assert_command(const char *bytes, size_t length, const char *expected)
{
    char copy[256];
    char command[64];

    memcpy(copy, bytes, length);
    assert_int_equal(process_format_command(command, sizeof(command), copy, length), strlen(expected));
    assert_string_equal(command, expected);
}

static void arguments_become_one_clean_line(void **state)
{
    (void)state;
    assert_command("python3\0-c\0pass\0", 16, "python3 -c pass");
    assert_command("python3\0-c\0a\nb\tc\0", 18, "python3 -c a b c");
    assert_command("nginx: worker\0\0\0\0", 17, "nginx: worker");
    assert_command("x\x1b]0;title\a\0", 12, "x\xef\xbf\xbd]0;title\xef\xbf\xbd");
    assert_command("", 0, "");
    assert_command("\0\0\0", 3, "");
}

static void users_without_a_name_are_shown_by_number(void **state)
{
    struct user_names *names = user_names_new();

    (void)state;
    assert_string_equal(user_names_find(names, 0), "root");
    assert_string_equal(user_names_find(names, 3999999999), "3999999999");
    assert_string_equal(user_names_find(names, 0), "root");
    user_names_free(names);
}

/* ---- live ---- */

/* A child that does something until it is ended. */
static pid_t start(void (*work)(int pipe_fd), int *pipe_fd)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive a test that fails */
        close(ends[1]);
        work(ends[0]);
        _exit(0);
    }
    close(ends[0]);
    *pipe_fd = ends[1];
    return pid;
}

static void end(pid_t pid, int pipe_fd)
{
    close(pipe_fd);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void work_wait(int pipe_fd)
{
    char byte;

    while (read(pipe_fd, &byte, 1) > 0)
        continue;
}

/* Wait until a child that was started with work_wait() does so: until then it runs. */
static void wait_until_asleep(pid_t pid)
{
    char path[32], text[512];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    for (int i = 0; i < 10000; i++) {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t length = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[length] = '\0';
        const char *name_end = strrchr(text, ')');
        if (name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S')
            return;
        usleep(1000);
    }
    fail_msg("process %d does not rest", pid);
}

static void work_spin(int pipe_fd)
{
    (void)pipe_fd;
    for (;;)
        continue;
}

static void work_exec_on_request(int pipe_fd)
{
    char byte;

    if (read(pipe_fd, &byte, 1) == 1 && dup2(pipe_fd, STDIN_FILENO) == STDIN_FILENO)
        execl("/bin/sh", "sh", "-c", "read x; echo \"$x\"", "told-apart", (char *)NULL);
}

static struct process read_one(struct process_table *table, struct arena *arena, pid_t pid)
{
    struct process *processes;

    assert_int_equal(process_table_read(table, &pid, NULL, 1, arena, &processes), 1);
    return processes[0];
}

static void spin_for(uint64_t duration_ns)
{
    uint64_t end_ns = clock_monotonic_ns() + duration_ns;

    while (clock_monotonic_ns() < end_ns)
        continue;
}

struct fixture {
    struct process_table *table;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));

    fixture->arena = arena_new();
    *state = fixture;
    return process_table_open(&fixture->table) == NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    process_table_close(fixture->table);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static void the_list_is_ascending_and_holds_this_process_and_its_child(void **state)
{
    struct fixture *fixture = *state;
    const pid_t *pids;
    size_t count;
    int pipe_fd;
    size_t found = 0;
    pid_t child = start(work_wait, &pipe_fd);

    assert_null(process_table_list(fixture->table, &pids, &count));
    for (size_t i = 0; i < count; i++) {
        found += pids[i] == getpid() || pids[i] == child;
        assert_true(i == 0 || pids[i] > pids[i - 1]);
    }
    assert_int_equal(found, 2);
    end(child, pipe_fd);
    assert_null(process_table_list(fixture->table, &pids, &count));
    for (size_t i = 0; i < count; i++)
        assert_int_not_equal(pids[i], child);
}

static void this_process_is_read_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    struct process process = read_one(fixture->table, fixture->arena, getpid());

    assert_int_equal(process.pid, getpid());
    assert_int_equal(process.parent_pid, getppid());
    assert_int_equal(process.uid, geteuid());
    assert_int_equal(process.state, 'R');
    assert_int_equal(process.thread_count, 1);
    assert_int_equal(process.nice, getpriority(PRIO_PROCESS, 0));
    assert_non_null(strstr(process.command, "test_system_processes"));
    assert_true(process.resident_bytes > 100000 && process.resident_bytes < process.virtual_bytes);
    assert_true(process.memory_percent > 0 && process.memory_percent < 100);
    assert_true(process.start_time_ns <= clock_realtime_ns());
    assert_true(process.start_time_ns > clock_realtime_ns() - INT64_C(600) * INT64_C(1000000000));
    assert_float_equal(process.cpu_seconds, (double)clock_own_cpu_ns() / 1e9, 0.1);
    assert_false(real_is_known(process.cpu_percent));
    assert_false(real_is_known(process.read_bytes_per_second));
    assert_int_equal(process.open_file_count, UNKNOWN_COUNT);
    assert_int_equal(process.open_file_limit, UNKNOWN_COUNT);
}

static void a_busy_process_is_busy_and_a_sleeping_one_is_not(void **state)
{
    struct fixture *fixture = *state;
    int busy_pipe;
    int idle_pipe;
    pid_t pids[2] = {start(work_wait, &idle_pipe), start(work_spin, &busy_pipe)};
    struct process *processes;
    struct rusage usage;

    wait_until_asleep(pids[0]);
    uint64_t outer_ns = clock_monotonic_ns();
    assert_int_equal(process_table_read(fixture->table, pids, NULL, 2, fixture->arena, &processes), 2);
    double busy_before = processes[1].cpu_seconds;
    uint64_t inner_ns = clock_monotonic_ns();
    usleep(300000);
    double inner = (double)(clock_monotonic_ns() - inner_ns) / 1e9;
    assert_int_equal(process_table_read(fixture->table, pids, NULL, 2, fixture->arena, &processes), 2);
    double outer = (double)(clock_monotonic_ns() - outer_ns) / 1e9;
    double used = processes[1].cpu_seconds - busy_before;
    assert_float_equal(processes[0].cpu_percent, 0, 1e-6);
    assert_int_equal(processes[0].state, 'S');
    assert_int_equal(processes[1].state, 'R');
    assert_true(processes[1].cpu_percent > 0);
    assert_true(processes[1].cpu_percent >= used / outer * 100 - 1);
    assert_true(processes[1].cpu_percent <= used / inner * 100 + 1);
    end(pids[0], idle_pipe);
    /* What wait4(2) accounts in the end is no less than what was shown. */
    close(busy_pipe);
    kill(pids[1], SIGKILL);
    assert_int_equal(wait4(pids[1], NULL, 0, &usage), pids[1]);
    double whole = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    assert_true(processes[1].cpu_seconds <= whole + 0.001);
}

static void a_process_that_has_not_run_moves_nothing(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_wait, &pipe_fd);

    wait_until_asleep(child);
    read_one(fixture->table, fixture->arena, child);
    usleep(20000);
    struct process process = read_one(fixture->table, fixture->arena, child);
    assert_float_equal(process.cpu_percent, 0, 1e-9);
    assert_float_equal(process.read_bytes_per_second, 0, 1e-9);
    assert_float_equal(process.write_bytes_per_second, 0, 1e-9);
    assert_float_equal(process.growth_bytes_per_second, 0, 1e-9);
    assert_float_equal(process.minor_faults_per_second, 0, 1e-9);
    end(child, pipe_fd);
}

static void a_clock_that_the_caller_has_read_is_what_counts(void **state)
{
    struct fixture *fixture = *state;
    struct process *processes;
    pid_t pid = getpid();
    struct cpu_reading reading = {3 * NS_PER_SECOND, clock_monotonic_ns()};

    assert_int_equal(process_table_read(fixture->table, &pid, &reading, 1, fixture->arena, &processes), 1);
    assert_float_equal(processes[0].cpu_seconds, 3, 1e-9);
    reading.cpu_ns += NS_PER_SECOND / 4;
    reading.monotonic_ns += NS_PER_SECOND;
    assert_int_equal(process_table_read(fixture->table, &pid, &reading, 1, fixture->arena, &processes), 1);
    assert_float_equal(processes[0].cpu_percent, 25, 1e-6);
}

static void another_nice_value_shows_at_once_though_the_process_sleeps(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_wait, &pipe_fd);

    wait_until_asleep(child);
    int nice = read_one(fixture->table, fixture->arena, child).nice;
    read_one(fixture->table, fixture->arena, child);
    assert_int_equal(setpriority(PRIO_PROCESS, (id_t)child, nice + 3), 0);
    assert_int_equal(read_one(fixture->table, fixture->arena, child).nice, nice + 3);
    end(child, pipe_fd);
}

static void a_stopped_process_is_shown_stopped(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    int status;
    pid_t child = start(work_wait, &pipe_fd);

    wait_until_asleep(child);
    read_one(fixture->table, fixture->arena, child);
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_int_equal(read_one(fixture->table, fixture->arena, child).state, 'T');
    end(child, pipe_fd);
}

static void a_zombie_has_its_name_in_brackets(void **state)
{
    struct fixture *fixture = *state;
    siginfo_t info;
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    struct process process = read_one(fixture->table, fixture->arena, child);
    assert_int_equal(process.state, 'Z');
    assert_int_equal(process.command[0], '[');
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void exec_shows_the_new_command_at_the_next_reading(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_exec_on_request, &pipe_fd);
    const char *command = "";

    assert_null(strstr(read_one(fixture->table, fixture->arena, child).command, "told-apart"));
    assert_int_equal(write(pipe_fd, "x", 1), 1);
    for (int i = 0; i < 5000 && strstr(command, "told-apart") == NULL; i++) {
        usleep(2000);
        command = read_one(fixture->table, fixture->arena, child).command;
    }
    assert_string_equal(command, "sh -c read x; echo \"$x\" told-apart");
    end(child, pipe_fd);
}

static void what_is_written_to_storage_shows_as_a_rate(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "write-rate-XXXXXX";
    char block[65536] = {1};
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    unlink(name);
    uint64_t outer_ns = clock_monotonic_ns();
    read_one(fixture->table, fixture->arena, getpid());
    uint64_t inner_ns = clock_monotonic_ns();
    for (int i = 0; i < 16; i++)
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    fsync(fd);
    spin_for(50 * NS_PER_MILLISECOND);
    double inner = (double)(clock_monotonic_ns() - inner_ns) / 1e9;
    struct process process = read_one(fixture->table, fixture->arena, getpid());
    double outer = (double)(clock_monotonic_ns() - outer_ns) / 1e9;
    close(fd);
    if (process.write_bytes_per_second == 0)
        skip(); /* a file system in memory */
    assert_true(process.write_bytes_per_second >= 16 * sizeof(block) / outer);
    assert_true(process.write_bytes_per_second <= 17 * sizeof(block) / inner);
}

static void memory_that_is_touched_shows_as_growth_faults_and_a_part(void **state)
{
    enum {
        TOUCHED_BYTES = 64 << 20,
    };
    struct fixture *fixture = *state;

    uint64_t start_ns =
        clock_monotonic_ns(); /* before pyneck's own interval begins: the rate times this is enough */
    struct process before = read_one(fixture->table, fixture->arena, getpid());
    process_table_read_memory_parts(fixture->table, &before);
    char *block = memory_allocate(TOUCHED_BYTES, 1);
    memset(block, 1, TOUCHED_BYTES);
    struct process after = read_one(fixture->table, fixture->arena, getpid());
    double elapsed = (double)(clock_monotonic_ns() - start_ns) / 1e9;
    process_table_read_memory_parts(fixture->table, &after);
    process_table_read_proportional(fixture->table, &after);
    free(block);
    assert_true(isnan(before.growth_bytes_per_second));
    assert_true(after.growth_bytes_per_second * elapsed > 0.99 * TOUCHED_BYTES);
    assert_true(after.minor_faults_per_second > 0); /* huge pages make them few */
    assert_true(after.anonymous_bytes - before.anonymous_bytes > TOUCHED_BYTES / 100 * 99);
    assert_true(llabs(after.anonymous_bytes + after.file_bytes + after.shared_memory_bytes -
                      after.resident_bytes) < TOUCHED_BYTES / 16);
    assert_true(after.proportional_bytes > TOUCHED_BYTES);
}

static void processes_that_have_gone_are_left_out(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_wait, &pipe_fd);
    pid_t pids[2] = {getpid(), child};
    struct process *processes;

    assert_true(child > getpid());
    assert_int_equal(process_table_read(fixture->table, pids, NULL, 2, fixture->arena, &processes), 2);
    end(child, pipe_fd);
    assert_int_equal(process_table_read(fixture->table, pids, NULL, 2, fixture->arena, &processes), 1);
    assert_int_equal(processes[0].pid, getpid());
}

static void rates_go_on_after_a_time_in_which_nobody_asked(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_wait, &pipe_fd);

    read_one(fixture->table, fixture->arena, child);
    read_one(fixture->table, fixture->arena, getpid());
    assert_true(real_is_known(read_one(fixture->table, fixture->arena, child).cpu_percent));
    end(child, pipe_fd);
}

/* In a child without rights: what it cannot read is unknown, and the rest is there. */
static int read_without_rights(pid_t pid)
{
    struct process_table *table;
    struct arena *arena = arena_new();
    struct process *processes;

    if (setgid(65534) != 0 || setuid(65534) != 0 || process_table_open(&table) != NULL)
        return 2;
    for (int i = 0; i < 2; i++) {
        if (process_table_read(table, &pid, NULL, 1, arena, &processes) != 1)
            return 3;
    }
    bool is_right = !real_is_known(processes[0].read_bytes_per_second) &&
                    real_is_known(processes[0].cpu_percent) && processes[0].resident_bytes > 0 &&
                    processes[0].uid == 0;
    process_table_close(table);
    arena_free(arena);
    return is_right ? 0 : 4;
}

static void without_permission_rates_of_storage_are_unknown(void **state)
{
    int status;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t own = getpid();
    pid_t child = fork();
    if (child == 0)
        _exit(read_without_rights(own));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_whole_table_agrees_with_ps(void **state)
{
    struct fixture *fixture = *state;
    int pipe_fd;
    pid_t child = start(work_wait, &pipe_fd);
    struct process *processes;
    char line[4096];
    size_t compared = 0;
    const pid_t *pids;
    size_t pid_count;

    wait_until_asleep(child);
    assert_null(process_table_list(fixture->table, &pids, &pid_count));
    size_t count = process_table_read(fixture->table, pids, NULL, pid_count, fixture->arena, &processes);
    FILE *ps = popen("ps -e -o pid=,ppid=,uid=,nice=,nlwp=,vsz=,comm= 2>/dev/null", "r");
    assert_non_null(ps);
    while (fgets(line, sizeof(line), ps) != NULL) {
        int pid, parent_pid, threads;
        unsigned int uid;
        long virtual_kib;
        char nice[8];
        char name[64];
        if (sscanf(line, "%d %d %u %7s %d %ld %63s", &pid, &parent_pid, &uid, nice, &threads, &virtual_kib,
                   name) != 7)
            continue;
        for (size_t i = 0; i < count; i++) {
            if (processes[i].pid != pid || (pid != child && pid != 1))
                continue;
            assert_int_equal(processes[i].parent_pid, parent_pid);
            assert_int_equal(processes[i].uid, uid);
            assert_int_equal(processes[i].nice, atoi(nice));
            assert_int_equal(processes[i].thread_count, threads);
            assert_true(strncmp(processes[i].name, name, strlen(name)) == 0);
            if (pid == child)
                assert_int_equal(processes[i].virtual_bytes / 1024, virtual_kib);
            compared++;
        }
    }
    pclose(ps);
    if (compared == 0)
        skip(); /* no ps(1) here */
    assert_int_equal(compared, 2);
    end(child, pipe_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_with_parentheses_and_spaces_is_found),
        cmocka_unit_test(kernel_threads_are_told_by_their_flag),
        cmocka_unit_test(torn_stat_texts_are_refused_at_every_length),
        cmocka_unit_test(a_hostile_name_is_cleaned),
        cmocka_unit_test(memory_pages_are_parsed),
        cmocka_unit_test(transfer_is_what_storage_moved_and_not_what_calls_moved),
        cmocka_unit_test(parts_of_memory_are_bytes_or_unknown),
        cmocka_unit_test(arguments_become_one_clean_line),
        cmocka_unit_test(users_without_a_name_are_shown_by_number),
        cmocka_unit_test_setup_teardown(the_list_is_ascending_and_holds_this_process_and_its_child, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(this_process_is_read_as_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_busy_process_is_busy_and_a_sleeping_one_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_has_not_run_moves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_the_caller_has_read_is_what_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_nice_value_shows_at_once_though_the_process_sleeps, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stopped_process_is_shown_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_zombie_has_its_name_in_brackets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exec_shows_the_new_command_at_the_next_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_written_to_storage_shows_as_a_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_is_touched_shows_as_growth_faults_and_a_part, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(processes_that_have_gone_are_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rates_go_on_after_a_time_in_which_nobody_asked, set_up, tear_down),
        cmocka_unit_test(without_permission_rates_of_storage_are_unknown),
        cmocka_unit_test_setup_teardown(the_whole_table_agrees_with_ps, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
