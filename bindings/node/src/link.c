/* Links: shard.c and broker.c put their engines on one, and gateway.c gives the settings to its own. */
#include "link.h"

void link_config(given *from, const char *proxy, spectacles_link_config *config, spectacles_tls **tls)
{
    spectacles_problem problem;
    spectacles_tls_config settings;
    spectacles_link_config_init(config, sizeof *config);
    spectacles_tls_config_init(&settings, sizeof settings);
    config->proxy = given_text(from, proxy);
    config->no_proxy = given_text(from, "noProxy");
    config->family = given_u32(from, "family", 0);
    settings.ca_file = given_text(from, "caFile");
    settings.cert_file = given_text(from, "certFile");
    settings.key_file = given_text(from, "keyFile");
    settings.flags = given_bool(from, "insecure") ? SPECTACLES_TLS_INSECURE_NO_VERIFICATION : 0;
    if (from->is_wrong || !(settings.ca_file || settings.cert_file || settings.key_file || settings.flags))
        return; /* the link makes the default by itself, when it needs one */
    int code = *tls ? 0 : spectacles_tls_new(tls, &settings, &problem);
    if (code < 0) {
        from->is_wrong = true;
        fail_problem(from->env, code, &problem);
    }
    config->tls = *tls;
}

bool link_new(given *from, engine *self, spectacles_stream *stream)
{
    spectacles_problem problem = {0};
    spectacles_link_config config;
    link_config(from, "proxy", &config, &self->tls);
    if (from->is_wrong)
        return false;
    int code = spectacles_link_new(&self->link, stream, &config, &problem);
    if (code == 0)
        code = spectacles_poller_new(&self->poller, NULL, &problem);
    if (code == 0)
        code = spectacles_poller_add(self->poller, self->link, 0);
    if (code < 0)
        fail_problem(from->env, code, &problem);
    return code == 0;
}
