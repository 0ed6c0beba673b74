/*
 * "Did you mean": the known name that is nearest to one that was written. The readers of the environment, of the file
 * and of lists of names call it.
 */
#include "nearest.h"

#include <ctype.h>
#include <string.h>

enum {
    NAME_MAX_LENGTH = 64, /* of names that are compared; longer ones are near to nothing */
    WRONG_MAX = 3,
    ONE_IN = 6
};

static size_t least(size_t one, size_t two)
{
    return one < two ? one : two;
}

static int differ(char one, char two)
{
    return toupper((unsigned char)one) != toupper((unsigned char)two);
}

/* The optimal string alignment distance, row by row. */
static size_t distance(const char *one, size_t one_length, const char *two, size_t two_length)
{
    size_t rows[3][NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= two_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= one_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= two_length; j++) {
            row[j] =
                least(least(above[j], row[j - 1]) + 1, above[j - 1] + (size_t)differ(one[i - 1], two[j - 1]));
            if (i > 1 && j > 1 && !differ(one[i - 1], two[j - 2]) && !differ(one[i - 2], two[j - 1]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[one_length % 3][two_length];
}

void nearest_look(struct nearest *nearest, const char *name, const char *written, size_t length)
{
    size_t name_length = strlen(name);
    size_t bound = least(name_length / ONE_IN, WRONG_MAX);
    if (length > NAME_MAX_LENGTH || name_length > NAME_MAX_LENGTH)
        return;
    size_t apart = distance(name, name_length, written, length);
    if (apart > (bound ? bound : 1) || (nearest->name && apart >= nearest->distance))
        return;
    nearest->name = name;
    nearest->distance = apart;
}
