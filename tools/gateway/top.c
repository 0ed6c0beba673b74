/* `spectacles-gateway top`: asks a running gateway for its status, and draws it. main.c calls it. */
#include "top.h"

#include "top_draw.h"
#include "top_fetch.h"

#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    PERIOD = 2000,
    COLUMNS = 80
};

static struct top_screen screen_of(bool once)
{
    struct winsize size;
    struct top_screen screen = {.out = stdout, .columns = COLUMNS, .has_colours = !once};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        screen.columns = size.ws_col;
        screen.rows = once ? 0 : size.ws_row;
    }
    return screen;
}

/* Draws once. False: there is no answer, and `why` says why. */
static bool draw(const char *address, bool once, struct top_last *last, char why[TOP_WHY_SIZE])
{
    struct http_body body;
    spectacles_document *document = NULL;
    spectacles_problem problem = {.text = "memory ran out"};
    bool is_drawn = false;
    if (!top_fetch(address, "/status.json", &body, why)) {
        http_body_free(&body);
        return false;
    }
    if (spectacles_document_new(&document) == SPECTACLES_OK &&
        spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)body.data,
                                  body.length, &problem) == SPECTACLES_OK) {
        const struct top_screen screen = screen_of(once);
        fputs(once ? "" : "\033[H", stdout);
        top_draw(&screen, spectacles_document_root(document), last);
        fputs(once ? "" : "\033[J", stdout);
        is_drawn = true;
    } else {
        snprintf(why, TOP_WHY_SIZE, "the answer cannot be read: %.120s", problem.text);
    }
    spectacles_document_free(document);
    http_body_free(&body);
    return is_drawn;
}

/* A gateway that does not answer is asked again: it may be restarting. Ends when nobody can see what is drawn. */
static void draw_for_ever(const char *address, struct top_last *last)
{
    char why[TOP_WHY_SIZE];
    fputs("\033[H\033[J", stdout);
    for (;;) {
        if (!draw(address, false, last, why))
            printf("\033[H\033[1;31m! no answer from %s: %s\033[0m\033[K\n", address, why);
        if (fflush(stdout) != 0)
            return;
        poll(NULL, 0, PERIOD);
    }
}

int top_run(const char *address, bool once, struct problems *problems)
{
    char why[TOP_WHY_SIZE];
    struct top_last last = {0};
    bool is_plain = once || !isatty(STDOUT_FILENO);
    if (!draw(address, is_plain, &last, why)) {
        problems_add(problems, PROBLEM_MAY_PASS, "top", "no answer from %s: %s", address, why);
        return PROBLEM_MAY_PASS;
    }
    if (!is_plain)
        draw_for_ever(address, &last);
    return 0;
}
