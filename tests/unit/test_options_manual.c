/* The man page's lists of keys and of verdicts are those of the tables. (The options are compared by
 * tests/program/test_cli.py.) */
#include "analysis/verdict.h"
#include "ui/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MANUAL_SIZE = 256 * 1024,
};

/* The manual's text; free() it. */
static char *read_manual(void)
{
    char *text = calloc(1, MANUAL_SIZE);
    FILE *manual = fopen(MANUAL, "r");

    if (manual == NULL)
        fail_msg("cannot read %s", MANUAL);
    size_t length = fread(text, 1, MANUAL_SIZE - 1, manual);
    assert_true(length < MANUAL_SIZE - 1);
    fclose(manual);
    return text;
}

static void write_binding(FILE *stream, const struct key_binding *binding)
{
    fputs(".It Ic \"", stream);
    if (strchr("()[].,:;?!", binding->shown[0]) != NULL)
        fputs("\\&", stream); /* else mdoc takes it for punctuation */
    for (const char *shown = binding->shown; *shown != '\0'; shown++) {
        if (*shown == '\\')
            fputs("\\e", stream);
        else
            fputc(*shown, stream);
    }
    fprintf(stream, "\"\n%s\n", binding->help);
}

static void write_keys(FILE *stream)
{
    size_t count;
    const struct key_binding *bindings = key_bindings(&count);

    for (enum key_group group = 0; group < KEY_GROUPS; group++) {
        fprintf(stream, ".Ss %s\n.Bl -tag -width Ctrl-L -compact\n", key_group_title(group));
        for (size_t i = 0; i < count; i++) {
            if (bindings[i].group == group)
                write_binding(stream, &bindings[i]);
        }
        fputs(".El\n", stream);
    }
}

static void write_verdicts(FILE *stream)
{
    fputs(".Bl -tag -width memory-growth\n", stream);
    for (int kind = 0; kind < VERDICT_KINDS; kind++)
        fprintf(stream, ".It Cm %s\n%s\n", verdict_kind_name((enum verdict_kind)kind),
                verdict_kind_condition((enum verdict_kind)kind));
    fputs(".El\n", stream);
}

/* What the function writes stands between the marks `.\" NAME begin` and `.\" NAME end`. */
static void assert_section(const char *name, void (*write)(FILE *stream))
{
    char begin_mark[64], end_mark[64];
    char *expected = NULL;
    size_t length;
    FILE *stream = open_memstream(&expected, &length);
    char *manual = read_manual();

    snprintf(begin_mark, sizeof(begin_mark), ".\\\" %s begin\n", name);
    snprintf(end_mark, sizeof(end_mark), ".\\\" %s end\n", name);
    write(stream);
    fclose(stream);
    const char *begin = strstr(manual, begin_mark);
    const char *end = begin != NULL ? strstr(begin, end_mark) : NULL;
    if (end == NULL)
        fail_msg("%s has no marks around its %s", MANUAL, name);
    begin += strlen(begin_mark);
    bool same = (size_t)(end - begin) == length && memcmp(begin, expected, length) == 0;
    if (!same)
        fprintf(stderr, "Between the marks in %s should stand:\n%s", MANUAL, expected);
    assert_true(same);
    free(manual);
    free(expected);
}

static void test_the_manual_has_the_keys_of_the_table(void **state)
{
    (void)state;
    assert_section("keys", write_keys);
}

static void test_the_manual_has_the_verdicts_of_the_table(void **state)
{
    (void)state;
    assert_section("verdicts", write_verdicts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_manual_has_the_keys_of_the_table),
        cmocka_unit_test(test_the_manual_has_the_verdicts_of_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
