#include "python/elf_dynamic.h"

#include <elf.h>
#include <unistd.h>

enum {
    MAX_PROGRAM_HEADERS = 256,
    MAX_ENTRIES = 256,
};

static bool find_dynamic_segment(Elf *elf, GElf_Phdr *header)
{
    size_t count;

    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count && i < MAX_PROGRAM_HEADERS; i++) {
        if (gelf_getphdr(elf, (int)i, header) != NULL && header->p_type == PT_DYNAMIC)
            return true;
    }
    return false;
}

/* Where in the file lies what is loaded at an address, and how much of the file may belong to it. */
static GElf_Shdr find_in_file(const struct elf_interpreter *segments, uint64_t address)
{
    for (size_t i = 0; i < segments->segment_count; i++) {
        const struct elf_segment *segment = &segments->segments[i];
        uint64_t distance = address - segment->address;
        if (address >= segment->address && distance < segment->file_size &&
            segment->offset <= INT64_MAX - distance)
            return (GElf_Shdr){.sh_offset = segment->offset + distance,
                               .sh_size = segment->file_size - distance};
    }
    return (GElf_Shdr){0};
}

bool elf_dynamic_find(struct elf_hash *hash, Elf *elf, const struct elf_interpreter *segments)
{
    Elf64_Dyn entries[MAX_ENTRIES];
    GElf_Phdr header;

    if (!find_dynamic_segment(elf, &header) || header.p_offset > INT64_MAX)
        return false;
    size_t wanted = header.p_filesz < sizeof(entries) ? (size_t)header.p_filesz : sizeof(entries);
    ssize_t received = pread(hash->fd, entries, wanted, (off_t)header.p_offset);
    size_t count = received > 0 ? (size_t)received / sizeof(entries[0]) : 0;
    for (size_t i = 0; i < count && entries[i].d_tag != DT_NULL; i++) {
        GElf_Shdr place = find_in_file(segments, entries[i].d_un.d_ptr);
        if (entries[i].d_tag == DT_GNU_HASH)
            hash->table = place;
        else if (entries[i].d_tag == DT_SYMTAB)
            hash->symbols = place;
        else if (entries[i].d_tag == DT_STRTAB)
            hash->names = place;
    }
    return hash->table.sh_size > 0 && hash->symbols.sh_size > 0 && hash->names.sh_size > 0;
}
