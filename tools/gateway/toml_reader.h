#ifndef GATEWAY_TOML_READER_H
#define GATEWAY_TOML_READER_H

#include "arena.h"
#include "toml.h"

/* A document while it is read. */
struct toml_reader {
    const char *start;
    const char *at;
    const char *end;
    const char *counted;     /* up to here the place is known */
    struct toml_place place; /* of `counted` */
    struct arena *arena;     /* of the values and their texts */
    size_t count;            /* of values */
    uint32_t section;        /* that is read: of the file, or a table in braces; each has its own number */
    uint32_t section_count;
    struct toml_problem *problem;
    int error; /* the first; 0: none */
};

/* Fails with a sentence about a place in the document. Returns false. */
bool toml_refuse(struct toml_reader *reader, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fails with an error that has no place: SPECTACLES_E_NOMEM. Returns false. */
bool toml_fail(struct toml_reader *reader, int error);

/* Line and column of a place in the document. Cheap when the places that are asked for come in order. */
struct toml_place toml_place_of(struct toml_reader *reader, const char *at);

/* Whether the document goes on with these characters. */
bool toml_sees(const struct toml_reader *reader, const char *characters);

/* Skips these characters when the document goes on with them; says whether it did. */
bool toml_takes(struct toml_reader *reader, const char *characters);

/* Skips spaces and tabs. */
void toml_skip_space(struct toml_reader *reader);

/* Skips spaces, line ends and comments. */
void toml_skip_lines(struct toml_reader *reader);

/*
 * Skips the end of a line, a comment in front of it, or the end of the document. Fails when something else is there.
 */
bool toml_end_line(struct toml_reader *reader);

/* Checks what holds for every character of a document: UTF-8, no control characters, no single carriage return. */
bool toml_check_characters(struct toml_reader *reader);

#endif
