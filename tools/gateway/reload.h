#ifndef GATEWAY_RELOAD_H
#define GATEWAY_RELOAD_H

#include "settings.h"

enum {
    RELOAD_TEXT_SIZE = 400
};

/* What becomes of a setting that was changed while the gateway runs. */
struct reload_change {
    enum setting_id id;
    bool is_followed;            /* it can be followed at once; false: it needs a restart */
    char text[RELOAD_TEXT_SIZE]; /* one sentence; never holds a secret */
};

/*
 * Compares the settings that a gateway runs with and those that were read now.
 *
 * out: receives the changes, at most SETTING_COUNT.
 *
 * Returns how many there are. When memory runs out, sentences are without the values.
 */
size_t reload_compare(const struct settings *running, const struct settings *fresh,
                      struct reload_change out[SETTING_COUNT]);

#endif
