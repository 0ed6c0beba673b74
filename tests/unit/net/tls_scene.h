#ifndef TESTS_NET_TLS_SCENE_H
#define TESTS_NET_TLS_SCENE_H

#include "tls_server.h"
#include "toy.h"

#include <stdbool.h>

/* A link over TLS and the server on the other side of its socket, driven in turn. */
typedef struct sp_pair {
    sp_scene *scene;
    tls_server *server;
    spectacles_tls *tls;
} sp_pair;

/* The path of a new file with this text, valid until seven more were made. The caller removes it. */
const char *file_of(const char *text);

/* Trusts the authority of certificates.h, with a certificate of our own (PEM texts; NULL: none). */
spectacles_tls *make_tls(const char *cert, const char *key, uint32_t flags);

/* The same, trusting another authority. */
spectacles_tls *make_tls_of(const char *authority, const char *cert, const char *key, uint32_t flags);

/* A link to this host and a peer that has accepted its TCP connection; no server yet. tls is taken over. */
sp_pair meet(const char *host, spectacles_tls *tls);
void part(sp_pair *pair);

/* The version of TLS that servers speak from now on (TLS_1_2); 0: any. Whether the library of the link speaks 1.3. */
void scene_set_version(int version);
bool scene_has_tls_1_3(void);

/* Puts a server behind the peer of the link (tls_server_new()). */
void answer(sp_pair *pair, const char *certificate, const char *key, const char *authority);

/* Both shake hands, until the link has an open connection or has given up. */
void shake(sp_pair *pair);

/* A link to a server with this certificate, after the handshake; and one whose handshake went well. */
sp_pair talk(const char *certificate, const char *key, const char *host);
sp_pair talk_well(void);

void fill(uint8_t *bytes, size_t length);

/* Sends it all, with turns of the link in between. */
void serve(sp_pair *pair, const uint8_t *bytes, size_t length);

/* Until the engine hears of the end: with this error, and a sentence that holds these words. */
void wait_for_the_end(sp_scene *scene);
void check_end(sp_pair *pair, int error, const char *words);

/* Both sides send something, and the other side gets it. */
void check_talk(sp_pair *pair);

#endif
