/*
 * What a value is read from, and what is told about it when it is wrong. Whoever reads a value calls it.
 */
#include "given.h"

#include <stdarg.h>
#include <stdio.h>

bool given_refuse(const struct reading *reading, const struct given *given, const char *format, ...)
{
    char text[PROBLEM_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    problems_add(reading->problems, PROBLEM_IS_FINAL, given->where, "%s", text);
    return false;
}

bool given_out_of_memory(const struct reading *reading)
{
    reading->problems->out_of_memory = true;
    return false;
}
