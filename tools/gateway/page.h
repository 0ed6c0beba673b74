#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include "setting.h"

#include <stdio.h>

/* Writes the list of all settings for a terminal. */
void page_text(FILE *out);

/* Writes doc/settings.md. */
void page_markdown(FILE *out);

/* The default of a setting, for people. */
const char *page_fallback(const struct setting *setting);

/* What may be written for a setting. mark: what stands around a word. */
void page_write_values(FILE *out, const struct setting *setting, const char *mark);

#endif
