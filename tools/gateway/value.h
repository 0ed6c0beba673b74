#ifndef GATEWAY_VALUE_H
#define GATEWAY_VALUE_H

#include "given.h"

/* Where a value comes from. */
enum value_origin {
    VALUE_IS_DEFAULT,
    VALUE_FROM_FILE, /* of settings */
    VALUE_FROM_CREDENTIAL,
    VALUE_FROM_SECRET_FILE,
    VALUE_FROM_ENVIRONMENT
};

/* The value of a setting. Which fields count depends on the kind of the setting. Texts belong to an arena. */
struct value {
    enum value_origin origin;
    const char *
        where; /* for sentences: the name in the environment, or FILE:LINE:COLUMN: KEY; NULL: it is the default */
    uint64_t number;    /* NUMBER, SIZE, DURATION, CHOICE */
    const char *text;   /* TEXT, PRESENCE; NULL: there is none */
    const char **texts; /* NAMES, URLS */
    size_t text_count;
    uint32_t *numbers; /* NUMBERS */
    size_t number_count;
    bool is_wrong; /* it was told what is wrong with it */
};

/*
 * Reads a value by the kind of its setting. What is wrong is added to the problems, and the value is then marked as
 * wrong. The old value is replaced.
 */
void value_read(const struct reading *reading, const struct given *given, struct value *value);

#endif
