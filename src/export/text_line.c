#include "export/text_line.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/number.h"

#include <stdarg.h>
#include <string.h>

/* How much of a clean text that was cut off holds whole characters. */
static size_t whole_length(const char *text, size_t length)
{
    size_t lead = length;

    while (lead > 0 && (text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0)
        return 0;
    unsigned char first = (unsigned char)text[--lead];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return lead + size <= length ? length : lead;
}

void line_add(struct text_line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - line->length;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    line->length +=
        (size_t)length < room ? (size_t)length : whole_length(line->text + line->length, room - 1);
}

void line_add_text(struct text_line *line, const char *text, size_t width)
{
    const char *shown = text != NULL ? text : "-";
    size_t length = text_fit(shown, width);

    line_add(line, "%.*s", (int)length, shown);
    for (size_t filled = text_width(shown); filled < width; filled++)
        line_add(line, " ");
}

void line_add_count(struct text_line *line, int64_t count, int width)
{
    if (count_is_known(count))
        line_add(line, "%*jd", width, (intmax_t)count);
    else
        line_add(line, "%*s", width, "-");
}

void line_add_real(struct text_line *line, double value, int decimals, int width)
{
    if (real_is_known(value))
        line_add(line, "%*.*f", width, decimals, value);
    else
        line_add(line, "%*s", width, "-");
}

void line_add_bytes(struct text_line *line, double bytes, int width)
{
    char amount[TEXT_AMOUNT_SIZE];

    text_format_bytes(amount, bytes);
    line_add(line, "%*s", width, amount);
}

void line_add_seconds(struct text_line *line, uint64_t ns, int width)
{
    line_add(line, "%*.3fs", width - 1, (double)ns / (double)NS_PER_SECOND);
}

void line_end(struct text_line *line)
{
    line->text[line->length] = '\0';
    if (line->columns > 0)
        line->length = text_fit(line->text, line->columns);
    while (line->length > 0 && line->text[line->length - 1] == ' ')
        line->length--;
    fwrite(line->text, 1, line->length, line->stream);
    fputc('\n', line->stream);
    line->length = 0;
}
