#include "debug_offsets.h"

#include "python/elf_file.h"
#include "python/locate.h"
#include "python/maps.h"
#include "python/version_search.h"

#include <fcntl.h>
#include <gelf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* This test program passes itself off as an interpreter: it has the section that CPython has, and what lies
 * there is filled in by each test. The name that follows is how an interpreter without symbols tells its
 * version. */
enum {
    RUNTIME_BYTES = 4096, /* and whole pages */
    STRUCT_BYTES = 16384,
};

__attribute__((section(".PyRuntime"), used, aligned(4096))) static unsigned char runtime[RUNTIME_BYTES] = {1};
static unsigned char interpreter[STRUCT_BYTES];
static unsigned char thread_state[STRUCT_BYTES];
static struct python_locator *locator;
static const char *volatile version_evidence = "lib/python3.11 python3.11 libpython3.11.so python3.11";

static uint64_t address_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

static void put_u64(unsigned char *bytes, size_t offset, uint64_t value)
{
    memcpy(bytes + offset, &value, sizeof(value));
}

static int forget(void **state)
{
    (void)state;
    assert_non_null(version_evidence);
    python_locator_free(locator);
    locator = python_locator_new();
    memset(runtime, 0, sizeof(runtime));
    memset(interpreter, 0, sizeof(interpreter));
    memset(thread_state, 0, sizeof(thread_state));
    return 0;
}

static enum python_presence locate(struct python_location *location, char message[static 512])
{
    struct error *error = NULL;
    enum python_presence presence = python_locate(locator, getpid(), location, &error);

    message[0] = '\0';
    if (error != NULL)
        snprintf(message, 512, "%s", error_message(error));
    error_free(error);
    return presence;
}

/* Lists as an interpreter of `layout` has them. */
static void make_lists(const struct python_layout *layout)
{
    put_u64(runtime, layout->runtime.interpreters_head, address_of(interpreter));
    put_u64(interpreter, layout->interpreter.threads_head, address_of(thread_state));
    put_u64(thread_state, layout->thread.interpreter, address_of(interpreter));
}

static void interpreter_that_publishes_nothing_is_found_by_its_section(void **state)
{
    struct python_layout layout;
    struct python_location location;
    char message[512];

    (void)state;
    assert_null(layout_from_version(&layout, 0x030b0000));
    make_lists(&layout);
    assert_int_equal(locate(&location, message), PYTHON_FOUND);
    assert_string_equal(location.implementation, "CPython");
    assert_int_equal(location.runtime, address_of(runtime));
    assert_int_equal(location.version, 0x030b0000);
    assert_true(location.has_layout);
    assert_int_equal(location.layout.thread.cframe, layout.thread.cframe);
}

static void interpreter_that_publishes_its_layout_is_found(void **state)
{
    struct python_layout layout;
    struct python_location location;
    char message[512];

    (void)state;
    memcpy(runtime, debug_offsets_3_15, sizeof(debug_offsets_3_15));
    assert_null(layout_from_debug_offsets(&layout, runtime, sizeof(runtime)));
    make_lists(&layout);
    assert_int_equal(locate(&location, message), PYTHON_FOUND);
    assert_int_equal(location.version, 0x030f02f0);
    assert_memory_equal(&location.layout, &layout, sizeof(layout));
}

static void interpreter_without_lists_is_starting(void **state)
{
    struct python_location location;
    char message[512];

    (void)state;
    assert_int_equal(locate(&location, message), PYTHON_STARTING);
    memcpy(runtime, debug_offsets_3_14, sizeof(debug_offsets_3_14));
    assert_int_equal(locate(&location, message), PYTHON_STARTING);
    assert_int_equal(location.version, 0x030e0af0);
}

static void lists_that_contradict_the_layout_are_an_error(void **state)
{
    struct python_layout layout;
    struct python_location location;
    char message[512];

    (void)state;
    memcpy(runtime, debug_offsets_3_13, sizeof(debug_offsets_3_13));
    assert_null(layout_from_debug_offsets(&layout, runtime, sizeof(runtime)));
    make_lists(&layout);
    put_u64(thread_state, layout.thread.interpreter, address_of(runtime));
    assert_int_equal(locate(&location, message), PYTHON_UNREADABLE);
    assert_non_null(strstr(message, "Python 3.13.18"));
    assert_int_equal(location.version, 0x030d12f0);
    put_u64(runtime, layout.runtime.interpreters_head, 12345);
    assert_int_equal(locate(&location, message), PYTHON_UNREADABLE);
}

