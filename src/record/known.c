#include "record/known.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIGURES = 6, /* of a process in a row of process_tick */
};

struct known_thread {
    pid_t tid;
    uint32_t id;
    uint32_t name; /* 0: none */
    uint64_t tick; /* that it was seen in last */
};

struct known_open_file {
    int fd;
    uint32_t id;
    uint64_t facts; /* a hash of what the file is */
    uint64_t tick;  /* that it was seen in last */
};

struct known_process {
    pid_t pid;
    uint32_t id;
    uint64_t facts; /* a hash of what the process is */
    bool has_figures;
    int64_t figures[FIGURES]; /* as the last row says; UNKNOWN_COUNT */
    struct known_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    size_t thread_found;           /* where the last search ended: counters of one thread come together */
    struct known_open_file *files; /* by fd */
    size_t file_count;
};

static sqlite3_stmt *statement_of(const struct known *known, size_t index)
{
    return database_statement(known->names->database, index);
}

static void run(const struct known *known, sqlite3_stmt *statement)
{
    database_step(known->names->database, statement);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return text != NULL ? hash_bytes(text, strlen(text), hash) : hash_u64(hash + 1);
}

/* ---- processes ---- */

static uint64_t process_facts(const struct process *process)
{
    const struct python_info *python = process->python;
    uint64_t hash = hash_u64(process->start_ticks);

    hash = hash_u64(hash ^ (uint64_t)process->parent_pid);
    hash = hash_u64(hash ^ process->uid);
    hash = hash_u64(hash ^ (process->is_python ? 1U : 0) ^ (process->selected ? 2U : 0));
    hash = hash_text(hash, process->user);
    hash = hash_text(hash, process->name);
    hash = hash_text(hash, process->command);
    if (python == NULL)
        return hash;
    hash = hash_text(hash, python->implementation);
    hash = hash_text(hash, python->version);
    return hash_u64(hash ^ (python->free_threaded ? 1U : 0));
}

static void bind_name(const struct known *known, sqlite3_stmt *statement, int parameter, const char *text)
{
    if (text != NULL)
        sqlite3_bind_int64(statement, parameter, names_text(known->names, text));
}

static void insert_process(const struct known *known, uint32_t id, const struct process *process)
{
    sqlite3_stmt *statement = statement_of(known, KNOWN_INSERT_PROCESS);
    const struct python_info *python = process->python;

    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, process->pid);
    sqlite3_bind_int64(statement, 3, (int64_t)process->start_ticks);
    sqlite3_bind_int64(statement, 4, process->start_time_ns);
    sqlite3_bind_int64(statement, 5, process->parent_pid);
    sqlite3_bind_int64(statement, 6, process->uid);
    bind_name(known, statement, 7, process->user);
    bind_name(known, statement, 8, process->name);
    bind_name(known, statement, 9, process->command);
    if (python != NULL) {
        bind_name(known, statement, 10, python->implementation);
        bind_name(known, statement, 11, python->version);
        sqlite3_bind_int(statement, 12, python->free_threaded);
    }
    sqlite3_bind_int(statement, 13, process->is_python);
    sqlite3_bind_int(statement, 14, process->selected);
    run(known, statement);
}

static void write_figures(const struct known *known, const struct known_process *process, bool gone)
{
    sqlite3_stmt *statement = statement_of(known, KNOWN_INSERT_PROCESS_TICK);

    sqlite3_bind_int64(statement, 1, process->id);
    sqlite3_bind_int64(statement, 2, (int64_t)known->tick);
    for (int i = 0; !gone && i < FIGURES; i++)
        database_bind_count(statement, 3 + i, process->figures[i]);
    if (gone)
        sqlite3_bind_int(statement, 3 + FIGURES, 1);
    run(known, statement);
}

static int64_t whole(double real, double scale)
{
    return real_is_known(real) && real >= 0 && real < 9e15 ? (int64_t)(real * scale + 0.5) : UNKNOWN_COUNT;
}

static void note_figures(const struct known *known, struct known_process *process, const struct process *now)
{
    const int64_t figures[FIGURES] = {
        whole(now->cpu_percent, 100),          now->resident_bytes, whole(now->read_bytes_per_second, 1),
        whole(now->write_bytes_per_second, 1), now->thread_count,   now->open_file_count,
    };

    if (process->has_figures && memcmp(figures, process->figures, sizeof(figures)) == 0)
        return;
    memcpy(process->figures, figures, sizeof(figures));
    process->has_figures = true;
    write_figures(known, process, false);
}

/* ---- threads ---- */

