/*
 * The URLs of a broker, in the order in which they are tried, and those that take their place. Called by owners, by
 * broker.c when a broker is made and freed, and by connection.c when a connection begins.
 *
 *     set ---> waiting --- the next connection begins ---> in use
 */
#include "broker/urls.h"

#include "broker/events.h"
#include "core/config.h"
#include "core/export.h"
#include "core/wipe.h"

#include <stdlib.h>

void sp_urls_free(sp_urls *urls)
{
    if (urls->list)
        sp_wipe(urls->list, urls->count * sizeof *urls->list);
    free(urls->list);
    *urls = (sp_urls){0};
}

static int parse(sp_urls *out, const char *const *urls, size_t count, spectacles_problem *problem)
{
    out->list = calloc(count, sizeof *out->list);
    if (!out->list)
        return SPECTACLES_E_NOMEM;
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!urls[i])
            return sp_refuse_entry(problem, SPECTACLES_E_INVAL, "a URL is NULL", i);
        int error = sp_uri_parse(&out->list[i], urls[i], problem);
        if (error != SPECTACLES_OK && problem)
            problem->index = i;
        if (error != SPECTACLES_OK)
            return error;
    }
    return SPECTACLES_OK;
}

/*
 * Many processes may have the same list. They must not all try the same URL first, nor all go on to the same next URL.
 */
static void shuffle(sp_urls *urls, sp_random *random)
{
    for (size_t left = urls->count; left > 1; left--) {
        size_t chosen = (size_t)sp_random_upto(random, left - 1);
        sp_uri last = urls->list[left - 1];
        urls->list[left - 1] = urls->list[chosen];
        urls->list[chosen] = last;
        sp_wipe(&last, sizeof last);
    }
}

int sp_urls_read(sp_urls *out, sp_random *random, const char *const *urls, size_t count,
                 spectacles_problem *problem)
{
    sp_urls read = {0};
    int error = parse(&read, urls, count, problem);
    if (error != SPECTACLES_OK) {
        sp_urls_free(&read);
        return error;
    }
    shuffle(&read, random);
    sp_urls_free(out);
    *out = read;
    return SPECTACLES_OK;
}

/* The endpoint of the connection before points into the former URLs, and so does its log-in. */
void sp_urls_begin(spectacles_broker *broker)
{
    if (!broker->next_urls.list)
        return;
    sp_urls_free(&broker->urls);
    broker->urls = broker->next_urls;
    broker->next_urls = (sp_urls){0};
    broker->url = 0;
}

/* A wait that the former URLs have caused is over. */
static void hurry(spectacles_broker *broker, uint64_t now)
{
    uint64_t soon = now + sp_random_upto(&broker->random, SP_BACKOFF_HURRY);
    if (broker->state != SPECTACLES_BROKER_BACKOFF || broker->next_attempt <= soon)
        return;
    broker->next_attempt = broker->phase_deadline = soon;
    sp_stream_touch(&broker->stream);
}

SPECTACLES_EXPORT int spectacles_broker_set_urls(spectacles_broker *broker, const char *const *urls,
                                                 size_t count, uint64_t now)
{
    spectacles_problem problem = {.text = ""};
    if (!urls || count == 0)
        return sp_broker_fail(broker, SPECTACLES_E_INVAL, SP_NO_URLS);
    int error = sp_urls_read(&broker->next_urls, &broker->random, urls, count, &problem);
    if (error != SPECTACLES_OK)
        return sp_broker_fail(broker, error,
                              error == SPECTACLES_E_NOMEM ? spectacles_strerror(error) : problem.text);
    hurry(broker, now);
    return SPECTACLES_OK;
}