static void free_threaded_build_is_found(void **state)
{
    struct python_layout layout;
    struct python_location location;
    char message[512];

    (void)state;
    memcpy(runtime, debug_offsets_3_14t, sizeof(debug_offsets_3_14t));
    assert_null(layout_from_debug_offsets(&layout, runtime, sizeof(runtime)));
    make_lists(&layout);
    assert_int_equal(locate(&location, message), PYTHON_FOUND);
    assert_int_equal(location.version, 0x030e07f0);
    assert_true(location.layout.free_threaded);
}

/* A build that says it has no GIL, and publishes what only one with a GIL would. */
static void build_that_contradicts_itself_is_named(void **state)
{
    struct python_location location;
    char message[512];

    (void)state;
    memcpy(runtime, debug_offsets_3_14, sizeof(debug_offsets_3_14));
    put_u64(runtime, 16, 1);
    assert_int_equal(locate(&location, message), PYTHON_UNREADABLE);
    assert_non_null(strstr(message, "Python 3.14"));
    assert_int_equal(location.version, 0x030e0af0);
    assert_false(location.has_layout);
}

static void process_that_has_gone_is_no_error(void **state)
{
    struct python_location location;
    struct error *error;
    int status;

    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, &status, 0);
    assert_int_equal(python_locate(locator, child, &location, &error), PYTHON_GONE);
    assert_null(error);
}

static void program_without_interpreter_is_not_python(void **state)
{
    struct python_location location;
    struct error *error;
    int ready[2];
    int status;
    char byte;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ready[1], STDOUT_FILENO);
        execlp("sh", "sh", "-c", "echo; read line; :", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(python_locate(locator, child, &location, &error), PYTHON_ABSENT);
    assert_null(error);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(ready[0]);
    close(ready[1]);
}

/* ---- while a program is being loaded ---- */

/* Called instead of maps_read(): what a process does before its mappings are read for the second time. */
static void (*before_second_look)(void);
static int looks;

int __real_maps_read(struct maps *maps, pid_t pid);
int __wrap_maps_read(struct maps *maps, pid_t pid);

int __wrap_maps_read(struct maps *maps, pid_t pid)
{
    if (++looks == 2 && before_second_look != NULL)
        before_second_look();
    return __real_maps_read(maps, pid);
}

static int child_input[2];
static int child_output[2];

/* A child whose lists contradict the layout; it has written a byte when it is ready, and executes a shell, which does so
 * too, when it is sent one. */
static pid_t start_child(bool has_constant_variables)
{
    struct python_layout layout;
    char byte;

    memcpy(runtime, debug_offsets_3_13, sizeof(debug_offsets_3_13));
    assert_null(layout_from_debug_offsets(&layout, runtime, sizeof(runtime)));
    put_u64(runtime, layout.runtime.interpreters_head, 12345);
    assert_int_equal(pipe(child_input), 0);
    assert_int_equal(pipe(child_output), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(child_input[0], STDIN_FILENO);
        dup2(child_output[1], STDOUT_FILENO);
        close(child_input[1]);
        if (has_constant_variables && mprotect(runtime, sizeof(runtime), PROT_READ) != 0)
            _exit(127);
        if (write(STDOUT_FILENO, "", 1) == 1 && read(STDIN_FILENO, &byte, 1) == 1)
            execlp("sh", "sh", "-c", "echo; read line; :", (char *)NULL);
        _exit(127);
    }
    assert_int_equal(read(child_output[0], &byte, 1), 1);
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(child_input[i]);
        close(child_output[i]);
    }
}

static void execute_shell(void)
{
    char byte;

    assert_int_equal(write(child_input[1], "", 1), 1);
    assert_int_equal(read(child_output[0], &byte, 1), 1);
}

static void process_that_executes_another_program_meanwhile_is_no_error(void **state)
{
    struct python_location location;
    struct error *error;

    (void)state;
    pid_t child = start_child(false);
    before_second_look = execute_shell;
    looks = 0;
    assert_int_equal(python_locate(locator, child, &location, &error), PYTHON_ABSENT);
    before_second_look = NULL;
    assert_null(error);
    assert_null(location.implementation);
    end_child(child);
}

static void interpreter_whose_variables_are_not_mapped_yet_is_starting(void **state)
{
    struct python_location location;
    struct error *error;

    (void)state;
    if (sysconf(_SC_PAGESIZE) > RUNTIME_BYTES)
        skip();
    pid_t child = start_child(true);
    assert_int_equal(python_locate(locator, child, &location, &error), PYTHON_STARTING);
    error_free(error);
    end_child(child);
}

