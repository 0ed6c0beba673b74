/* `spectacles-gateway top` in front of any server: it draws printable lines, in which nothing steers a terminal. */
#include "fuzz.h"
#include "top_draw.h"

static void must_be_lines(const char *text, size_t length)
{
    char *printable = malloc(length + 1);
    must(printable && length > 0 && text[length - 1] == '\n');
    for (const char *at = text; at < text + length;) {
        size_t line = strcspn(at, "\n");
        must(spectacles_printable(printable, length + 1, at, line) == line);
        must(!memcmp(printable, at, line));
        at += line + 1;
    }
    free(printable);
}

static void draw(const spectacles_value *status, unsigned columns, unsigned rows, bool has_colours)
{
    char *text = NULL;
    size_t length = 0;
    struct top_last last = {0};
    struct top_screen screen = {.columns = columns, .rows = rows, .has_colours = has_colours};
    screen.out = open_memstream(&text, &length);
    must(screen.out);
    top_draw(&screen, status, &last);
    top_draw(&screen, status, &last);
    must(fclose(screen.out) == 0);
    if (!has_colours)
        must_be_lines(text, length);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    spectacles_document *document = NULL;
    must(!spectacles_document_new(&document));
    if (!spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, bytes, length, NULL)) {
        draw(spectacles_document_root(document), 80, 0, false);
        draw(spectacles_document_root(document), 7, 14, true);
    }
    spectacles_document_free(document);
    return 0;
}
