/* Open files: what is told from the texts of /proc, then this process's own descriptors, each made for the
 * test. */
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "system/inet_diag.h"
#include "system/open_file_text.h"
#include "system/open_files.h"
#include "system/process_root.h"
#include "system/socket_text.h"
#include "system/unix_diag.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- texts ---- */

static void links_tell_the_kind(void **state)
{
    static const struct {
        const char *target;
        enum open_file_kind kind;
        bool has_path;
        uint64_t inode;
    } cases[] = {
        {"/var/log/x", OPEN_FILE_OTHER, true, 0},
        {"pipe:[4294967295]", OPEN_FILE_PIPE, false, 4294967295},
        {"socket:[17]", OPEN_FILE_SOCKET, false, 17},
        {"anon_inode:[eventfd]", OPEN_FILE_EVENTFD, false, 0},
        {"anon_inode:[eventpoll]", OPEN_FILE_EPOLL, false, 0},
        {"anon_inode:[timerfd]", OPEN_FILE_TIMERFD, false, 0},
        {"anon_inode:[signalfd]", OPEN_FILE_SIGNALFD, false, 0},
        {"anon_inode:inotify", OPEN_FILE_INOTIFY, false, 0},
        {"anon_inode:[io_uring]", OPEN_FILE_OTHER, false, 0},
        {"/memfd:x (deleted)", OPEN_FILE_MEMFD, false, 0},
        {"mnt:[4026531841]", OPEN_FILE_OTHER, false, 0},
        {"pipe:[", OPEN_FILE_PIPE, false, 0},
        {"", OPEN_FILE_OTHER, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct descriptor_link link = descriptor_parse_link(cases[i].target);
        assert_int_equal(link.kind, cases[i].kind);
        assert_int_equal(link.has_path, cases[i].has_path);
        assert_int_equal(link.inode, cases[i].inode);
    }
}

static void modes_tell_the_kind_of_what_has_a_path(void **state)
{
    (void)state;
    assert_int_equal(descriptor_kind_of_mode(S_IFREG | 0644, 0, "/x"), OPEN_FILE_FILE);
    assert_int_equal(descriptor_kind_of_mode(S_IFDIR | 0755, 0, "/x"), OPEN_FILE_DIRECTORY);
    assert_int_equal(descriptor_kind_of_mode(S_IFIFO, 0, "/x"), OPEN_FILE_PIPE);
    assert_int_equal(descriptor_kind_of_mode(S_IFCHR, 136, "/dev/pts/3"), OPEN_FILE_TTY);
    assert_int_equal(descriptor_kind_of_mode(S_IFCHR, 4, "/dev/tty1"), OPEN_FILE_TTY);
    assert_int_equal(descriptor_kind_of_mode(S_IFCHR, 204, "/dev/ttyAMA0"), OPEN_FILE_TTY);
    assert_int_equal(descriptor_kind_of_mode(S_IFCHR, 1, "/dev/null"), OPEN_FILE_DEVICE);
    assert_int_equal(descriptor_kind_of_mode(S_IFBLK, 8, "/dev/sda"), OPEN_FILE_DEVICE);
}

static void the_deleted_mark_is_cut_only_from_the_end(void **state)
{
    size_t length = strlen("/tmp/x (deleted)");

    (void)state;
    assert_true(descriptor_cut_deleted_mark("/tmp/x (deleted)", &length));
    assert_int_equal(length, 6);
    length = strlen("/tmp/ (deleted)/x");
    assert_false(descriptor_cut_deleted_mark("/tmp/ (deleted)/x", &length));
    length = strlen(" (deleted)");
    assert_false(descriptor_cut_deleted_mark(" (deleted)", &length));
}

static void fdinfo_gives_position_and_access(void **state)
{
    struct descriptor_info info =
        descriptor_parse_info("pos:\t1234567890123\nflags:\t0100001\nmnt_id:\t30\n");

    (void)state;
    assert_int_equal(info.position_bytes, 1234567890123);
    assert_int_equal(info.access, ACCESS_WRITE);
    assert_int_equal(descriptor_parse_info("pos:\t0\nflags:\t0100002\n").access, ACCESS_READ_WRITE);
    assert_int_equal(descriptor_parse_info("pos:\t0\nflags:\t02100000\n").access, ACCESS_READ);
    assert_int_equal(descriptor_parse_info("pos:\t0\nflags:\t012000000\n").access,
                     ACCESS_UNKNOWN); /* O_PATH */
    assert_int_equal(descriptor_parse_info("").position_bytes, UNKNOWN_COUNT);
    assert_int_equal(descriptor_parse_info("").access, ACCESS_UNKNOWN);
}

static void the_bits_of_the_link_give_access(void **state)
{
    (void)state;
    assert_int_equal(descriptor_access_of_link(S_IFLNK | 0700), ACCESS_READ_WRITE);
    assert_int_equal(descriptor_access_of_link(S_IFLNK | 0500), ACCESS_READ);
    assert_int_equal(descriptor_access_of_link(S_IFLNK | 0300), ACCESS_WRITE);
    assert_int_equal(descriptor_access_of_link(S_IFLNK), ACCESS_UNKNOWN);
}

static void the_limit_is_the_soft_one(void **state)
{
    (void)state;
    assert_int_equal(descriptor_parse_limit("Limit  Soft Limit  Hard Limit  Units\n"
                                            "Max processes             7688     7688     processes\n"
                                            "Max open files            1024     524288   files\n"),
                     1024);
    assert_int_equal(descriptor_parse_limit("Max open files            unlimited   unlimited   files\n"),
                     UNKNOWN_COUNT);
    assert_int_equal(descriptor_parse_limit(""), UNKNOWN_COUNT);
}

/* The description of a line of one of the files of /proc/PID/net, or NULL when it is refused. */
static const struct socket_info *describe_line(const char *file, const char *line, struct arena *arena,
                                               uint64_t *inode)
{
    char path[SOCKET_PATH_SIZE];

    for (size_t i = 0; i < SOCKET_FILES; i++) {
        if (strcmp(socket_files[i].name, file) != 0)
            continue;
        struct socket_record record = {.protocol = (uint8_t)i};
        if (!socket_files[i].parse(line, &record, path))
            return NULL;
        *inode = record.inode;
        return socket_describe(&record, path, NULL, arena);
    }
    return NULL;
}

static void socket_lines_are_parsed(void **state)
{
    static const struct {
        const char *file, *line, *state, *local, *remote;
        int64_t receive_queue, send_queue;
        uint64_t inode;
    } cases[] = {
        {"tcp",
         "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 54321 1 "
         "f 100 0",
         "LISTEN", "127.0.0.1:8080", NULL, 3, 0, 54321},
        {"tcp",
         " 123: 0100007F:C350 0200000A:01BB 01 0000000A:00000005 01:00000014 00000000     0        0 777 2 f "
         "20 4 30",
         "ESTABLISHED", "127.0.0.1:50000", "10.0.0.2:443", 5, 10, 777},
        {"tcp",
         "  12: 0100007F:C350 0100007F:01BB 08 00000000:00000001 00:00000000 00000000     0        0 778 1 f",
         "CLOSE_WAIT", "127.0.0.1:50000", "127.0.0.1:443", 1, 0, 778},
        {"tcp6",
         "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
         "00000000:00000000 "
         "00:00000000 00000000     0        0 99 1 f 100 0 0 10 0",
         "LISTEN", "[::1]:80", NULL, 0, 0, 99},
        {"tcp6",
         "   1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:C350 01 "
         "00000000:00000000 "
         "00:00000000 00000000     0        0 100 1 f",
         "ESTABLISHED", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:50000", 0, 0, 100},
        {"udp",
         "  42: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 11 2 f "
         "0",
         NULL, "0.0.0.0:68", NULL, 0, 0, 11},
        {"udp",
         "  43: 0100007F:0044 0100007F:0035 01 00000000:00000300 00:00000000 00000000     0        0 12 2 f "
         "0",
         "ESTABLISHED", "127.0.0.1:68", "127.0.0.1:53", 768, 0, 12},
        {"unix", "0000000000000000: 00000002 00000000 00010000 0001 01 321 /run/a b.sock", "LISTENING",
         "/run/a b.sock", NULL, -1, -1, 321},
        {"unix", "0000000000000000: 00000003 00000000 00000000 0001 03 322 @x\x1b[2J", "CONNECTED",
         "@x\xef\xbf\xbd[2J", NULL, -1, -1, 322},
        {"unix", "0000000000000000: 00000002 00000000 00000000 0002 01 323", NULL, NULL, NULL, -1, -1, 323},
        {"netlink", "0000000000000000 0   1234       00000111 10       20       0     2     0     444     ",
         NULL, "route:1234", NULL, 10, 20, 444},
        {"packet", "0000000000000000 3      3    0003   2     1 16    0      555   ", NULL, NULL, NULL, 16,
         -1, 555},
    };
    struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t inode = 0;
        const struct socket_info *info = describe_line(cases[i].file, cases[i].line, arena, &inode);
        assert_non_null(info);
        assert_int_equal(inode, cases[i].inode);
        assert_string_equal(info->protocol, cases[i].file);
        assert_int_equal(info->state == NULL, cases[i].state == NULL);
        assert_string_equal(info->state != NULL ? info->state : "",
                            cases[i].state != NULL ? cases[i].state : "");
        assert_string_equal(info->local != NULL ? info->local : "",
                            cases[i].local != NULL ? cases[i].local : "");
        assert_string_equal(info->remote != NULL ? info->remote : "",
                            cases[i].remote != NULL ? cases[i].remote : "");
        assert_int_equal(info->receive_queue_bytes, cases[i].receive_queue);
        assert_int_equal(info->send_queue_bytes, cases[i].send_queue);
    }
    arena_free(arena);
}

static void header_lines_torn_lines_and_sockets_without_a_holder_are_refused(void **state)
{
    struct arena *arena = arena_new();
    uint64_t inode;

    (void)state;
    assert_null(
        describe_line("tcp", "  sl  local_address rem_address   st tx_queue rx_queue", arena, &inode));
    assert_null(describe_line("tcp", "   0: 0100007F:1F90 00000000:0000 0A 00000000:000", arena, &inode));
    /* TIME_WAIT: belongs to nobody */
    assert_null(describe_line(
        "tcp",
        "   0: 0100007F:1F90 0100007F:1F91 06 00000000:00000000 03:00000C4E 00000000     0        0 0 3 f",
        arena, &inode));
    assert_null(
        describe_line("unix", "Num       RefCount Protocol Flags    Type St Inode Path", arena, &inode));
    assert_null(
        describe_line("netlink", "sk               Eth Pid        Groups   Rmem     Wmem", arena, &inode));
    assert_null(
        describe_line("packet", "sk               RefCnt Type Proto  Iface R Rmem   User", arena, &inode));
    arena_free(arena);
}

static void protocols_are_named_alike_wherever_they_come_from(void **state)
{
    char name[16];

    (void)state;
    socket_format_protocol(name, sizeof(name), "TCPv6", 5);
    assert_string_equal(name, "tcp6");
    socket_format_protocol(name, sizeof(name), "UDP", 3);
    assert_string_equal(name, "udp");
    socket_format_protocol(name, sizeof(name), "A\nVERY-LONG-PROTOCOL", 20);
    assert_true(strlen(name) < sizeof(name));
}

static void a_protocol_has_the_file_of_its_name_and_an_unknown_one_may_be_in_all(void **state)
{
    static const char *const names[SOCKET_FILES] = {"TCP",   "TCPv6", "UDP",    "UDPv6",   "UNIX",  "RAW",
                                                    "RAWv6", "PING",  "PINGv6", "NETLINK", "PACKET"};
    uint32_t all = 0;

    (void)state;
    for (size_t i = 0; i < SOCKET_FILES; i++) {
        assert_int_equal(socket_files_of_protocol(names[i]), 1 << i);
        all |= UINT32_C(1) << i;
    }
    assert_int_equal(socket_files_of_protocol("UNIX-STREAM"), 1 << SOCKET_FILE_UNIX);
    assert_int_equal(socket_files_of_protocol("MPTCP"), all);
    assert_int_equal(socket_files_of_protocol(""), all);
}

static void answers_about_tcp_sockets_say_what_the_lines_say(void **state)
{
    struct inet_diag_msg message = {
        .idiag_family = AF_INET,
        .idiag_state = 1, /* established */
        .id = {.idiag_sport = htons(80),
               .idiag_dport = htons(4711),
               .idiag_src = {htonl(INADDR_LOOPBACK)},
               .idiag_dst = {htonl(INADDR_LOOPBACK + 1)}},
        .idiag_rqueue = 3,
        .idiag_wqueue = 4,
        .idiag_inode = 77,
    };
    struct arena *arena = arena_new();
    struct socket_record record;

    (void)state;
    assert_true(inet_diag_parse(&message, sizeof(message), &record));
    record.protocol = SOCKET_FILE_TCP;
    const struct socket_info *info = socket_describe(&record, NULL, NULL, arena);
    assert_int_equal(record.inode, 77);
    assert_string_equal(info->state, "ESTABLISHED");
    assert_string_equal(info->local, "127.0.0.1:80");
    assert_string_equal(info->remote, "127.0.0.2:4711");
    assert_int_equal(info->receive_queue_bytes, 3);
    assert_int_equal(info->send_queue_bytes, 4);
    message.idiag_state = 10; /* listens; the length of what may wait is none of what was sent */
    assert_true(inet_diag_parse(&message, sizeof(message), &record));
    assert_int_equal(record.send_queue_bytes, 0);
    assert_false(inet_diag_parse(&message, sizeof(message) - 1, &record));
    message.idiag_family = AF_UNIX;
    assert_false(inet_diag_parse(&message, sizeof(message), &record));
    message.idiag_family = AF_INET6;
    message.idiag_inode = 0; /* nobody holds it */
    assert_false(inet_diag_parse(&message, sizeof(message), &record));
    arena_free(arena);
}

static void broken_answers_about_unix_sockets_are_survived(void **state)
{
    struct {
        struct unix_diag_msg fixed;
        struct rtattr attribute;
        uint32_t peer;
    } message = {
        .fixed = {.udiag_family = AF_UNIX, .udiag_ino = 7},
        .attribute = {.rta_len = RTA_LENGTH(4), .rta_type = UNIX_DIAG_PEER},
        .peer = 8,
    };
    struct unix_diag_socket found;

    (void)state;
    assert_true(unix_diag_parse(&message, sizeof(message), &found));
    assert_int_equal(found.inode, 7);
    assert_int_equal(found.peer_inode, 8);
    assert_int_equal(found.receive_queue_bytes, UNKNOWN_COUNT);
    assert_false(unix_diag_parse(&message, sizeof(message.fixed) - 1, &found));
    assert_true(unix_diag_parse(&message, sizeof(message) - 1, &found));
    assert_int_equal(found.peer_inode, 0);
    message.attribute.rta_len = 0; /* would never end */
    assert_true(unix_diag_parse(&message, sizeof(message), &found));
    message.attribute.rta_len = RTA_LENGTH(2); /* too short for a peer */
    assert_true(unix_diag_parse(&message, sizeof(message), &found));
    assert_int_equal(found.peer_inode, 0);
    message.fixed.udiag_family = AF_INET;
    assert_false(unix_diag_parse(&message, sizeof(message), &found));
}

/* ---- live ---- */

#define LONG_TIME_NS (5 * NS_PER_SECOND)

struct fixture {
    struct open_files *reader;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));

    fixture->reader = open_files_new();
    fixture->arena = arena_new();
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    open_files_free(fixture->reader);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

