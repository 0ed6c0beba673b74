/*
 * What the daemon's reader of TOML makes of a document, for tests in Python: the document comes from standard input,
 * and the values go to standard output as the public toml-test cases have them: {"type": "integer", "value": "1"}. A
 * document that is refused is told as LINE:COLUMN: SENTENCE on standard error, with exit code 1.
 *
 * With an argument, standard input is a row of documents, each behind its length in decimal and a line end. For each
 * one a line is written: the values, or "! LINE:COLUMN: SENTENCE".
 */
#include "toml.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct toml_value *value);

static void print_text(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char each = (unsigned char)text[i];
        if (each < 0x20 || each == '"' || each == '\\' || each == 0x7f)
            printf("\\u%04x", each);
        else
            putchar(each);
    }
    putchar('"');
}

static void print_list(const struct toml_value *value)
{
    putchar(value->type == TOML_TABLE ? '{' : '[');
    for (const struct toml_value *each = value->first; each; each = each->next) {
        if (each != value->first)
            putchar(',');
        if (value->type == TOML_TABLE) {
            print_text(each->key, each->key_length);
            putchar(':');
        }
        print(each);
    }
    putchar(value->type == TOML_TABLE ? '}' : ']');
}

static void print_float(double number)
{
    if (isnan(number))
        fputs("nan", stdout);
    else if (isinf(number))
        fputs(number < 0 ? "-inf" : "inf", stdout);
    else
        printf("%.17g", number);
}

static void print_scalar(const struct toml_value *value)
{
    static const char *const names[] = {"", "", "", "string", "integer", "float", "bool"};
    printf("{\"type\":\"%s\",\"value\":", names[value->type]);
    if (value->type == TOML_STRING) {
        print_text(value->text, value->text_length);
    } else {
        putchar('"');
        if (value->type == TOML_INTEGER)
            printf("%" PRId64, value->integer);
        else if (value->type == TOML_FLOAT)
            print_float(value->number);
        else
            fputs(value->boolean ? "true" : "false", stdout);
        putchar('"');
    }
    putchar('}');
}

static void print(const struct toml_value *value)
{
    if (value->type == TOML_TABLE || value->type == TOML_ARRAY)
        print_list(value);
    else
        print_scalar(value);
}

/* Returns whether the document was read. */
static bool show(const char *bytes, size_t length, FILE *complaints, const char *prefix)
{
    struct toml *toml = NULL;
    struct toml_problem problem = {.text = "out of memory"};
    int error = toml_read(&toml, bytes, length, &problem);
    if (error) {
        fprintf(complaints, "%s%u:%u: %s\n", prefix, problem.place.line, problem.place.column, problem.text);
        return false;
    }
    print(toml_root(toml));
    putchar('\n');
    toml_free(toml);
    return true;
}

static char *take(size_t length)
{
    char *bytes = malloc(length ? length : 1);
    if (!bytes || fread(bytes, 1, length, stdin) != length)
        exit(2);
    return bytes;
}

static int show_row(void)
{
    size_t length;
    while (scanf("%zu", &length) == 1 && getchar() == '\n') {
        char *bytes = take(length);
        show(bytes, length, stdout, "! ");
        free(bytes);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char bytes[TOML_BYTES_MAX + 1];
    (void)argv;
    if (argc > 1)
        return show_row();
    size_t length = fread(bytes, 1, sizeof bytes, stdin);
    return show(bytes, length, stderr, "") ? 0 : 1;
}
