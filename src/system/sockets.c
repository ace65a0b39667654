#include "system/sockets.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "system/inet_diag.h"
#include "system/sock_diag.h"
#include "system/socket_text.h"
#include "system/unix_diag.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFRESH_NS (NS_PER_SECOND * 9 / 10) /* a little less than the usual interval between ticks */
#define KEEP_NS    (10 * NS_PER_SECOND)     /* what nobody asked for in this time is not read any more */

enum {
    MAX_SOCKETS = 262144, /* more than these are not shown */
    MAX_TABLES = 64,      /* network namespaces at once */
    TEXT_SIZE = 32 * 1024,
    COST_FACTOR = 20, /* reading may take at most this part of the time */
};

/* The sockets of a namespace at about one moment. */
struct snapshot {
    uint32_t files; /* out of which of socket_files, as bits */
    struct socket_record *records;
    size_t count;
    size_t capacity;
    struct hash_map by_inode;
    char *paths; /* names of Unix sockets, one after the other; the first is "" */
    size_t paths_length;
    size_t paths_capacity;
};

struct socket_table {
    uint64_t namespace_inode;
    uint64_t used_ns[SOCKET_FILES]; /* when each of the files was asked for; 0: never */
    uint64_t due_ns;
    bool is_ready;
    struct snapshot ready;
    /* What is being read: */
    bool is_loading;
    struct snapshot loading;
    size_t file_index; /* into socket_files; behind the last comes unix_diag */
    int fd;            /* -1 when none is open */
    bool lacks_diag;   /* the kernel does not answer such questions */
    char *text;
    size_t text_length; /* of a line that is not complete yet */
    uint64_t cost_ns;
};

struct socket_tables {
    struct socket_table **tables;
    size_t count;
    size_t capacity;
    uint64_t own_namespace_inode;
};

static uint64_t find_namespace(int directory_fd, const char *path)
{
    struct stat status;

    return fstatat(directory_fd, path, &status, 0) == 0 ? status.st_ino : 0;
}

struct socket_tables *socket_tables_new(void)
{
    struct socket_tables *tables = memory_allocate(1, sizeof(*tables));

    tables->own_namespace_inode = find_namespace(AT_FDCWD, "/proc/self/ns/net");
    return tables;
}

static void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->records);
    free(snapshot->paths);
    hash_map_free(&snapshot->by_inode);
}

static void table_free(struct socket_table *table)
{
    if (table->fd >= 0)
        close(table->fd);
    snapshot_free(&table->ready);
    snapshot_free(&table->loading);
    free(table->text);
    free(table);
}

void socket_tables_free(struct socket_tables *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        table_free(tables->tables[i]);
    free(tables->tables);
    free(tables);
}

static uint32_t add_path(struct snapshot *snapshot, const char *path)
{
    size_t place = snapshot->paths_length;
    size_t size = strlen(path) + 1;

    if (*path == '\0')
        return 0;
    snapshot->paths = memory_grow(snapshot->paths, &snapshot->paths_capacity, place + size, 1);
    memcpy(snapshot->paths + place, path, size);
    snapshot->paths_length = place + size;
    return (uint32_t)place;
}

static void add_record(struct snapshot *snapshot, const struct socket_record *record)
{
    if (snapshot->count == MAX_SOCKETS)
        return;
    snapshot->records =
        memory_grow(snapshot->records, &snapshot->capacity, snapshot->count + 1, sizeof(*snapshot->records));
    snapshot->records[snapshot->count] = *record;
    hash_map_set(&snapshot->by_inode, record->inode, (uint32_t)snapshot->count);
    snapshot->count++;
}

static void add_line(struct snapshot *snapshot, const char *line, size_t file_index)
{
    struct socket_record record = {.protocol = (uint8_t)file_index};
    char path[SOCKET_PATH_SIZE];

    if (snapshot->count == MAX_SOCKETS || !socket_files[file_index].parse(line, &record, path))
        return;
    record.path = add_path(snapshot, path);
    add_record(snapshot, &record);
}

static struct socket_record *find_record(const struct snapshot *snapshot, uint64_t inode)
{
    const uint32_t *place = inode != 0 ? hash_map_find(&snapshot->by_inode, inode) : NULL;

    return place != NULL ? &snapshot->records[*place] : NULL;
}

