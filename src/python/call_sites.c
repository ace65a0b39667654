#include "python/call_sites.h"

#include "base/hash.h"
#include "python/memory.h"

#include <string.h>

/* Opcodes from `first` to `last` in the versions from `since` to `until` (major and minor). */
static const struct opcode_range {
    uint16_t since;
    uint16_t until;
    uint8_t first;
    uint8_t last;
    enum call_site site;
} ranges[] = {
    {0x0207, 0x030a, 131, 131, CALL_SITE_ANY},    /* CALL_FUNCTION */
    {0x0207, 0x030a, 140, 142, CALL_SITE_ANY},    /* CALL_FUNCTION_VAR, _KW, _EX */
    {0x0307, 0x030a, 161, 161, CALL_SITE_ANY},    /* CALL_METHOD */
    {0x030b, 0x030b, 22, 22, CALL_SITE_ANY},      /* CALL_ADAPTIVE */
    {0x030b, 0x030b, 64, 64, CALL_SITE_ANY},      /* PRECALL_ADAPTIVE */
    {0x030b, 0x030b, 66, 67, CALL_SITE_NATIVE},   /* PRECALL_BUILTIN_CLASS, _FAST_WITH_KEYWORDS */
    {0x030b, 0x030b, 72, 73, CALL_SITE_NATIVE},   /* PRECALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS ... */
    {0x030b, 0x030b, 76, 81, CALL_SITE_NATIVE},   /* PRECALL_NO_KW_BUILTIN_O ... METHOD_DESCRIPTOR_NOARGS */
    {0x030b, 0x030b, 113, 113, CALL_SITE_NATIVE}, /* PRECALL_NO_KW_METHOD_DESCRIPTOR_O */
    {0x030b, 0x030b, 121, 121, CALL_SITE_NATIVE}, /* PRECALL_NO_KW_STR_1 */
    {0x030b, 0x030b, 127, 127, CALL_SITE_NATIVE}, /* PRECALL_NO_KW_TUPLE_1 */
    {0x030b, 0x030b, 141, 141, CALL_SITE_NATIVE}, /* PRECALL_NO_KW_TYPE_1 */
    {0x030b, 0x030b, 166, 166, CALL_SITE_ANY},    /* PRECALL */
    {0x030b, 0x030c, 83, 83, CALL_SITE_RETURN},   /* RETURN_VALUE */
    {0x030b, 0x030c, 142, 142, CALL_SITE_ANY},    /* CALL_FUNCTION_EX */
    {0x030b, 0x030c, 171, 171, CALL_SITE_ANY},    /* CALL */
    {0x030c, 0x030c, 29, 29, CALL_SITE_NATIVE},   /* CALL_BUILTIN_CLASS */
    {0x030c, 0x030c, 34, 34, CALL_SITE_NATIVE},   /* CALL_BUILTIN_FAST_WITH_KEYWORDS */
    {0x030c, 0x030c, 38, 48, CALL_SITE_NATIVE},   /* CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS ... TUPLE_1 */
    {0x030c, 0x030c, 56, 56, CALL_SITE_NATIVE},   /* CALL_NO_KW_TYPE_1 */
    {0x030c, 0x030c, 121, 121, CALL_SITE_RETURN}, /* RETURN_CONST */
    {0x030c, 0x030c, 242, 242, CALL_SITE_RETURN}, /* INSTRUMENTED_RETURN_VALUE */
    {0x030c, 0x030c, 247, 247, CALL_SITE_RETURN}, /* INSTRUMENTED_RETURN_CONST */
    {0x030d, 0x030d, 36, 36, CALL_SITE_RETURN},   /* RETURN_VALUE */
    {0x030d, 0x030d, 53, 54, CALL_SITE_ANY},      /* CALL, CALL_FUNCTION_EX */
    {0x030d, 0x030d, 57, 57, CALL_SITE_ANY},      /* CALL_KW */
    {0x030d, 0x030d, 103, 103, CALL_SITE_RETURN}, /* RETURN_CONST */
    {0x030d, 0x030d, 165, 176, CALL_SITE_NATIVE}, /* CALL_BUILTIN_CLASS ... CALL_NON_PY_GENERAL */
    {0x030d, 0x030d, 179, 181, CALL_SITE_NATIVE}, /* CALL_STR_1, _TUPLE_1, _TYPE_1 */
    {0x030d, 0x030d, 239, 240, CALL_SITE_RETURN}, /* INSTRUMENTED_RETURN_VALUE, _CONST */
    {0x030e, 0x030f, 4, 4, CALL_SITE_ANY},        /* CALL_FUNCTION_EX */
    {0x030e, 0x030e, 52, 52, CALL_SITE_ANY},      /* CALL */
    {0x030e, 0x030e, 55, 55, CALL_SITE_ANY},      /* CALL_KW */
    {0x030e, 0x030e, 146, 150, CALL_SITE_NATIVE}, /* CALL_BUILTIN_CLASS ... CALL_ISINSTANCE */
    {0x030e, 0x030e, 152, 152, CALL_SITE_NATIVE}, /* CALL_KW_NON_PY */
    {0x030e, 0x030e, 154, 160, CALL_SITE_NATIVE}, /* CALL_LEN ... CALL_NON_PY_GENERAL */
    {0x030e, 0x030e, 163, 165, CALL_SITE_NATIVE}, /* CALL_STR_1, _TUPLE_1, _TYPE_1 */
    {0x030f, 0x030f, 50, 50, CALL_SITE_ANY},      /* CALL */
    {0x030f, 0x030f, 53, 53, CALL_SITE_ANY},      /* CALL_KW */
    {0x030f, 0x030f, 147, 151, CALL_SITE_NATIVE}, /* CALL_BUILTIN_CLASS ... CALL_EX_NON_PY_GENERAL */
    {0x030f, 0x030f, 153, 153, CALL_SITE_NATIVE}, /* CALL_ISINSTANCE */
    {0x030f, 0x030f, 155, 155, CALL_SITE_NATIVE}, /* CALL_KW_NON_PY */
    {0x030f, 0x030f, 157, 163, CALL_SITE_NATIVE}, /* CALL_LEN ... CALL_NON_PY_GENERAL */
    {0x030f, 0x030f, 166, 168, CALL_SITE_NATIVE}, /* CALL_STR_1, _TUPLE_1, _TYPE_1 */
};

enum call_site call_site_of_opcode(uint32_t version, uint8_t opcode)
{
    uint32_t minor = version >> 16;

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        const struct opcode_range *range = &ranges[i];
        if (minor >= range->since && minor <= range->until && opcode >= range->first && opcode <= range->last)
            return range->site;
    }
    return CALL_SITE_NONE;
}

enum call_site call_sites_find(struct call_sites *sites, pid_t pid, const struct python_layout *layout,
                               uint64_t instruction)
{
    size_t place = hash_u64(instruction) % CALL_SITES_REMEMBERED;
    unsigned char opcode = 0;

    if (sites->known[place].instruction == instruction)
        return sites->known[place].site;
    if (!memory_read(pid, instruction, &opcode, sizeof(opcode)))
        return CALL_SITE_NONE;
    sites->known[place].instruction = instruction;
    sites->known[place].site = call_site_of_opcode(layout->version, opcode);
    return sites->known[place].site;
}

void call_sites_forget(struct call_sites *sites)
{
    memset(sites, 0, sizeof(*sites));
}
