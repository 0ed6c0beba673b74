/*
 * The command line: a command, and options. main.c calls it.
 */
#include "arguments.h"

#include "redact.h"

#include <string.h>

enum {
    SHOWN_SIZE = 64
};

/* The command line while it is read. */
struct line {
    int at;
    int argc;
    const char *const *argv;
    struct problems *problems;
};

static void refuse(struct line *line, const char *argument, const char *advice)
{
    char shown[SHOWN_SIZE];
    size_t length = strcspn(argument, "=");
    redact(shown, sizeof shown, argument, length);
    problems_add(line->problems, PROBLEM_IS_FINAL, shown, "%s", advice);
}

/* The Go daemon's flags, with one dash or two. */
static const char *advice_for_go(const char *argument)
{
    const char *name = argument + strspn(argument, "-");
    size_t length = strcspn(name, "=");
    if (argument[0] == '-' && length == 6 && strncmp(name, "config", 6) == 0)
        return "this is how the Go daemon has it: write --config FILE";
    if (argument[0] == '-' && length == 8 && strncmp(name, "loglevel", 8) == 0)
        return "this is how the Go daemon has it: set LOG_LEVEL, or log.level in a file";
    return NULL;
}

/* The value that stands behind the flag belongs to it. */
static void refuse_go(struct line *line, const char *argument)
{
    refuse(line, argument, advice_for_go(argument));
    if (!strchr(argument, '=') && line->at + 1 < line->argc && line->argv[line->at + 1][0] != '-')
        line->at++;
}

static bool read_command(struct arguments *arguments, const char *argument)
{
    static const struct {
        const char *name;
        enum command command;
    } commands[] = {
        {"run", COMMAND_RUN},           {"check", COMMAND_CHECK},      {"doctor", COMMAND_DOCTOR},
        {"settings", COMMAND_SETTINGS}, {"top", COMMAND_TOP},          {"sessions", COMMAND_SESSIONS},
        {"fleet", COMMAND_FLEET},       {"--help", COMMAND_HELP},      {"-h", COMMAND_HELP},
        {"help", COMMAND_HELP},         {"--version", COMMAND_VERSION}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, argument) == 0) {
            arguments->command = commands[i].command;
            return true;
        }
    }
    return false;
}

/* The value of an option: behind = or in the next argument. NULL: it is missing, which was told. */
static const char *read_value(struct line *line, const char *name, const char *advice)
{
    const char *argument = line->argv[line->at];
    const char *value = argument[strlen(name)] == '=' ? argument + strlen(name) + 1 : NULL;
    if (!value && line->at + 1 < line->argc)
        value = line->argv[++line->at];
    if (value && *value)
        return value;
    refuse(line, name, advice);
    return NULL;
}

static bool is_option(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && (argument[length] == '=' || argument[length] == '\0');
}

static void add_word(struct arguments *arguments, struct line *line, const char *argument)
{
    if (arguments->word_count < ARGUMENTS_WORDS_MAX)
        arguments->words[arguments->word_count++] = argument;
    else
        refuse(line, argument, "there are too many words: write shards as 0,2,4-7");
}

/* Options that have no value. */
static bool read_flag(struct arguments *arguments, const char *argument)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--json", &arguments->json},
                 {"--markdown", &arguments->markdown},
                 {"--once", &arguments->once},
                 {"--man", &arguments->man},
                 {"--all", &arguments->all}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(flags[i].name, argument) == 0)
            return *flags[i].flag = true;
    }
    return false;
}

static bool has_words(const struct arguments *arguments)
{
    return arguments->command == COMMAND_SESSIONS || arguments->command == COMMAND_FLEET;
}

static void read_argument(struct arguments *arguments, struct line *line, bool *has_command)
{
    const char *argument = line->argv[line->at];
    if (is_option(argument, "--config"))
        arguments->config =
            read_value(line, "--config", "a file is expected behind it: --config gateway.toml");
    else if (is_option(argument, "--prefix"))
        arguments->prefix =
            read_value(line, "--prefix", "what keys of Redis begin with is expected behind it");
    else if (read_flag(arguments, argument))
        return;
    else if (advice_for_go(argument))
        refuse_go(line, argument);
    else if (*has_command && has_words(arguments) && argument[0] != '-')
        add_word(arguments, line, argument);
    else if (*has_command || !read_command(arguments, argument))
        refuse(line, argument,
               *has_command ? "it has no place here: `spectacles-gateway --help` lists the commands"
                            : "there is no such command or option: `spectacles-gateway --help` lists all");
    else
        *has_command = true;
}

static void check_options(const struct arguments *arguments, struct line *line)
{
    if (arguments->man && (arguments->command != COMMAND_SETTINGS || arguments->markdown))
        refuse(line, "--man", "it is an option of `spectacles-gateway settings`, without --markdown");
    bool is_sessions = arguments->command == COMMAND_SESSIONS;
    bool is_report = arguments->command == COMMAND_CHECK || arguments->command == COMMAND_DOCTOR;
    if (arguments->json && !is_report && !has_words(arguments))
        refuse(line, "--json",
               "it is an option of `spectacles-gateway check`, `doctor`, `sessions list` and `fleet status`");
    if (arguments->all && !is_sessions)
        refuse(line, "--all", "it is an option of `spectacles-gateway sessions forget`");
    if (arguments->prefix && !is_sessions)
        refuse(line, "--prefix", "it is an option of `spectacles-gateway sessions import`");
    if (arguments->markdown && arguments->command != COMMAND_SETTINGS)
        refuse(line, "--markdown", "it is an option of `spectacles-gateway settings`");
    if (arguments->once && arguments->command != COMMAND_TOP)
        refuse(line, "--once", "it is an option of `spectacles-gateway top`");
}

/* Also behind a command, where people try it. */
static bool asks_for_help(int argc, const char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            return true;
    }
    return false;
}

void arguments_read(struct arguments *arguments, int argc, const char *const *argv, struct problems *problems)
{
    struct line line = {.at = 1, .argc = argc, .argv = argv, .problems = problems};
    bool has_command = false;
    *arguments = (struct arguments){.command = asks_for_help(argc, argv) ? COMMAND_HELP : COMMAND_RUN};
    if (arguments->command == COMMAND_HELP)
        return;
    for (; line.at < argc; line.at++)
        read_argument(arguments, &line, &has_command);
    if (!problems->first)
        check_options(arguments, &line);
}
