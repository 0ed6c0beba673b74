#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <stdio.h>

/* Writes the list of all settings for a terminal. */
void page_text(FILE *out);

/* Writes doc/settings.md. */
void page_markdown(FILE *out);

#endif
