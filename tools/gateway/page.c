/*
 * The list of all settings, from the table: for a terminal, and as the page doc/settings.md. main.c and manual.c call
 * it.
 */
#include "page.h"

#include "quantity.h"
#include "setting.h"

#include <inttypes.h>
#include <string.h>

enum {
    HELP_WIDTH = 88
};

const char *page_fallback(const struct setting *setting)
{
    if (setting->flags & SETTING_IS_REQUIRED)
        return "required";
    if (setting->fallback_says)
        return setting->fallback_says;
    return setting->fallback ? setting->fallback : "none";
}

static void write_limits(FILE *out, const struct setting *setting)
{
    char least[QUANTITY_TEXT_SIZE];
    char most[QUANTITY_TEXT_SIZE];
    if (setting->kind == SETTING_IS_DURATION) {
        quantity_write_duration(least, setting->least);
        quantity_write_duration(most, setting->most);
        fprintf(out, "a duration, %s to %s", least, most);
    } else if (setting->kind == SETTING_IS_SIZE) {
        fputs("a size", out);
    } else if (setting->most >= INT64_MAX) {
        fputs("a number", out);
    } else {
        fprintf(out, "%" PRIu64 " to %" PRIu64, setting->least, setting->most);
    }
}

static void write_words(FILE *out, const struct setting *setting, const char *mark)
{
    for (size_t i = 0; setting->words[i]; i++)
        fprintf(out, "%s%s%s%s", i ? ", " : "", mark, setting->words[i], mark);
}

void page_write_values(FILE *out, const struct setting *setting, const char *mark)
{
    switch (setting->kind) {
    case SETTING_IS_CHOICE:
        write_words(out, setting, mark);
        break;
    case SETTING_IS_NUMBER:
    case SETTING_IS_SIZE:
    case SETTING_IS_DURATION:
        write_limits(out, setting);
        break;
    case SETTING_IS_NAMES:
        fputs("names", out);
        break;
    case SETTING_IS_NUMBERS:
        fputs("numbers and ranges", out);
        break;
    case SETTING_IS_URLS:
        fputs("URLs", out);
        break;
    case SETTING_IS_PRESENCE:
        fputs("JSON, or a table", out);
        break;
    case SETTING_IS_PROXY:
        fprintf(out, "a URL, or %snone%s", mark, mark);
        break;
    default:
        fputs("a text", out);
    }
}

/* ---- For a terminal ---- */

/* Writes words until a line is full, and goes on below. Back quotes are for Markdown, and are left out. */
static void write_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column == 0 || column + 1 + word > HELP_WIDTH) {
            fprintf(out, "%s    ", column ? "\n" : "");
            column = 0;
        }
        if (column > 0)
            fputc(' ', out);
        for (size_t i = 0; i < word; i++) {
            if (text[i] != '`')
                fputc(text[i], out);
        }
        column += word + 1;
        text += word + strspn(text + word, " ");
    }
    fputc('\n', out);
}

void page_text(FILE *out)
{
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = setting_of((enum setting_id)id);
        fprintf(out, "%s  (%s in a file; ", setting->name, setting->key);
        page_write_values(out, setting, "");
        fprintf(out, "; default: %s%s)\n", page_fallback(setting),
                setting->flags & SETTING_RELOADS ? "; reloads" : "");
        write_wrapped(out, setting->help);
    }
}

/* ---- As a page ---- */

static const char head[] =
    "# The settings of spectacles-gateway\n"
    "\n"
    "<!-- Made by `spectacles-gateway settings --markdown`: change the table in tools/gateway/setting.c "
    "instead. -->\n"
    "\n"
    "`spectacles-gateway` is [the daemon of this project](gateway.md). Its man page, "
    "`spectacles-gateway.8`, is made from the\n"
    "same table.\n"
    "\n"
    "Each setting has a name in the environment and a key in a file of [TOML](https://toml.io). The file is "
    "the one of\n"
    "`--config FILE`, or `gateway.toml` in the working directory, if it is there. Keys are compared without "
    "regard to\n"
    "case. A key with a dot may also stand in a table: `shards.count = 4`, or `count = 4` under `[shards]`.\n"
    "\n"
    "The order of precedence: the environment, a file of a secret (`DISCORD_TOKEN_FILE`, `AMQP_URL_FILE`), a "
    "credential\n"
    "of systemd (`discord-token` and `amqp-url` in `CREDENTIALS_DIRECTORY`), the file of settings, the "
    "default. An empty\n"
    "variable counts as not set. The exception is `DISCORD_SHARD_IDS`, where an empty list would mean all "
    "shards. In the\n"
    "file of settings, `token_file` and `amqp.url_file` name files of secrets as well.\n"
    "\n"
    "Lists have commas in the environment, and are lists in a file. Durations have a unit: `500ms`, `8s`, "
    "`2m`, `1h30m`.\n"
    "Sizes may have one: `64K`, `1M`, `2G`. `spectacles-gateway check` checks everything without a network: "
    "it tells all\n"
    "problems at once, and exits with 0 when the gateway can run, with 75 when what is wrong may pass, and "
    "with 78 when\n"
    "a person has to mend something. A name in the environment or a key that is nearly that of a setting is "
    "a mistake\n"
    "(`DISCORD_TOKN`), and so is every unknown key in a file.\n"
    "\n"
    "Without `DISCORD_PROXY` and `BROKER_PROXY` the environment names the proxies, with the names that curl "
    "has:\n"
    "`HTTPS_PROXY` for Discord, `AMQP_PROXY` or `AMQPS_PROXY` for the broker, `ALL_PROXY` for both. "
    "`NO_PROXY` lists the\n"
    "hosts that are reached without one, whoever has named the proxy. `check` checks them.\n"
    "\n"
    "*Reloads* means that a change is followed on SIGHUP, which also reads the files of secrets and of "
    "certificates\n"
    "again. Everything else needs a restart. What becomes of connections that stand: [credentials that\n"
    "change](operations.md#credentials-that-change).\n"
    "\n"
    "| environment | key in a file | values | default | reloads | meaning |\n"
    "|---|---|---|---|---|---|\n";

void page_markdown(FILE *out)
{
    fputs(head, out);
    for (int id = 0; id < SETTING_COUNT; id++) {
        const struct setting *setting = setting_of((enum setting_id)id);
        fprintf(out, "| `%s` | `%s` | ", setting->name, setting->key);
        page_write_values(out, setting, "`");
        fprintf(out, " | %s | %s | %s |\n", page_fallback(setting),
                setting->flags & SETTING_RELOADS ? "yes" : "no", setting->help);
    }
}
