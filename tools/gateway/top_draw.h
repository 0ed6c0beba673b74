#ifndef GATEWAY_TOP_DRAW_H
#define GATEWAY_TOP_DRAW_H

#include <spectacles/spectacles.h>
#include <stdbool.h>
#include <stdio.h>

/* The terminal that is drawn on. */
struct top_screen {
    FILE *out;
    unsigned columns;
    unsigned rows;    /* 0: as many as there are */
    bool has_colours; /* without: a plain text */
};

/* What was seen last, for rates. All zero: nothing. */
struct top_last {
    uint64_t time;
    uint64_t started;
    uint64_t received;
};

/* Draws what /status.json has answered. */
void top_draw(const struct top_screen *screen, const spectacles_value *status, struct top_last *last);

#endif
