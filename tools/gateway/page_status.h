#ifndef GATEWAY_PAGE_STATUS_H
#define GATEWAY_PAGE_STATUS_H

#include <stddef.h>

/* The page page_status.html, which page_embed.py turns into C when the daemon is built. */
extern const char page_status_html[];
extern const size_t page_status_html_length;

/* Its Content-Security-Policy: what stands in the page runs, and nothing else does. */
extern const char page_status_policy[];

#endif