/* fork(2), and the child does not outlive a test that fails. */
static pid_t fork_child(void)
{
    pid_t child = fork();

    if (child == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return child;
}

static struct open_file_list read_all(struct fixture *fixture)
{
    struct open_file_list list = open_files_read(fixture->reader, getpid(), 1, fixture->arena, LONG_TIME_NS);

    assert_null(list.error);
    assert_true(list.complete);
    assert_int_equal(list.total, list.count);
    for (size_t i = 1; i < list.count; i++)
        assert_true(list.files[i].fd > list.files[i - 1].fd);
    return list;
}

static const struct open_file *find(struct open_file_list list, int fd)
{
    for (size_t i = 0; i < list.count; i++) {
        if (list.files[i].fd == fd)
            return &list.files[i];
    }
    fail_msg("descriptor %d is not listed", fd);
    return NULL;
}

static const struct open_file *read_descriptor(struct fixture *fixture, int fd)
{
    return find(read_all(fixture), fd);
}

static void a_file_has_path_size_position_and_rate(void **state)
{
    struct fixture *fixture = *state;
    char name[] = "open-files-XXXXXX";
    char directory[2048];
    char block[1000] = {0};
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, block, 1000), 1000);
    uint64_t outer_ns = clock_monotonic_ns();
    const struct open_file *file = read_descriptor(fixture, fd);
    uint64_t inner_ns = clock_monotonic_ns();
    assert_int_equal(file->kind, OPEN_FILE_FILE);
    assert_int_equal(file->access, ACCESS_READ_WRITE);
    assert_non_null(getcwd(directory, sizeof(directory)));
    assert_string_equal(file->path, arena_format(fixture->arena, "%s/%s", directory, name));
    assert_int_equal(file->position_bytes, 1000);
    assert_int_equal(file->size_bytes, 1000);
    assert_false(file->deleted);
    assert_false(real_is_known(file->bytes_per_second));
    assert_null(file->socket);

    usleep(100000);
    assert_int_equal(write(fd, block, 1000), 1000);
    double inner = (double)(clock_monotonic_ns() - inner_ns) / 1e9;
    file = read_descriptor(fixture, fd);
    double outer = (double)(clock_monotonic_ns() - outer_ns) / 1e9;
    assert_true(file->bytes_per_second >= 1000 / outer);
    assert_true(file->bytes_per_second <= 1000 / inner);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_false(real_is_known(read_descriptor(fixture, fd)->bytes_per_second));
    close(fd);
    unlink(name);
}

