#ifndef GATEWAY_STANDARD_FILES_H
#define GATEWAY_STANDARD_FILES_H

/*
 * Opens those of the descriptors 0, 1 and 2 that are closed, on /dev/null. Otherwise the first socket of the gateway
 * would get the number of stderr, and the log would go to Discord. main() calls it before it opens anything.
 *
 * Returns 0, or -1: /dev/null cannot be opened; errno says why.
 */
int standard_files_open(void);

#endif