/* ---- files that anybody may have made ---- */

static char *read_self(size_t *size)
{
    struct stat status;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    assert_int_equal(fstat(fd, &status), 0);
    char *bytes = malloc((size_t)status.st_size);
    *size = (size_t)status.st_size;
    assert_int_equal(read(fd, bytes, *size), *size);
    close(fd);
    return bytes;
}

static void examine_bytes(struct elf_interpreter *found, const char *bytes, size_t size)
{
    int fd = memfd_create("elf", MFD_CLOEXEC);

    assert_int_equal(write(fd, bytes, size), size);
    elf_file_examine(found, fd, size);
    close(fd);
}

static void own_file_holds_an_interpreter(void **state)
{
    struct elf_interpreter found;
    size_t size;
    char *bytes = read_self(&size);

    (void)state;
    examine_bytes(&found, bytes, size);
    assert_string_equal(found.implementation, "CPython");
    assert_int_equal(found.version, 0x030b0000);
    assert_true(found.runtime != 0);
    assert_in_range(found.segment_count, 2, ELF_MAX_SEGMENTS);
    free(bytes);
}

/* A file with one symbol, Py_GetVersion, made for a machine of this word size and byte order. */
static void examine_made_for(struct elf_interpreter *found, int class, unsigned char byte_order)
{
    static char names[] = "\0Py_GetVersion";
    int fd = memfd_create("elf", MFD_CLOEXEC);
    Elf *elf = elf_version(EV_CURRENT) != EV_NONE ? elf_begin(fd, ELF_C_WRITE, NULL) : NULL;
    GElf_Ehdr header;
    GElf_Shdr section_header;

    assert_non_null(elf);
    assert_non_null(gelf_newehdr(elf, class));
    assert_non_null(gelf_getehdr(elf, &header));
    header.e_ident[EI_DATA] = byte_order;
    header.e_type = ET_EXEC;
    header.e_version = EV_CURRENT;
    assert_int_equal(gelf_update_ehdr(elf, &header), 1);

    Elf_Scn *symbols = elf_newscn(elf);
    Elf_Scn *strings = elf_newscn(elf);
    Elf_Data *symbol_data = elf_newdata(symbols);
    Elf_Data *string_data = elf_newdata(strings);
    GElf_Sym symbol = {.st_name = 1, .st_shndx = 1, .st_value = 0x1000};
    char room[2 * sizeof(Elf64_Sym)] = {0};
    symbol_data->d_buf = room;
    symbol_data->d_size = gelf_fsize(elf, ELF_T_SYM, 2, EV_CURRENT);
    symbol_data->d_type = ELF_T_SYM;
    symbol_data->d_align = 8;
    assert_int_equal(gelf_update_sym(symbol_data, 1, &symbol), 1);
    string_data->d_buf = names;
    string_data->d_size = sizeof(names);
    string_data->d_align = 1;
    assert_non_null(gelf_getshdr(symbols, &section_header));
    section_header.sh_type = SHT_SYMTAB;
    section_header.sh_link = (GElf_Word)elf_ndxscn(strings);
    assert_int_equal(gelf_update_shdr(symbols, &section_header), 1);
    assert_non_null(gelf_getshdr(strings, &section_header));
    section_header.sh_type = SHT_STRTAB;
    assert_int_equal(gelf_update_shdr(strings, &section_header), 1);
    assert_true(elf_update(elf, ELF_C_WRITE) > 0);
    elf_end(elf);
    elf_file_examine(found, fd, (uint64_t)lseek(fd, 0, SEEK_END));
    close(fd);
}

static void file_for_another_machine_says_which(void **state)
{
    static const struct {
        int class;
        unsigned char byte_order;
        bool has_small_words;
        bool has_other_byte_order;
    } cases[] = {
        {ELFCLASS64, ELFDATA2LSB, false, false},
        {ELFCLASS32, ELFDATA2LSB, true, false},
        {ELFCLASS64, ELFDATA2MSB, false, true},
        {ELFCLASS32, ELFDATA2MSB, true, true},
    };
    struct elf_interpreter found;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        examine_made_for(&found, cases[i].class, cases[i].byte_order);
        assert_string_equal(found.implementation, "CPython");
        assert_int_equal(found.has_small_words, cases[i].has_small_words);
        assert_int_equal(found.has_other_byte_order, cases[i].has_other_byte_order);
    }
}

