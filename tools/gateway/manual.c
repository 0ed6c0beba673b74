/*
 * The man page: what the daemon is, its commands and signals by hand, its settings from their table. main.c calls it,
 * and spectacles-gateway.8 is what it writes.
 */
#include "manual.h"

#include "page.h"

#include <stdlib.h>
#include <string.h>

static const char head[] =
    ".\\\" Made by `spectacles-gateway settings --man`: change tools/gateway/manual.c and setting.c "
    "instead.\n"
    ".TH SPECTACLES\\-GATEWAY 8 \"\" \"libspectacles\" \"System administration\"\n"
    ".SH NAME\n"
    "spectacles\\-gateway \\- Discord on one side, workers behind RabbitMQ on the other\n"
    ".SH SYNOPSIS\n"
    ".B spectacles\\-gateway\n"
    "[\\fBrun\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR]\n"
    ".br\n"
    ".B spectacles\\-gateway check\n"
    "[\\fB\\-\\-json\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR]\n"
    ".br\n"
    ".B spectacles\\-gateway doctor\n"
    "[\\fB\\-\\-json\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR]\n"
    ".br\n"
    ".B spectacles\\-gateway sessions\n"
    "\\fBlist\\fR | \\fBexport\\fR | \\fBimport\\fR [\\fIFILE\\fR] | \\fBforget\\fR \\fISHARDS\\fR\n"
    ".br\n"
    ".B spectacles\\-gateway fleet\n"
    "\\fBstatus\\fR | \\fBmove\\fR \\fISLOTS\\fR [\\fIMEMBER\\fR] | \\fBdrain\\fR \\fIMEMBER\\fR |\n"
    "\\fBreshard\\fR \\fISHARDS\\fR | \\fBreshard abort\\fR\n"
    ".br\n"
    ".B spectacles\\-gateway settings\n"
    "[\\fB\\-\\-markdown\\fR | \\fB\\-\\-man\\fR]\n"
    ".br\n"
    ".B spectacles\\-gateway top\n"
    "[\\fB\\-\\-once\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR]\n"
    ".SH DESCRIPTION\n"
    "The gateway serves shards of one Discord bot: it publishes the events that it receives to RabbitMQ, and "
    "sends\n"
    "the packets of workers to Discord. An event counts as handled when RabbitMQ has confirmed it. With a\n"
    ".B SESSION_FILE\n"
    "the next process goes on where this one was, also after a kill: what the session still has is repeated, "
    "and what\n"
    "is lost for good is declared by a record under the key SPECTACLES_GAP.\n"
    ".PP\n"
    "The gateway asks Discord for GET /gateway/bot, connects to RabbitMQ, and declares the queues for "
    "commands. Then\n"
    "shards without a stored session identify. GET /gateway/bot is asked again every hour; the number of "
    "shards stays.\n"
    ".SH COMMANDS\n"
    ".TP\n"
    ".B run\n"
    "Runs the gateway until SIGTERM. This is the command when none is named.\n"
    ".TP\n"
    ".B check\n"
    "Checks the settings without a network, and prints those in effect without secrets.\n"
    ".TP\n"
    ".B doctor\n"
    "Looks at everything that the gateway needs, network included, and says of each finding why it matters "
    "and\n"
    "what mends it. Nothing is identified.\n"
    ".TP\n"
    ".B sessions\n"
    "Shows the stored sessions of SESSION_FILE, writes them as JSON lines, reads such lines, or forgets "
    "shards, whose next\n"
    "start identifies and declares a gap. All but list need the gateway stopped.\n"
    ".TP\n"
    ".B fleet\n"
    "With FLEET=on: shows the members of the fleet and who owns which slot, gives slots to a member or back "
    "to the\n"
    "plan, drains a member, before it is stopped, or goes to another number of shards while events flow. It "
    "connects to\n"
    "RabbitMQ, and is no member itself.\n"
    ".TP\n"
    ".B settings\n"
    "Lists all settings.\n"
    ".TP\n"
    ".B top\n"
    "Shows the running gateway in a terminal, every two seconds, or once. It asks the gateway at "
    "PROMETHEUS_ADDRESS,\n"
    "and needs no token.\n"
    ".SH SIGNALS\n"
    ".TP\n"
    ".B SIGTERM, SIGINT, SIGQUIT\n"
    "Stop in order, within STOP_TIMEOUT: confirms are waited for, and the sessions stay resumable. A second "
    "signal, a\n"
    "second later or more, ends the gateway at once.\n"
    ".TP\n"
    ".B SIGHUP\n"
    "Reads the settings again, with the files of secrets and of certificates, and follows those that are "
    "marked as\n"
    "reloading below. Connections that stand go on; the next ones are made with the new token, password or "
    "authorities.\n"
    "When a setting or a file is wrong, nothing changes.\n"
    ".TP\n"
    ".B SIGUSR1\n"
    "Writes the counters into the log.\n"
    ".TP\n"
    ".B SIGUSR2\n"
    "Switches the log between LOG_LEVEL and debug.\n"
    ".PP\n"
    "Other signals that would end or stop a program are ignored.\n"
    ".SH SETTINGS\n"
    "A setting is read from the environment, from a file of a secret (DISCORD_TOKEN_FILE), from a credential "
    "of\n"
    "systemd, or from FILE (TOML; gateway.toml is read if it is there), in this order.\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n"
    ".B 0\n"
    "The gateway was told to stop.\n"
    ".TP\n"
    ".B 75\n"
    "What is wrong may pass, or a stop was over before all events were confirmed: start the gateway again.\n"
    ".TP\n"
    ".B 78\n"
    "A person has to mend something: a setting, the token, the intents. In a unit of systemd:\n"
    "RestartPreventExitStatus=78.\n"
    ".SH FILES\n"
    ".TP\n"
    ".I gateway.toml\n"
    "Settings, in the working directory, unless \\-\\-config names another file.\n"
    ".SH SEE ALSO\n"
    "rabbitmq\\-server(8), systemd.service(5)\n";

/* Text of the table: without the marks of Markdown, and with no character that roff takes for its own. */
static void write_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else if (*text != '`')
            fputc(*text, out);
    }
}

static void write_values(FILE *out, const struct setting *setting)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return;
    page_write_values(stream, setting, "");
    if (fclose(stream) == 0)
        write_text(out, text);
    free(text);
}

static void write_setting(FILE *out, const struct setting *setting)
{
    fputs(".TP\n.B ", out);
    write_text(out, setting->name);
    fputs("\n(", out);
    write_text(out, setting->key);
    fputs(" in a file; ", out);
    write_values(out, setting);
    fputs("; default: ", out);
    write_text(out, page_fallback(setting));
    fprintf(out, "%s)\n.br\n", setting->flags & SETTING_RELOADS ? "; reloads" : "");
    write_text(out, setting->help);
    fputs(".\n", out);
}

void manual_write(FILE *out)
{
    fputs(head, out);
    for (int id = 0; id < SETTING_COUNT; id++)
        write_setting(out, setting_of((enum setting_id)id));
    fputs(tail, out);
}