static void a_deleted_file_is_marked_and_a_name_that_says_so_is_not(void **state)
{
    struct fixture *fixture = *state;
    static const char name[] = "open files (deleted)";
    int fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    const struct open_file *file = read_descriptor(fixture, fd);
    assert_false(file->deleted);
    assert_string_equal(strrchr(file->path, '/') + 1, name);
    unlink(name);
    file = read_descriptor(fixture, fd);
    assert_true(file->deleted);
    assert_string_equal(strrchr(file->path, '/') + 1, name);
    close(fd);
}

static void another_file_under_the_same_number_has_no_rate(void **state)
{
    struct fixture *fixture = *state;
    char first[] = "open-files-XXXXXX";
    char second[] = "open-files-XXXXXX";
    int fd = mkstemp(first);
    int other = mkstemp(second);

    assert_int_equal(ftruncate(other, 5000), 0);
    assert_int_equal(lseek(other, 5000, SEEK_SET), 5000);
    read_descriptor(fixture, fd);
    assert_int_equal(dup2(other, fd), fd);
    assert_false(real_is_known(read_descriptor(fixture, fd)->bytes_per_second));
    close(fd);
    close(other);
    unlink(first);
    unlink(second);
}

static void every_kind_is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    sigset_t signals;

    sigemptyset(&signals);
    const struct {
        int fd;
        enum open_file_kind kind;
        enum open_file_access access;
    } cases[] = {
        {open("/", O_RDONLY | O_DIRECTORY), OPEN_FILE_DIRECTORY, ACCESS_READ},
        {open("/", O_PATH), OPEN_FILE_DIRECTORY, ACCESS_UNKNOWN},
        {open("/dev/null", O_WRONLY), OPEN_FILE_DEVICE, ACCESS_WRITE},
        {posix_openpt(O_RDWR | O_NOCTTY), OPEN_FILE_TTY, ACCESS_READ_WRITE},
        {eventfd(0, 0), OPEN_FILE_EVENTFD, ACCESS_READ_WRITE},
        {epoll_create1(0), OPEN_FILE_EPOLL, ACCESS_READ_WRITE},
        {timerfd_create(CLOCK_MONOTONIC, 0), OPEN_FILE_TIMERFD, ACCESS_READ_WRITE},
        {signalfd(-1, &signals, 0), OPEN_FILE_SIGNALFD, ACCESS_READ_WRITE},
        {inotify_init(), OPEN_FILE_INOTIFY, ACCESS_READ},
        {memfd_create("name", 0), OPEN_FILE_MEMFD, ACCESS_READ_WRITE},
    };
    struct open_file_list list = read_all(fixture);

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (cases[i].fd < 0)
            continue; /* no pseudoterminals here */
        const struct open_file *file = find(list, cases[i].fd);
        assert_int_equal(file->kind, cases[i].kind);
        assert_int_equal(file->access, cases[i].access);
        assert_false(file->deleted);
        if (file->kind == OPEN_FILE_MEMFD)
            assert_string_equal(file->path, "/memfd:name");
        close(cases[i].fd);
    }
}

