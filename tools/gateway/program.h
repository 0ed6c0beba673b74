#ifndef GATEWAY_PROGRAM_H
#define GATEWAY_PROGRAM_H

enum {
    PROGRAM_SIZE = 128
};

/* Which program this is: "spectacles-gateway 0.1.0, OpenSSL 3.0.17". */
void program_describe(char out[PROGRAM_SIZE]);

#endif
