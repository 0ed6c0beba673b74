/* The link and the poller under a shard or a broker, and the settings of every link. */
#ifndef LINK_H
#define LINK_H

#include "values.h"

/* caFile, certFile, keyFile, insecure, and the proxy under this name. `tls` is the caller's to free. */
void link_config(given *from, const char *proxy, spectacles_link_config *config, spectacles_tls **tls);
/* Puts the stream of the engine on a link in a poller. False: an error is thrown. */
bool link_new(given *from, engine *self, spectacles_stream *stream);

#endif
