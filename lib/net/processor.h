#ifndef SP_NET_PROCESSOR_H
#define SP_NET_PROCESSOR_H

#include <stdbool.h>

/* Whether the processor has instructions for AES. Without them ChaCha20 is several times faster than AES. */
bool sp_processor_has_aes(void);

#endif
