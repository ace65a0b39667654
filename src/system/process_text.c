#include "system/process_text.h"

#include "base/text.h"

#include <string.h>

/* Fields of /proc/PID/stat by their number in proc_pid_stat(5). */
enum stat_field {
    STAT_PARENT_PID = 4,
    STAT_FLAGS = 9,
    STAT_MINOR_FAULTS = 10,
    STAT_MAJOR_FAULTS = 12,
    STAT_USER_TICKS = 14,
    STAT_SYSTEM_TICKS = 15,
    STAT_PRIORITY = 18,
    STAT_NICE = 19,
    STAT_THREAD_COUNT = 20,
    STAT_START_TICKS = 22,
    STAT_ARGUMENTS_ADDRESS = 48,
    STAT_FIELDS = 49, /* one more than the last that is used */
};

#define KERNEL_THREAD_FLAG UINT64_C(0x00200000) /* PF_KTHREAD in the kernel's include/linux/sched.h */

/* Read the decimal number at the cursor and step behind it; a negative one comes as its two's complement. */
static bool take_number(const char **cursor, uint64_t *number)
{
    const char *digit = *cursor + strspn(*cursor, " \t");
    bool negative = *digit == '-';
    uint64_t value = 0;

    if (negative)
        digit++;
    if (*digit < '0' || *digit > '9')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++)
        value = value * 10 + (uint64_t)(*digit - '0');
    *number = negative ? 0 - value : value;
    *cursor = digit;
    return true;
}

bool process_parse_stat(const char *text, struct process_stat *stat)
{
    const char *open = strchr(text, '(');
    const char *close = strrchr(text, ')'); /* the name itself may contain parentheses and spaces */
    uint64_t fields[STAT_FIELDS] = {0};

    if (open == NULL || close == NULL || close < open || close[1] != ' ' || close[2] == '\0')
        return false;
    text_clean(stat->name, sizeof(stat->name), open + 1, (size_t)(close - open - 1));
    stat->state = close[2];
    if (stat->state <= ' ' || stat->state > '~')
        return false;
    const char *cursor = close + 3;
    size_t field = STAT_PARENT_PID;
    while (field < STAT_FIELDS && take_number(&cursor, &fields[field]))
        field++;
    if (field <= STAT_START_TICKS)
        return false;
    stat->parent_pid = (pid_t)fields[STAT_PARENT_PID];
    stat->is_kernel_thread = (fields[STAT_FLAGS] & KERNEL_THREAD_FLAG) != 0;
    stat->minor_faults = fields[STAT_MINOR_FAULTS];
    stat->major_faults = fields[STAT_MAJOR_FAULTS];
    stat->cpu_ticks = fields[STAT_USER_TICKS] + fields[STAT_SYSTEM_TICKS];
    stat->priority = (int)fields[STAT_PRIORITY];
    stat->nice = (int)fields[STAT_NICE];
    stat->thread_count = (int64_t)fields[STAT_THREAD_COUNT];
    stat->start_ticks = fields[STAT_START_TICKS];
    stat->arguments_address = fields[STAT_ARGUMENTS_ADDRESS];
    return true;
}

bool process_parse_memory(const char *text, struct process_memory *memory)
{
    uint64_t pages[3];

    for (size_t i = 0; i < 3; i++) {
        if (!take_number(&text, &pages[i]) || pages[i] > INT64_MAX / 65536)
            return false;
    }
    *memory = (struct process_memory){(int64_t)pages[0], (int64_t)pages[1], (int64_t)pages[2]};
    return true;
}

/* The number behind `key`, which starts a line. */
static int64_t find_count(const char *text, const char *key)
{
    size_t key_length = strlen(key);
    uint64_t count;

    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, key_length) != 0)
            continue;
        const char *cursor = line + key_length;
        return take_number(&cursor, &count) && count <= INT64_MAX ? (int64_t)count : UNKNOWN_COUNT;
    }
    return UNKNOWN_COUNT;
}

/* An amount that the kernel gives in units of 1024 bytes. */
static int64_t find_kibibytes(const char *text, const char *key)
{
    int64_t kibibytes = find_count(text, key);

    return count_is_known(kibibytes) && kibibytes <= INT64_MAX / 1024 ? kibibytes * 1024 : UNKNOWN_COUNT;
}

struct process_memory_parts process_parse_memory_parts(const char *text)
{
    return (struct process_memory_parts){
        .anonymous_bytes = find_kibibytes(text, "RssAnon:"),
        .file_bytes = find_kibibytes(text, "RssFile:"),
        .shared_memory_bytes = find_kibibytes(text, "RssShmem:"),
        .swap_bytes = find_kibibytes(text, "VmSwap:"),
    };
}

int64_t process_parse_proportional_bytes(const char *text)
{
    return find_kibibytes(text, "Pss:");
}

struct process_transfer process_parse_transfer(const char *text)
{
    return (struct process_transfer){
        .read_bytes = find_count(text, "read_bytes:"),
        .write_bytes = find_count(text, "write_bytes:"),
    };
}

size_t process_format_command(char *output, size_t capacity, char *bytes, size_t length)
{
    /* Programs that set their title leave a tail of zeros or spaces. */
    while (length > 0 && (bytes[length - 1] == '\0' || bytes[length - 1] == ' '))
        length--;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\0' || bytes[i] == '\n' || bytes[i] == '\t')
            bytes[i] = ' ';
    }
    return text_clean(output, capacity, bytes, length);
}
