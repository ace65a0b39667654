#include "python/elf_file.h"

#include "base/memory.h"
#include "python/elf_dynamic.h"
#include "python/elf_hash.h"
#include "python/layout.h"
#include "python/memory.h"
#include "python/version_search.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Larger files are no interpreters, larger tables are nobody's symbols. */
enum {
    MAX_FILE_BYTES = INT_MAX,
    MAX_TABLE_BYTES = 64 << 20,
    MAX_PROGRAM_HEADERS = 256,
    MAX_SECTIONS = 4096,
};

static const char runtime_section[] = ".PyRuntime";

/* The first bytes of _PyRuntime from 3.13 on (Include/internal/pycore_debug_offsets.h). */
static const char debug_cookie[8] = {'x', 'd', 'e', 'b', 'u', 'g', 'p', 'y'};

/* Symbols that tell what a file is, and where. */
struct findings {
    uint64_t runtime;        /* _PyRuntime: CPython from 3.7 on */
    uint64_t version_number; /* Py_Version: CPython from 3.11 on */
    uint64_t version_text;   /* Py_GetVersion(): any CPython */
    uint64_t pypy;
    struct elf_variables variables; /* CPython before 3.7; most of them are in the full symbol table only */
};

static const struct {
    const char *name;
    size_t finding;
} telling_symbols[] = {
    {"_PyRuntime", offsetof(struct findings, runtime)},
    {"Py_Version", offsetof(struct findings, version_number)},
    {"Py_GetVersion", offsetof(struct findings, version_text)},
    {"pypy_execute_source", offsetof(struct findings, pypy)},
    {"interp_head", offsetof(struct findings, variables.interpreters_head)},
    {"_PyThreadState_Current", offsetof(struct findings, variables.current_thread)},
    {"_Py_Finalizing", offsetof(struct findings, variables.finalizing)},
    {"gil_mutex", offsetof(struct findings, variables.gil)},
    {"interpreter_lock", offsetof(struct findings, variables.gil_pointer)},
    {"collecting", offsetof(struct findings, variables.collecting)},
};

static void set_finding(struct findings *findings, size_t symbol, uint64_t address)
{
    memcpy((unsigned char *)findings + telling_symbols[symbol].finding, &address, sizeof(address));
}

static void note_symbol(struct findings *findings, const char *name, size_t room, uint64_t address)
{
    for (size_t i = 0; i < sizeof(telling_symbols) / sizeof(telling_symbols[0]); i++) {
        size_t size = strlen(telling_symbols[i].name) + 1;
        if (size <= room && memcmp(name, telling_symbols[i].name, size) == 0)
            set_finding(findings, i, address);
    }
}

static Elf_Data *section_data(Elf_Scn *section)
{
    GElf_Shdr header;

    if (section == NULL || gelf_getshdr(section, &header) == NULL || header.sh_type == SHT_NOBITS ||
        header.sh_size > MAX_TABLE_BYTES)
        return NULL;
    Elf_Data *data = elf_getdata(section, NULL);
    return data != NULL && data->d_buf != NULL ? data : NULL;
}

/* Look through a symbol table for symbols that are defined in this file. */
static void search_symbols(struct findings *findings, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
    Elf_Data *symbols = section_data(section);
    Elf_Data *names = section_data(elf_getscn(elf, header->sh_link));
    size_t symbol_size = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);

    if (symbols == NULL || names == NULL || symbol_size == 0)
        return;
    size_t count = symbols->d_size / symbol_size;
    for (size_t i = 0; i < count && i < INT_MAX; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(symbols, (int)i, &symbol) == NULL)
            return;
        if (symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 && symbol.st_name < names->d_size)
            note_symbol(findings, (const char *)names->d_buf + symbol.st_name, names->d_size - symbol.st_name,
                        symbol.st_value);
    }
}

/* The first section of a type, or NULL. */
static Elf_Scn *find_section(Elf *elf, size_t section_count, GElf_Word type, GElf_Shdr *header)
{
    for (size_t i = 1; i < section_count; i++) {
        Elf_Scn *section = elf_getscn(elf, i);
        if (section != NULL && gelf_getshdr(section, header) != NULL && header->sh_type == type)
            return section;
    }
    return NULL;
}

/* The address of the section that holds nothing but _PyRuntime (from 3.10 on), or 0. */
static uint64_t find_runtime_section(Elf *elf, size_t section_count)
{
    size_t name_section;
    GElf_Shdr header;

    if (elf_getshdrstrndx(elf, &name_section) != 0)
        return 0;
    Elf_Data *names = section_data(elf_getscn(elf, name_section));
    for (size_t i = 1; names != NULL && i < section_count; i++) {
        Elf_Scn *section = elf_getscn(elf, i);
        if (section != NULL && gelf_getshdr(section, &header) != NULL &&
            header.sh_name + sizeof(runtime_section) <= names->d_size &&
            memcmp((const char *)names->d_buf + header.sh_name, runtime_section, sizeof(runtime_section)) ==
                0)
            return header.sh_addr;
    }
    return 0;
}

