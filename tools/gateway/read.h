#ifndef GATEWAY_READ_H
#define GATEWAY_READ_H

#include "input.h"
#include "settings.h"

/*
 * Settings are read from the environment, from a file of TOML, and from files of secrets. Nothing is global: the
 * environment and a function that reads files are given, so that tests need neither.
 */

/*
 * Reads and checks all settings. What is wrong is added to `problems`, all of it at once.
 *
 * settings: filled whatever is wrong; values that are wrong are marked. Free it with settings_free().
 *
 * Returns the exit code of the problems: 0, 75 or 78.
 */
int settings_read(struct settings *settings, const struct settings_input *input, struct problems *problems);

#endif