/* The files that were asked for lately. */
static uint32_t files_in_use(const struct socket_table *table, uint64_t now_ns)
{
    uint32_t files = 0;

    for (size_t i = 0; i < SOCKET_FILES; i++) {
        if (table->used_ns[i] != 0 && now_ns - table->used_ns[i] < KEEP_NS)
            files |= UINT32_C(1) << i;
    }
    return files;
}

static void begin_loading(struct socket_table *table, uint64_t now_ns)
{
    struct snapshot *snapshot = &table->loading;

    snapshot->files = files_in_use(table, now_ns);
    snapshot->count = 0;
    hash_map_clear(&snapshot->by_inode);
    snapshot->paths = memory_grow(snapshot->paths, &snapshot->paths_capacity, 1, 1);
    snapshot->paths[0] = '\0';
    snapshot->paths_length = 1;
    table->is_loading = true;
    table->file_index = 0;
    table->cost_ns = 0;
}

static void finish_loading(struct socket_table *table, uint64_t now_ns)
{
    struct snapshot old = table->ready;
    uint64_t rest_ns = table->cost_ns * COST_FACTOR;

    table->ready = table->loading;
    table->loading = old;
    table->is_ready = true;
    table->is_loading = false;
    table->due_ns = now_ns + (rest_ns > REFRESH_NS ? rest_ns : REFRESH_NS);
}

static void close_file(struct socket_table *table)
{
    if (table->fd >= 0)
        close(table->fd);
    table->fd = -1;
    table->text_length = 0;
}

static void next_file(struct socket_table *table)
{
    close_file(table);
    table->file_index++;
}

/* Take the complete lines out of what was read, and keep the rest for later. */
static void take_lines(struct socket_table *table)
{
    char *line = table->text;

    table->text[table->text_length] = '\0';
    for (char *end; (end = memchr(line, '\n', table->text_length - (size_t)(line - table->text))) != NULL;) {
        *end = '\0';
        add_line(&table->loading, line, table->file_index);
        line = end + 1;
    }
    table->text_length -= (size_t)(line - table->text);
    memmove(table->text, line, table->text_length);
    if (table->text_length == TEXT_SIZE - 1)
        table->text_length = 0; /* no line is that long */
}

/* Read a piece of one of the files. A file that is not there belongs to a protocol that the kernel has not. */
static void load_text(struct socket_table *table, int process_fd)
{
    if (table->fd < 0) {
        char name[32];
        snprintf(name, sizeof(name), "net/%s", socket_files[table->file_index].name);
        table->fd = openat(process_fd, name, O_RDONLY | O_CLOEXEC);
    }
    ssize_t length = -1;
    if (table->fd >= 0)
        length = read(table->fd, table->text + table->text_length, TEXT_SIZE - 1 - table->text_length);
    if (length <= 0) {
        next_file(table);
        return;
    }
    table->text_length += (size_t)length;
    take_lines(table);
}

static void take_inet(void *context, const void *message, size_t length)
{
    struct socket_table *table = context;
    struct socket_record record;

    if (!inet_diag_parse(message, length, &record))
        return;
    record.protocol = (uint8_t)table->file_index;
    add_record(&table->loading, &record);
}

/* Read a piece of what stands in one of the files of TCP, but from sock_diag; false when the kernel does not answer. */
static bool load_inet(struct socket_table *table, int family)
{
    enum sock_diag_part part = SOCK_DIAG_REFUSED;

    if (table->fd < 0)
        table->fd = inet_diag_ask(family);
    if (table->fd >= 0)
        part = sock_diag_read(table->fd, take_inet, table);
    if (part == SOCK_DIAG_LAST)
        next_file(table);
    else if (part == SOCK_DIAG_REFUSED)
        close_file(table);
    return part != SOCK_DIAG_REFUSED;
}

static void take_unix(void *context, const void *message, size_t length)
{
    struct socket_table *table = context;
    struct unix_diag_socket socket;

    if (!unix_diag_parse(message, length, &socket))
        return;
    struct socket_record *record = find_record(&table->loading, socket.inode);
    if (record == NULL)
        return;
    record->peer_inode = socket.peer_inode;
    record->receive_queue_bytes = socket.receive_queue_bytes;
    record->send_queue_bytes = socket.send_queue_bytes;
}

/* Read a piece of the answer about Unix sockets; returns whether it was the last. */
static bool load_unix(struct socket_table *table)
{
    enum sock_diag_part part = SOCK_DIAG_REFUSED;

    if (table->fd < 0)
        table->fd = unix_diag_ask();
    if (table->fd >= 0)
        part = sock_diag_read(table->fd, take_unix, table);
    if (part != SOCK_DIAG_MORE)
        next_file(table);
    return part != SOCK_DIAG_MORE;
}