static void what_is_no_elf_file_holds_none(void **state)
{
    static const char *const texts[] = {
        "", "\177ELF", "#!/usr/bin/python3.11\n_PyRuntime",
        "0123456789012345678901234567890123456789012345678901234567890123456789"};
    struct elf_interpreter found;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        examine_bytes(&found, texts[i], strlen(texts[i]));
        assert_null(found.implementation);
    }
}

static void file_that_is_cut_does_no_harm(void **state)
{
    struct elf_interpreter found;
    size_t size;
    char *bytes = read_self(&size);

    (void)state;
    for (size_t length = 0; length < size; length += size / 100 + 1)
        examine_bytes(&found, bytes, length);
    free(bytes);
}

/* Change the headers, the section headers and the symbol tables in every way that chance finds. */
static void spoiled_file_does_no_harm(void **state)
{
    struct elf_interpreter found;
    size_t size;
    char *bytes = read_self(&size);
    char *spoiled = malloc(size);
    uint64_t seed = 42;
    uint64_t section_headers;

    (void)state;
    memcpy(&section_headers, bytes + 40, sizeof(section_headers));
    for (int round = 0; round < 600; round++) {
        const size_t starts[] = {16, 64, (size_t)section_headers, 0};
        const size_t lengths[] = {48, 700, size - (size_t)section_headers, size};
        memcpy(spoiled, bytes, size);
        for (int change = 0; change < 1 + round % 20; change++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
            size_t area = (size_t)(seed >> 60) % 4;
            size_t place = starts[area] + (size_t)(seed >> 20) % lengths[area];
            spoiled[place] = (char)(seed % 3 == 0 ? 0xff : seed >> 52);
        }
        memcpy(spoiled,
               "\x7f"
               "ELF",
               4);
        examine_bytes(&found, spoiled, size);
        assert_in_range(found.segment_count, 0, ELF_MAX_SEGMENTS);
    }
    free(spoiled);
    free(bytes);
}

static void version_is_the_one_that_is_named_most(void **state)
{
    static const char text[] =
        "python2.4\0lib/python2.7\0libpython2.7.so.1.0\0python3\0python9.9\0python3.999";
    struct version_search search = {0};

    (void)state;
    assert_int_equal(version_search_result(&search), 0);
    version_search_piece(&search, text, sizeof(text));
    assert_int_equal(version_search_result(&search), 0x02070000);
}

/* As in the frozen modules of an interpreter that is linked into its program. This file itself must not have the
 * tag in it, because other tests take it for an interpreter. */
static void version_of_the_tag_counts_more_than_those_in_texts(void **state)
{
    char text[] = "/usr/local/lib/python2.5/site-packages/foo lib/python2.5\0"
                  "cpython~311\0cpython~\0cpython~399";
    struct version_search search = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = text[i] == '~' ? '-' : text[i];
    version_search_piece(&search, text, sizeof(text));
    assert_int_equal(version_search_result(&search), 0x030b0000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(interpreter_that_publishes_nothing_is_found_by_its_section, forget),
        cmocka_unit_test_setup(interpreter_that_publishes_its_layout_is_found, forget),
        cmocka_unit_test_setup(interpreter_without_lists_is_starting, forget),
        cmocka_unit_test_setup(lists_that_contradict_the_layout_are_an_error, forget),
        cmocka_unit_test_setup(free_threaded_build_is_found, forget),
        cmocka_unit_test_setup(build_that_contradicts_itself_is_named, forget),
        cmocka_unit_test(process_that_has_gone_is_no_error),
        cmocka_unit_test(program_without_interpreter_is_not_python),
        cmocka_unit_test_setup(process_that_executes_another_program_meanwhile_is_no_error, forget),
        cmocka_unit_test_setup(interpreter_whose_variables_are_not_mapped_yet_is_starting, forget),
        cmocka_unit_test(own_file_holds_an_interpreter),
        cmocka_unit_test(file_for_another_machine_says_which),
        cmocka_unit_test(what_is_no_elf_file_holds_none),
        cmocka_unit_test(file_that_is_cut_does_no_harm),
        cmocka_unit_test(spoiled_file_does_no_harm),
        cmocka_unit_test(version_is_the_one_that_is_named_most),
        cmocka_unit_test(version_of_the_tag_counts_more_than_those_in_texts),
    };
    locator = python_locator_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    python_locator_free(locator);
    return failed;
}
