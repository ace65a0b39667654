/* The sentence of a cause, and how it is shortened. */
#include "analysis/verdict.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What a sentence leaves out, from the first that fits on. */
static const struct shortening {
    bool advice;
    bool whole_names;
} shortenings[] = {{true, true}, {false, true}, {false, false}};

enum {
    LONGEST_NAME = 160, /* bytes, of a function or a file */
};

struct writer {
    char *text;
    size_t length;
};

static void put(struct writer *writer, const char *text, size_t length)
{
    size_t room = VERDICT_SUMMARY_SIZE - 1 - writer->length;

    length = length < room ? length : room;
    memcpy(writer->text + writer->length, text, length);
    writer->length += length;
    writer->text[writer->length] = '\0';
}

/* The end of a name tells more than its beginning. */
static void put_name(struct writer *writer, const char *name, char separator, bool whole)
{
    const char *last = strrchr(name, separator);

    if (!whole && last != NULL && last[1] != '\0')
        name = last + 1;
    name = text_end(name, LONGEST_NAME);
    put(writer, name, strlen(name));
}

/* When it is to be short, only the last name is kept of a path, "/srv/data/journal.db (fd 3)", and only the other side of a
 * connection, "tcp 10.0.0.7:40112 -> 10.0.0.5:5432 (fd 12)". */
static void put_subject(struct writer *writer, const char *subject, bool whole)
{
    static const char arrow[] = " -> ";
    const char *slash = subject[0] == '/' ? strrchr(subject, '/') : NULL;
    const char *remote = strstr(subject, arrow);

    if (!whole && slash != NULL) {
        subject = slash + 1;
    } else if (!whole && remote != NULL) {
        put(writer, subject, strcspn(subject, " ") + 1);
        subject = remote + strlen(arrow);
    }
    put(writer, subject, strlen(subject));
}

static void put_sentence(struct writer *writer, const struct verdict_cause *cause, bool whole_names)
{
    static const char percent_word[] = "{percent}";
    static const char subject_word[] = "{subject}";
    char number[16];

    snprintf(number, sizeof(number), "%.0f %%", cause->percent);
    for (const char *rest = cause->sentence; *rest != '\0';) {
        size_t plain = strcspn(rest, "{");
        put(writer, rest, plain);
        rest += plain;
        if (strncmp(rest, percent_word, sizeof(percent_word) - 1) == 0) {
            put(writer, number, strlen(number));
            rest += sizeof(percent_word) - 1;
        } else if (strncmp(rest, subject_word, sizeof(subject_word) - 1) == 0) {
            put_subject(writer, cause->subject, whole_names);
            rest += sizeof(subject_word) - 1;
        }
    }
}

static void put_place(struct writer *writer, const struct verdict_cause *cause, bool whole_names)
{
    char line[16];

    if (cause->function == NULL)
        return;
    put(writer, " in ", 4);
    put_name(writer, cause->function->name, '.', whole_names);
    put(writer, " (", 2);
    put_name(writer, cause->function->file, '/', false);
    snprintf(line, sizeof(line), ":%u", cause->line);
    if (cause->line > 0)
        put(writer, line, strlen(line));
    put(writer, ")", 1);
}

static void compose(char *text, const struct verdict_cause *cause, const struct shortening *shortening)
{
    struct writer writer = {.text = text};

    text[0] = '\0';
    put_sentence(&writer, cause, shortening->whole_names);
    put_place(&writer, cause, shortening->whole_names);
    if (shortening->advice && cause->advice[0] != '\0') {
        put(&writer, ": ", 2);
        put(&writer, cause->advice, strlen(cause->advice));
    }
}

void verdict_format(char text[static VERDICT_SUMMARY_SIZE], const struct verdict_cause *cause, size_t columns)
{
    for (size_t i = 0; i < sizeof(shortenings) / sizeof(shortenings[0]); i++) {
        compose(text, cause, &shortenings[i]);
        if (columns == 0 || text_width(text) <= columns)
            return;
    }
}