static void the_process_at_the_other_end_of_a_pipe_is_named(void **state)
{
    struct fixture *fixture = *state;
    int ends[2];
    int ready[2];
    char byte;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork_child();
    if (child == 0) {
        close(ends[1]);
        close(ready[0]);
        if (write(ready[1], "x", 1) == 1 && read(ends[0], &byte, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(ends[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1); /* the child has closed its write end */
    const struct open_file *file = read_descriptor(fixture, ends[1]);
    assert_int_equal(file->kind, OPEN_FILE_PIPE);
    assert_int_equal(file->access, ACCESS_WRITE);
    assert_non_null(file->peer);
    int pid, fd;
    char name[32];
    assert_int_equal(sscanf(file->peer, "%d (%31[^)]) fd %d", &pid, name, &fd), 3);
    assert_int_equal(pid, child);
    assert_int_equal(fd, ends[0]);
    close(ends[1]);
    close(ready[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* A child that holds the first end until it is told to let go. */
static pid_t fork_holder(const int ends[2], int *orders)
{
    int pair[2];
    char byte;

    assert_int_equal(pipe(pair), 0);
    pid_t child = fork_child();
    if (child == 0) {
        close(ends[1]);
        close(pair[1]);
        if (read(pair[0], &byte, 1) != 1)
            _exit(1);
        close(ends[0]);
        pause();
    }
    close(pair[0]);
    *orders = pair[1];
    return child;
}

/* Ask again until another process is named than before. */
static int wait_for_other_peer(struct fixture *fixture, int fd, int before)
{
    for (int tries = 0; tries < 600; tries++) {
        const struct open_file *file = read_descriptor(fixture, fd);
        if (file->peer != NULL && atoi(file->peer) != before)
            return atoi(file->peer);
        usleep(100000);
    }
    return 0;
}

static void who_lets_a_pipe_go_is_noticed_and_who_sleeps_on_it_is_kept(void **state)
{
    struct fixture *fixture = *state;
    int ends[2], orders[2];
    pid_t children[2];

    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        children[i] = fork_holder(ends, &orders[i]);
    close(ends[0]);
    int first = wait_for_other_peer(fixture, ends[1], 0);
    int teller = first == children[0] ? 0 : 1;
    assert_int_equal(first, children[teller]);
    assert_int_equal(write(orders[teller], "x", 1), 1);
    assert_int_equal(wait_for_other_peer(fixture, ends[1], first), children[1 - teller]);
    for (int i = 0; i < 2; i++) {
        kill(children[i], SIGKILL);
        assert_int_equal(waitpid(children[i], NULL, 0), children[i]);
        close(orders[i]);
    }
    close(ends[1]);
}

static int listen_on_loopback(struct sockaddr_in *address)
{
    socklen_t length = sizeof(*address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &length), 0);
    return fd;
}

static void tcp_sockets_have_states_addresses_and_queues(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address;
    int listener = listen_on_loopback(&address);
    int client = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    int server = accept(listener, NULL, NULL);
    assert_int_equal(send(client, "hello", 5, 0), 5);
    int unbound = socket(AF_INET6, SOCK_STREAM, 0);
    struct open_file_list list = read_all(fixture);
    const char *local = arena_format(fixture->arena, "127.0.0.1:%d", ntohs(address.sin_port));

    const struct socket_info *info = find(list, listener)->socket;
    assert_non_null(info);
    assert_string_equal(info->protocol, "tcp");
    assert_string_equal(info->state, "LISTEN");
    assert_string_equal(info->local, local);
    assert_null(info->remote);
    info = find(list, server)->socket;
    assert_non_null(info);
    assert_string_equal(info->state, "ESTABLISHED");
    assert_string_equal(info->local, local);
    assert_int_equal(info->receive_queue_bytes, 5);
    assert_string_equal(info->remote, find(list, client)->socket->local);
    if (unbound >= 0) {
        info = find(list, unbound)->socket;
        assert_non_null(info);
        assert_string_equal(info->protocol, "tcp6");
        assert_null(info->state);
        assert_int_equal(info->receive_queue_bytes, UNKNOWN_COUNT);
        close(unbound);
    }
    close(listener);
    close(client);
    close(server);
}

static void unix_sockets_name_their_peers(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "open-files-%d", (int)getpid());
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(send(pair[0], "abc", 3, 0), 3);
    struct open_file_list list = read_all(fixture);

    const struct socket_info *info = find(list, listener)->socket;
    assert_string_equal(info->protocol, "unix");
    assert_string_equal(info->state, "LISTENING");
    assert_string_equal(info->local, arena_format(fixture->arena, "@open-files-%d", (int)getpid()));
    info = find(list, pair[1])->socket;
    assert_string_equal(info->state, "CONNECTED");
    const char *peer = find(list, pair[1])->peer;
    if (info->receive_queue_bytes != UNKNOWN_COUNT) { /* the kernel has unix_diag */
        assert_int_equal(info->receive_queue_bytes, 3);
        assert_non_null(peer);
        assert_int_equal(atoi(peer), getpid());
        assert_non_null(strstr(peer, arena_format(fixture->arena, ") fd %d", pair[0])));
    }
    close(listener);
    close(pair[0]);
    close(pair[1]);
}

/* A child in its own network namespace: its sockets are found there, not here. */
static void sockets_are_looked_up_in_the_network_namespace_of_the_process(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address;
    int ready[2];
    int fd = -1;

    assert_int_equal(pipe(ready), 0);
    pid_t child = fork_child();
    if (child == 0) {
        if (unshare(CLONE_NEWNET) == 0) {
            address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(4711)};
            fd = socket(AF_INET, SOCK_STREAM, 0);
            if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 1) != 0)
                fd = -1;
        }
        if (write(ready[1], &fd, sizeof(fd)) != sizeof(fd))
            _exit(1);
        pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &fd, sizeof(fd)), sizeof(fd));
    if (fd >= 0) {
        struct open_file_list list = open_files_read(fixture->reader, child, 1, fixture->arena, LONG_TIME_NS);
        const struct socket_info *info = find(list, fd)->socket;
        assert_non_null(info);
        assert_string_equal(info->local, "0.0.0.0:4711");
        assert_string_equal(info->state, "LISTEN");
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[0]);
    if (fd < 0)
        skip(); /* not permitted here */
}

enum {
    MANY = 3000,
    FIRST_OF_MANY = 300,
};

static void a_long_list_is_completed_over_several_calls(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit old;
    struct open_file_list list;
    size_t last_count = 0;
    int calls = 0;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit limit = {.rlim_cur = FIRST_OF_MANY + MANY, .rlim_max = old.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        skip();
    size_t count_before = read_all(fixture).count;
    int null = open("/dev/null", O_RDONLY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(fcntl(null, F_DUPFD, FIRST_OF_MANY + i), FIRST_OF_MANY + i);
    close(null);
    open_files_forget(fixture->reader, getpid());
    do {
        list = open_files_read(fixture->reader, getpid(), 1, fixture->arena, NS_PER_MILLISECOND);
        assert_null(list.error);
        assert_true(list.count >= last_count);
        last_count = list.count;
    } while (!list.complete && ++calls < MANY);
    assert_true(list.complete);
    assert_true(calls > 0);
    assert_int_equal(list.count, count_before + MANY);

    /* What is closed disappears when the next pass has come past it; what lies behind stands until then. */
    for (int i = 0; i < MANY; i++)
        close(FIRST_OF_MANY + i);
    for (calls = 0; list.count > count_before && calls < MANY; calls++) {
        list = open_files_read(fixture->reader, getpid(), 1, fixture->arena, NS_PER_MILLISECOND);
        assert_true(list.complete);
    }
    assert_int_equal(list.count, count_before);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void counts_and_limits_are_those_of_the_process(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit limit;
    int ready[2];
    char byte;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 77;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork_child();
    if (child == 0) {
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct open_file_list list = open_files_read(fixture->reader, child, 1, fixture->arena, LONG_TIME_NS);
    assert_true(list.count >= 2);
    assert_int_equal(open_files_count(child), list.count);
    assert_int_equal(open_files_limit(child), 77);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ready[0]);
}

static void a_process_that_has_gone_is_no_error(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = fork_child();

    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct open_file_list list = open_files_read(fixture->reader, child, 1, fixture->arena, LONG_TIME_NS);
    assert_null(list.error);
    assert_int_equal(list.count, 0);
    assert_int_equal(list.total, UNKNOWN_COUNT);
    assert_int_equal(open_files_count(child), UNKNOWN_COUNT);
    assert_int_equal(open_files_limit(child), UNKNOWN_COUNT);
    open_files_forget(fixture->reader, child);
    open_files_forget(fixture->reader, getpid());
}

static int list_without_rights(pid_t pid)
{
    struct open_files *reader = open_files_new();
    struct arena *arena = arena_new();

    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 2;
    struct open_file_list list = open_files_read(reader, pid, 1, arena, LONG_TIME_NS);
    if (list.error == NULL || list.complete || list.count != 0)
        return 3;
    bool is_explained = strstr(error_message(list.error), "permission denied") != NULL;
    bool has_limit = count_is_known(open_files_limit(pid));
    error_free(list.error);
    open_files_free(reader);
    arena_free(arena);
    return is_explained && has_limit ? 0 : 4;
}

static void without_permission_the_error_says_so(void **state)
{
    int status;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t own = getpid();
    pid_t child = fork_child();
    if (child == 0)
        _exit(list_without_rights(own));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void path_is_cut_only_where_the_process_has_another_root(void **state)
{
    static const struct {
        const char *root;
        const char *path;
        const char *inside;
    } cases[] = {
        {"/srv/jail", "/srv/jail/var/log", "/var/log"},
        {"/srv/jail", "/srv/jail", "/srv/jail"},
        {"/srv/jail", "/srv/jailer/log", "/srv/jailer/log"},
        {"/srv/jail", "pipe:[1]", "pipe:[1]"},
        {"", "/var/log", "/var/log"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct process_root root = {.length = strlen(cases[i].root)};
        const char *path = cases[i].path;
        size_t length = strlen(path);
        memcpy(root.path, cases[i].root, root.length);
        process_root_enter(&root, &path, &length);
        assert_int_equal(length, strlen(cases[i].inside));
        assert_string_equal(path, cases[i].inside);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_tell_the_kind),
        cmocka_unit_test(modes_tell_the_kind_of_what_has_a_path),
        cmocka_unit_test(the_deleted_mark_is_cut_only_from_the_end),
        cmocka_unit_test(fdinfo_gives_position_and_access),
        cmocka_unit_test(the_bits_of_the_link_give_access),
        cmocka_unit_test(the_limit_is_the_soft_one),
        cmocka_unit_test(socket_lines_are_parsed),
        cmocka_unit_test(header_lines_torn_lines_and_sockets_without_a_holder_are_refused),
        cmocka_unit_test(protocols_are_named_alike_wherever_they_come_from),
        cmocka_unit_test(a_protocol_has_the_file_of_its_name_and_an_unknown_one_may_be_in_all),
        cmocka_unit_test(broken_answers_about_unix_sockets_are_survived),
        cmocka_unit_test(answers_about_tcp_sockets_say_what_the_lines_say),
        cmocka_unit_test_setup_teardown(a_file_has_path_size_position_and_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deleted_file_is_marked_and_a_name_that_says_so_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_file_under_the_same_number_has_no_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_is_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_process_at_the_other_end_of_a_pipe_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_lets_a_pipe_go_is_noticed_and_who_sleeps_on_it_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tcp_sockets_have_states_addresses_and_queues, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unix_sockets_name_their_peers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sockets_are_looked_up_in_the_network_namespace_of_the_process, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_list_is_completed_over_several_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_and_limits_are_those_of_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_process_that_has_gone_is_no_error, set_up, tear_down),
        cmocka_unit_test(without_permission_the_error_says_so),
        cmocka_unit_test(path_is_cut_only_where_the_process_has_another_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