/* Of a thread in the table of names. */
static uint64_t thread_key(const struct known_process *process, pid_t tid)
{
    return (uint64_t)process->id << 32 | (uint32_t)tid;
}

static struct known_thread *find_thread(struct known *known, struct known_process *process, pid_t tid)
{
    for (size_t i = 0; i < process->thread_count; i++) {
        size_t place = (process->thread_found + i) % process->thread_count;
        if (process->threads[place].tid == tid) {
            process->thread_found = place;
            process->threads[place].tick = known->tick;
            name_table_use(&known->threads, thread_key(process, tid), known->tick, NULL);
            return &process->threads[place];
        }
    }
    process->threads = memory_grow(process->threads, &process->thread_capacity, process->thread_count + 1,
                                   sizeof(*process->threads));
    struct known_thread *added = &process->threads[process->thread_count++];
    *added =
        (struct known_thread){.tid = tid,
                              .id = name_table_add(&known->threads, thread_key(process, tid), known->tick),
                              .tick = known->tick};
    sqlite3_stmt *statement = statement_of(known, KNOWN_INSERT_THREAD);
    sqlite3_bind_int64(statement, 1, added->id);
    sqlite3_bind_int64(statement, 2, process->id);
    sqlite3_bind_int64(statement, 3, tid);
    run(known, statement);
    return added;
}

/* Forget the threads that were not in the last tick: a program may start and end any number of them. */
static void drop_old_threads(const struct known *known, struct known_process *process)
{
    size_t kept = 0;

    for (size_t i = 0; i < process->thread_count; i++) {
        if (process->threads[i].tick + 1 >= known->tick)
            process->threads[kept++] = process->threads[i];
    }
    process->thread_count = kept;
    process->thread_found = 0;
}

static void name_threads(struct known *known, struct known_process *process, const struct process *now)
{
    for (size_t i = 0; i < now->thread_detail_count; i++) {
        const char *name = now->threads[i].name;
        struct known_thread *thread = find_thread(known, process, now->threads[i].tid);
        uint32_t id = name != NULL ? names_text(known->names, name) : 0;
        if (id == 0 || id == thread->name)
            continue;
        thread->name = id;
        sqlite3_stmt *statement = statement_of(known, KNOWN_NAME_THREAD);
        sqlite3_bind_int64(statement, 1, thread->id);
        sqlite3_bind_int64(statement, 2, id);
        run(known, statement);
    }
}

/* ---- open files ---- */

static uint64_t file_facts(const struct open_file *file)
{
    const struct socket_info *socket = file->socket;
    uint64_t hash = hash_u64((uint64_t)file->kind << 8 | (uint64_t)file->access << 1 | file->deleted);

    hash = hash_text(hash, file->path);
    hash = hash_text(hash, file->peer);
    if (socket == NULL)
        return hash;
    hash = hash_text(hash, socket->protocol);
    hash = hash_text(hash, socket->state);
    hash = hash_text(hash, socket->local);
    return hash_text(hash, socket->remote);
}

static void insert_file(struct known *known, const struct known_process *process, uint32_t id,
                        const struct open_file *file)
{
    sqlite3_stmt *statement = statement_of(known, KNOWN_INSERT_OPEN_FILE);
    const struct socket_info *socket = file->socket;

    sqlite3_bind_int64(statement, 1, id);
    sqlite3_bind_int64(statement, 2, process->id);
    sqlite3_bind_int(statement, 3, file->fd);
    sqlite3_bind_int64(statement, 4, file->kind);
    sqlite3_bind_int64(statement, 5, file->access);
    database_bind_text(statement, 6, file->path);
    database_bind_text(statement, 7, file->peer);
    sqlite3_bind_int(statement, 8, file->deleted);
    if (socket != NULL) {
        database_bind_text(statement, 9, socket->protocol);
        database_bind_text(statement, 10, socket->state);
        database_bind_text(statement, 11, socket->local);
        database_bind_text(statement, 12, socket->remote);
    }
    sqlite3_bind_int64(statement, 13, (int64_t)known->tick);
    run(known, statement);
}

static void end_file(const struct known *known, const struct known_open_file *file)
{
    sqlite3_stmt *statement = statement_of(known, KNOWN_END_OPEN_FILE);

    sqlite3_bind_int64(statement, 1, file->id);
    sqlite3_bind_int64(statement, 2, (int64_t)file->tick);
    run(known, statement);
}

static int compare_fd(const void *left, const void *right)
{
    int a = ((const struct known_open_file *)left)->fd;
    int b = ((const struct known_open_file *)right)->fd;

    return (a > b) - (a < b);
}

