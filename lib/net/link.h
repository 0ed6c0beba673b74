#ifndef SP_NET_LINK_H
#define SP_NET_LINK_H

#include "net/engine.h"

#include <spectacles/link.h>

/* A link under any engine. */
int sp_link_new(spectacles_link **out, const sp_engine *engine, void *handle,
                const spectacles_link_config *config);

#endif
