#include "ui/shorten.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* The length of the word at the start. */
static size_t word_length(const char *text)
{
    return strcspn(text, " ");
}

static const char *next_word(const char *text)
{
    text += word_length(text);
    return text + strspn(text, " ");
}

/* Behind the last '/' of the first word. */
static const char *base_of_word(const char *text)
{
    const char *base = text;

    for (size_t i = 0, length = word_length(text); i + 1 < length; i++)
        if (text[i] == '/')
            base = text + i + 1;
    return base;
}

static bool is_interpreter(const char *command)
{
    const char *base = base_of_word(command);

    return strncmp(base, "python", 6) == 0 || strncmp(base, "pypy", 4) == 0;
}

/* Whether an interpreter's option takes the next word too. */
static bool takes_argument(const char *option)
{
    return (option[1] == 'X' || option[1] == 'W') && (option[2] == ' ' || option[2] == '\0');
}

/* Where the script, "-m module" or "-c code" starts; the command itself when no interpreter runs it or there
 * is nothing behind it. */
static const char *skip_interpreter(const char *command)
{
    const char *word = command;

    if (!is_interpreter(command))
        return command;
    for (word = next_word(word); *word == '-'; word = next_word(word)) {
        if (word[1] == 'm' || word[1] == 'c' || word[1] == '\0' || word[1] == ' ')
            break;
        if (takes_argument(word))
            word = next_word(word);
    }
    return *word != '\0' ? word : command;
}

void shorten_command(char *text, size_t size, const char *command, size_t columns, bool ascii)
{
    const char *mark = ascii ? "<" : "\xe2\x80\xa6";

    if (text_width(command) > columns)
        command = skip_interpreter(command);
    size_t width = text_width(command);
    const char *base = base_of_word(command);
    const char *start = command;
    while (width > columns && start < base) {
        const char *slash = start + 1 + strcspn(start + 1, "/");
        if (slash > base)
            break;
        start = slash;
        width = 1 + text_width(start);
    }
    if (start + 1 == base && width > columns) /* "…/name" would still be cut */
        start = base;
    snprintf(text, size, "%s%s", start > command && start < base ? mark : "", start);
}

void shorten_to_program(char *text, size_t size, const char *command)
{
    const char *start = skip_interpreter(command);

    if (strncmp(start, "-m ", 3) == 0) {
        snprintf(text, size, "-m %.*s", (int)word_length(start + 3), start + 3);
        return;
    }
    const char *base = base_of_word(start);
    snprintf(text, size, "%.*s", (int)word_length(base), base);
}

void shorten_function(char *text, size_t size, const char *name, size_t columns)
{
    static const char locals[] = "<locals>.";
    size_t length = 0;
    bool fits = text_width(name) <= columns;

    while (*name != '\0' && length + 1 < size) {
        if (!fits && strncmp(name, locals, sizeof(locals) - 1) == 0)
            name += sizeof(locals) - 1;
        else
            text[length++] = *name++;
    }
    text[length] = '\0';
}

void shorten_place(char *text, size_t size, const char *file, unsigned int line, size_t columns)
{
    char number[16] = "";

    if (line != 0)
        snprintf(number, sizeof(number), ":%u", line);
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL && slash[1] != '\0' ? slash + 1 : file;
    size_t base_width = text_width(base) + strlen(number);
    bool fits = text_width(file) + strlen(number) <= columns;
    bool only_base = !fits && base_width <= columns && base_width + 2 > columns;
    snprintf(text, size, "%s%s", only_base ? base : file, number);
}
