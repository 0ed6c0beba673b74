/*
 * The command `spectacles-gateway doctor`: the order in which the fields are looked at, and what the fields share.
 * main.c calls it.
 */
#include "doctor.h"

#include "doctor_broker.h"
#include "doctor_discord.h"
#include "doctor_fleet.h"
#include "doctor_gateway.h"
#include "doctor_management.h"
#include "doctor_names.h"
#include "doctor_others.h"
#include "doctor_queues.h"
#include "doctor_rights.h"
#include "doctor_sessions.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the fields share ---- */

static void take_problems(struct findings *findings, const struct problems *problems)
{
    for (const struct problem *each = problems->first; each; each = each->next) {
        enum finding_level level = each->code == PROBLEM_IS_FINAL   ? FINDING_IS_FINAL
                                   : each->code == PROBLEM_MAY_PASS ? FINDING_MAY_PASS
                                                                    : FINDING_IS_NOTE;
        struct finding *finding =
            findings_add(findings, level, "settings", "%s: %s", each->where, each->text);
        if (level == FINDING_IS_NOTE)
            continue;
        finding_why(finding, "the gateway does not start before it is mended");
        finding_mend(finding, "spectacles-gateway check");
    }
    findings->out_of_memory |= problems->out_of_memory;
}

static void load_authorities(struct doctor *doctor)
{
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = settings_value(doctor->settings, SETTING_CA_FILE)->text;
    if (config.ca_file)
        spectacles_tls_new(&doctor->tls, &config, NULL); /* files.c has told what is wrong with the file */
}

static void read_broker_url(struct doctor *doctor)
{
    web_url_read(&doctor->broker, settings_value(doctor->settings, SETTING_AMQP_URL)->texts[0]);
    doctor->vhost = doctor->broker.path && strlen(doctor->broker.path) > 1 ? doctor->broker.path + 1 : "/";
}

/* As the gateway decides it: the setting, or else the stored sessions, or else Discord. */
static void decide_shards(struct doctor *doctor)
{
    const struct value *count = settings_value(doctor->settings, SETTING_SHARD_COUNT);
    const struct value *ids = settings_value(doctor->settings, SETTING_SHARD_IDS);
    doctor->shard_count = (uint32_t)count->number;
    if (!doctor->shard_count)
        doctor->shard_count = doctor->stored_count;
    if (!doctor->shard_count && doctor->has_bot)
        doctor->shard_count = doctor->bot.shard_count;
    doctor->shard_id_count = ids->number_count ? ids->number_count : doctor->shard_count;
    doctor->shard_ids = calloc(doctor->shard_id_count + 1, sizeof *doctor->shard_ids);
    if (!doctor->shard_ids) {
        doctor->findings->out_of_memory = true;
        doctor->shard_id_count = 0;
        return;
    }
    for (uint32_t i = 0; i < doctor->shard_id_count; i++)
        doctor->shard_ids[i] = ids->number_count ? ids->numbers[i] : i;
}

static void free_doctor(struct doctor *doctor)
{
    spectacles_tls_free(doctor->tls);
    web_url_free(&doctor->broker);
    free(doctor->shard_ids);
    free(doctor->queues);
}

/* ---- The whole ---- */

static void look(struct doctor *doctor)
{
    engines_configure(&doctor->engines, doctor->settings);
    proxies_choose(&doctor->proxies, doctor->settings);
    load_authorities(doctor);
    read_broker_url(doctor);
    doctor_names(doctor);
    doctor_discord(doctor);
    doctor_stored_count(doctor);
    decide_shards(doctor);
    doctor_shard_count(doctor);
    doctor_gateway(doctor);
    doctor_sessions(doctor);
    doctor_broker(doctor);
    doctor_queues(doctor);
    doctor_rights(doctor);
    doctor_management(doctor);
    doctor_fleet(doctor);
    doctor_others(doctor);
}

int doctor_run(FILE *out, bool json, const struct settings *settings, const struct problems *problems)
{
    struct findings findings = {0};
    struct doctor doctor = {.settings = settings, .findings = &findings};
    take_problems(&findings, problems);
    if (problems_exit_code(problems) == PROBLEM_IS_FINAL) {
        findings_add(&findings, FINDING_IS_NOTE, "settings",
                     "nothing else was looked at: mend the settings first");
    } else {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        look(&doctor);
        free_doctor(&doctor);
        curl_global_cleanup();
    }
    findings_write(out, json, &findings);
    int code = findings_exit_code(&findings);
    findings_free(&findings);
    return code;
}
