/* The program: its name, its version and its TLS library, as people report them. main.c and tell.c call it. */
#include "program.h"

#include <spectacles/spectacles.h>
#include <stdio.h>

void program_describe(char out[PROGRAM_SIZE])
{
    uint32_t version = spectacles_version();
    snprintf(out, PROGRAM_SIZE, "spectacles-gateway %u.%u.%u, %s", version >> 16, version >> 8 & 255,
             version & 255, spectacles_tls_library());
}