/* Read a piece of the list whose turn it is, if it is needed; returns whether it was the last piece of all. */
static bool load_piece(struct socket_table *table, int process_fd, bool is_own_namespace)
{
    static const int diag_families[SOCKET_FILES] = {
        [SOCKET_FILE_TCP] = AF_INET, [SOCKET_FILE_TCP6] = AF_INET6};
    uint32_t files = table->loading.files;
    size_t index = table->file_index;

    if (index == SOCKET_FILES)
        return !is_own_namespace || (files >> SOCKET_FILE_UNIX & 1) == 0 || load_unix(table);
    if ((files >> index & 1) == 0)
        next_file(table);
    else if (is_own_namespace && diag_families[index] != 0 && !table->lacks_diag)
        table->lacks_diag = !load_inet(table, diag_families[index]);
    else
        load_text(table, process_fd);
    return false;
}

static void load(struct socket_table *table, int process_fd, bool is_own_namespace, uint64_t deadline_ns)
{
    uint64_t start_ns = clock_thread_cpu_ns();
    uint64_t now_ns = start_ns;
    bool is_done = false;

    if (!table->is_loading)
        begin_loading(table, clock_monotonic_ns());
    while (!is_done && now_ns < deadline_ns) {
        is_done = load_piece(table, process_fd, is_own_namespace);
        now_ns = clock_thread_cpu_ns();
    }
    table->cost_ns += now_ns - start_ns;
    if (is_done)
        finish_loading(table, clock_monotonic_ns());
}

/* Forget the tables that nobody has asked for lately. */
static void forget_old(struct socket_tables *tables, uint64_t now_ns)
{
    size_t kept = 0;

    for (size_t i = 0; i < tables->count; i++) {
        if (files_in_use(tables->tables[i], now_ns) != 0)
            tables->tables[kept++] = tables->tables[i];
        else
            table_free(tables->tables[i]);
    }
    tables->count = kept;
}

static struct socket_table *find_table(struct socket_tables *tables, uint64_t namespace_inode,
                                       uint64_t now_ns)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (tables->tables[i]->namespace_inode == namespace_inode)
            return tables->tables[i];
    }
    forget_old(tables, now_ns);
    if (tables->count == MAX_TABLES)
        return NULL;
    struct socket_table *table = memory_allocate(1, sizeof(*table));
    table->namespace_inode = namespace_inode;
    table->fd = -1;
    table->text = memory_allocate(TEXT_SIZE, 1);
    tables->tables =
        memory_grow(tables->tables, &tables->capacity, tables->count + 1, sizeof(struct socket_table *));
    tables->tables[tables->count++] = table;
    return table;
}

const struct socket_table *socket_tables_find(struct socket_tables *tables, int process_fd, uint32_t files,
                                              uint64_t deadline_ns)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t namespace_inode = find_namespace(process_fd, "ns/net");

    if (namespace_inode == 0)
        return NULL;
    struct socket_table *table = find_table(tables, namespace_inode, now_ns);
    if (table == NULL)
        return NULL;
    for (size_t i = 0; i < SOCKET_FILES; i++) {
        if (files >> i & 1)
            table->used_ns[i] = now_ns;
    }
    if (table->is_loading || now_ns >= table->due_ns || (files & ~table->ready.files) != 0)
        load(table, process_fd, namespace_inode == tables->own_namespace_inode, deadline_ns);
    return table->is_ready && (files & ~table->ready.files) == 0 ? table : NULL;
}

const struct socket_info *socket_table_describe(const struct socket_table *table, uint64_t inode,
                                                struct arena *arena)
{
    const struct socket_record *record = table != NULL ? find_record(&table->ready, inode) : NULL;

    if (record == NULL)
        return NULL;
    const struct socket_record *peer = find_record(&table->ready, record->peer_inode);
    const char *paths = table->ready.paths;
    return socket_describe(record, paths + record->path, peer != NULL ? paths + peer->path : NULL, arena);
}

uint64_t socket_table_peer(const struct socket_table *table, uint64_t inode)
{
    const struct socket_record *record = table != NULL ? find_record(&table->ready, inode) : NULL;

    return record != NULL ? record->peer_inode : 0;
}