static void look_up_symbols(struct findings *findings, const struct elf_hash *hash)
{
    for (size_t i = 0; i < sizeof(telling_symbols) / sizeof(telling_symbols[0]); i++) {
        uint64_t address;
        if (elf_hash_find(hash, telling_symbols[i].name, &address))
            set_finding(findings, i, address);
    }
}

/* Look the symbols up by the hash table that a 64-bit file has for the dynamic loader. */
static bool search_hash(struct findings *findings, Elf *elf, size_t section_count, int fd)
{
    struct elf_hash hash = {.fd = fd};

    if (gelf_getclass(elf) != ELFCLASS64 ||
        find_section(elf, section_count, SHT_GNU_HASH, &hash.table) == NULL ||
        find_section(elf, section_count, SHT_DYNSYM, &hash.symbols) == NULL ||
        gelf_getshdr(elf_getscn(elf, hash.symbols.sh_link), &hash.names) == NULL)
        return false;
    look_up_symbols(findings, &hash);
    return true;
}

/* An interpreter exports its symbols to extension modules. Where nothing at all is exported, it may be linked
 * statically, and the full symbol table tells. */
static void search_sections(struct findings *findings, Elf *elf, size_t section_count, int fd)
{
    GElf_Shdr header;

    if (!search_hash(findings, elf, section_count, fd)) {
        Elf_Scn *section = find_section(elf, section_count, SHT_DYNSYM, &header);
        if (section == NULL)
            section = find_section(elf, section_count, SHT_SYMTAB, &header);
        if (section != NULL)
            search_symbols(findings, elf, section, &header);
    }
    if (findings->runtime == 0)
        findings->runtime = find_runtime_section(elf, section_count);
    if (findings->runtime == 0 && findings->variables.current_thread != 0) {
        Elf_Scn *section = find_section(elf, section_count, SHT_SYMTAB, &header);
        if (section != NULL)
            search_symbols(findings, elf, section, &header);
    }
}

static void read_segments(struct elf_interpreter *interpreter, Elf *elf)
{
    size_t count;
    GElf_Phdr header;

    if (elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count && i < MAX_PROGRAM_HEADERS; i++) {
        if (gelf_getphdr(elf, (int)i, &header) == NULL)
            return;
        if (header.p_type != PT_LOAD || interpreter->segment_count == ELF_MAX_SEGMENTS)
            continue;
        interpreter->segments[interpreter->segment_count++] = (struct elf_segment){
            .offset = header.p_offset,
            .address = header.p_vaddr,
            .file_size = header.p_filesz,
            .memory_size = header.p_memsz,
            .writable = (header.p_flags & PF_W) != 0,
            .executable = (header.p_flags & PF_X) != 0,
        };
    }
}

/* Read from the file what lies at an address; false when that is not in the file. */
static bool read_at_address(const struct elf_interpreter *interpreter, int fd, uint64_t address, void *buffer,
                            size_t size)
{
    for (size_t i = 0; i < interpreter->segment_count; i++) {
        const struct elf_segment *segment = &interpreter->segments[i];
        uint64_t distance = address - segment->address;
        if (address >= segment->address && distance < segment->file_size &&
            segment->file_size - distance >= size && segment->offset <= INT64_MAX - distance)
            return pread(fd, buffer, size, (off_t)(segment->offset + distance)) == (ssize_t)size;
    }
    return false;
}

/* ---- files without the symbols that tell ---- */

enum {
    PIECE_BYTES = 1 << 20,
    MAX_SEARCH_BYTES = 64 << 20, /* of all segments */
};

/* Called for each piece of a segment in turn; the last VERSION_SEARCH_OVERLAP bytes of one are the first of
 * the next. Returns false to end the search. */
typedef bool take_piece(void *state, uint64_t address, const char *bytes, size_t length);

static void search_segment(const struct elf_segment *segment, int fd, uint64_t *left, take_piece *take,
                           void *state)
{
    uint64_t size = segment->offset <= MAX_FILE_BYTES ? segment->file_size : 0;

    if (size > *left)
        size = *left;
    *left -= size;
    if (size == 0)
        return;
    char *piece = memory_allocate(size < PIECE_BYTES ? (size_t)size : PIECE_BYTES, 1);
    for (uint64_t position = 0; position < size; position += PIECE_BYTES - VERSION_SEARCH_OVERLAP) {
        size_t wanted = size - position < PIECE_BYTES ? (size_t)(size - position) : PIECE_BYTES;
        ssize_t received = pread(fd, piece, wanted, (off_t)(segment->offset + position));
        if (received <= 0 || !take(state, segment->address + position, piece, (size_t)received))
            break;
    }
    free(piece);
}

