#ifndef GATEWAY_WORDS_H
#define GATEWAY_WORDS_H

#include "value.h"

/* The words of a list: of a text with commas, or of a list in TOML. */
struct words {
    const struct reading *reading;
    const struct given *given;
    const char *at; /* in the text */
    const struct toml_value *next;
    bool
        splits_urls; /* a comma ends a word only when another URL follows, because a password may hold commas */
};

/* One word. In TOML it may also be an integer, where the setting has numbers. */
struct word {
    const char *text;
    size_t length;
    char digits[24]; /* what `text` points to when the word was an integer */
};

/* Begins. False: it is no list, which was told. */
bool words_begin(struct words *words, const struct reading *reading, const struct given *given);

/* The next word, without the spaces around it. Empty words of a text are passed over. False: there are no more. */
bool words_next(struct words *words, struct word *word);

#endif