static struct known_open_file *find_file(const struct known_process *process, int fd)
{
    const struct known_open_file key = {.fd = fd};

    if (process->file_count == 0)
        return NULL;
    return bsearch(&key, process->files, process->file_count, sizeof(*process->files), compare_fd);
}

/* The files of this tick replace those of the last one: what is open as it was keeps its id. */
static void note_files(struct known *known, struct known_process *process, const struct process *now)
{
    if (!now->open_files_listed)
        return;
    size_t count = now->open_file_detail_count;
    struct known_open_file *files = memory_allocate(count + 1, sizeof(*files));
    for (size_t i = 0; i < count; i++) {
        const struct open_file *file = &now->open_files[i];
        struct known_open_file *same = find_file(process, file->fd);
        files[i] = (struct known_open_file){.fd = file->fd, .facts = file_facts(file), .tick = known->tick};
        if (same != NULL && same->facts == files[i].facts) {
            same->tick = known->tick;
            files[i].id = same->id;
            continue;
        }
        files[i].id = ++known->open_file_count;
        insert_file(known, process, files[i].id, file);
    }
    for (size_t i = 0; i < process->file_count; i++) {
        if (process->files[i].tick != known->tick)
            end_file(known, &process->files[i]);
    }
    free(process->files);
    process->files = files;
    process->file_count = count;
}

/* ---- a tick ---- */

static void release(struct known_process *process)
{
    free(process->threads);
    free(process->files);
}

static void end_process(const struct known *known, struct known_process *process)
{
    write_figures(known, process, true);
    for (size_t i = 0; i < process->file_count; i++)
        end_file(known, &process->files[i]);
    release(process);
}

static struct known_process begin_process(struct known *known, const struct process *process)
{
    struct known_process begun = {
        .pid = process->pid,
        .id = ++known->process_count,
        .facts = process_facts(process),
    };

    insert_process(known, begun.id, process);
    return begun;
}

void known_begin_tick(struct known *known, const struct tick *tick, uint64_t sequence)
{
    struct known_process *processes = memory_allocate(tick->process_count + 1, sizeof(*processes));
    size_t old = 0;

    known->tick = sequence;
    names_begin_tick(known->names, sequence);
    if (!known->names->are_dropped && sequence >= 2)
        name_table_forget(&known->threads, sequence - 2);
    for (size_t i = 0; i < tick->process_count; i++) {
        const struct process *now = &tick->processes[i];
        while (old < known->count && known->processes[old].pid < now->pid)
            end_process(known, &known->processes[old++]);
        bool was_here = old < known->count && known->processes[old].pid == now->pid;
        if (was_here && known->processes[old].facts == process_facts(now)) {
            processes[i] = known->processes[old++];
        } else {
            if (was_here)
                end_process(known, &known->processes[old++]);
            processes[i] = begin_process(known, now);
        }
        note_figures(known, &processes[i], now);
        drop_old_threads(known, &processes[i]);
        name_threads(known, &processes[i], now);
        note_files(known, &processes[i], now);
    }
    while (old < known->count)
        end_process(known, &known->processes[old++]);
    free(known->processes);
    known->processes = processes;
    known->count = tick->process_count;
}

static int compare_pid(const void *left, const void *right)
{
    pid_t a = ((const struct known_process *)left)->pid;
    pid_t b = ((const struct known_process *)right)->pid;

    return (a > b) - (a < b);
}

static struct known_process *find_process(const struct known *known, pid_t pid)
{
    const struct known_process key = {.pid = pid};

    if (known->count == 0)
        return NULL;
    return bsearch(&key, known->processes, known->count, sizeof(*known->processes), compare_pid);
}

uint32_t known_process_id(const struct known *known, pid_t pid)
{
    const struct known_process *process = find_process(known, pid);

    return process != NULL ? process->id : 0;
}

uint32_t known_open_file_id(const struct known *known, pid_t pid, int fd)
{
    const struct known_process *process = find_process(known, pid);
    const struct known_open_file *file = process != NULL ? find_file(process, fd) : NULL;

    return file != NULL ? file->id : 0;
}

uint32_t known_thread_id(struct known *known, pid_t pid, pid_t tid)
{
    struct known_process *process = find_process(known, pid);

    return process != NULL ? find_thread(known, process, tid)->id : 0;
}

void known_drop(struct known *known, uint64_t last)
{
    name_table_drop(&known->threads, last, known->names->database, KNOWN_DROP_THREAD);
}

void known_free(struct known *known)
{
    name_table_free(&known->threads);
    for (size_t i = 0; i < known->count; i++)
        release(&known->processes[i]);
    free(known->processes);
}