static bool take_version_piece(void *state, uint64_t address, const char *bytes, size_t length)
{
    (void)address;
    version_search_piece(state, bytes, length);
    return true;
}

static uint32_t search_version(const struct elf_interpreter *interpreter, int fd)
{
    struct version_search search = {0};
    uint64_t left = MAX_SEARCH_BYTES;

    for (size_t i = 0; i < interpreter->segment_count; i++)
        search_segment(&interpreter->segments[i], fd, &left, take_version_piece, &search);
    return version_search_result(&search);
}

/* _PyRuntime starts with the cookie, on a multiple of 8, and a version after it. */
static bool take_cookie_piece(void *state, uint64_t address, const char *bytes, size_t length)
{
    uint64_t *runtime = state;
    const char *found = bytes;

    while ((found = memmem(found, length - (size_t)(found - bytes), debug_cookie, sizeof(debug_cookie))) !=
           NULL) {
        uint64_t place = address + (uint64_t)(found - bytes);
        size_t rest = length - (size_t)(found - bytes);
        if (place % 8 == 0 && rest >= 16 && memory_get_u64(found, 8) >> 24 == 3) {
            *runtime = place;
            return false;
        }
        found++;
    }
    return true;
}

static uint64_t search_cookie(const struct elf_interpreter *interpreter, int fd)
{
    uint64_t runtime = 0;
    uint64_t left = MAX_SEARCH_BYTES;

    for (size_t i = 0; i < interpreter->segment_count && runtime == 0; i++) {
        if (interpreter->segments[i].writable)
            search_segment(&interpreter->segments[i], fd, &left, take_cookie_piece, &runtime);
    }
    return runtime;
}

/* A file without section headers: what the dynamic loader uses is there still, and else what lies in the file. */
static void search_segments(struct findings *findings, struct elf_interpreter *interpreter, Elf *elf, int fd)
{
    struct elf_hash hash = {.fd = fd};

    if (gelf_getclass(elf) != ELFCLASS64)
        return;
    if (elf_dynamic_find(&hash, elf, interpreter))
        look_up_symbols(findings, &hash);
    if (findings->runtime == 0)
        findings->runtime = search_cookie(interpreter, fd);
    interpreter->is_guess = findings->runtime == 0 && findings->version_text == 0 && findings->pypy == 0;
}

static void conclude(struct elf_interpreter *interpreter, const struct findings *findings, int fd)
{
    interpreter->runtime = findings->runtime;
    interpreter->variables = findings->variables;
    if (findings->pypy != 0)
        interpreter->implementation = "PyPy";
    else if (findings->runtime != 0 || findings->version_text != 0)
        interpreter->implementation = "CPython";
    if ((interpreter->implementation == NULL && !interpreter->is_guess) || findings->pypy != 0)
        return;

    uint64_t number;
    if (findings->version_number != 0 &&
        read_at_address(interpreter, fd, findings->version_number, &number, sizeof(number)) &&
        number >> 24 == 3)
        interpreter->version = (uint32_t)number;
    else
        interpreter->version = search_version(interpreter, fd);
    if (interpreter->is_guess && layout_version_is_exact(interpreter->version))
        interpreter->implementation = "CPython";
}

/* Whether libelf may have a look: it takes the number of sections of a file with "extended numbering" as the
 * file gives it, and no interpreter has that many. */
static bool is_ordinary(int fd, struct elf_interpreter *interpreter)
{
    static const unsigned char native_order =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    union {
        unsigned char identity[EI_NIDENT];
        Elf32_Ehdr small;
        Elf64_Ehdr large;
    } header;

    if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        memcmp(header.identity, ELFMAG, SELFMAG) != 0)
        return false;
    bool is_small = header.identity[EI_CLASS] == ELFCLASS32;
    interpreter->has_small_words = is_small;
    interpreter->has_other_byte_order = header.identity[EI_DATA] != native_order;
    return is_small ? header.small.e_shnum != 0 || header.small.e_shoff == 0
                    : header.large.e_shnum != 0 || header.large.e_shoff == 0;
}

void elf_file_examine(struct elf_interpreter *interpreter, int fd, uint64_t size)
{
    struct findings findings = {0};
    size_t section_count = 0;

    *interpreter = (struct elf_interpreter){0};
    if (size > MAX_FILE_BYTES || !is_ordinary(fd, interpreter) || elf_version(EV_CURRENT) == EV_NONE)
        return;
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    if (elf == NULL)
        return;
    if (elf_kind(elf) == ELF_K_ELF) {
        read_segments(interpreter, elf);
        if (elf_getshdrnum(elf, &section_count) == 0 && section_count <= MAX_SECTIONS)
            search_sections(&findings, elf, section_count, fd);
        if (section_count == 0)
            search_segments(&findings, interpreter, elf, fd);
        conclude(interpreter, &findings, fd);
    }
    elf_end(elf);
}
