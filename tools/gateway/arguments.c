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
    } commands[] = {{"run", COMMAND_RUN},   {"check", COMMAND_CHECK},      {"settings", COMMAND_SETTINGS},
                    {"top", COMMAND_TOP},   {"--help", COMMAND_HELP},      {"-h", COMMAND_HELP},
                    {"help", COMMAND_HELP}, {"--version", COMMAND_VERSION}};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(commands[i].name, argument) == 0) {
            arguments->command = commands[i].command;
            return true;
        }
    }
    return false;
}

static void read_config(struct arguments *arguments, struct line *line, const char *argument)
{
    const char *path = argument[8] == '=' ? argument + 9 : NULL;
    if (!path && line->at + 1 < line->argc)
        path = line->argv[++line->at];
    if (!path || !*path)
        refuse(line, "--config", "a file is expected behind it: --config gateway.toml");
    else
        arguments->config = path;
}

static void read_argument(struct arguments *arguments, struct line *line, bool *has_command)
{
    const char *argument = line->argv[line->at];
    if (strcmp(argument, "--config") == 0 || strncmp(argument, "--config=", 9) == 0)
        read_config(arguments, line, argument);
    else if (strcmp(argument, "--json") == 0)
        arguments->json = true;
    else if (strcmp(argument, "--markdown") == 0)
        arguments->markdown = true;
    else if (strcmp(argument, "--once") == 0)
        arguments->once = true;
    else if (strcmp(argument, "--man") == 0)
        arguments->man = true;
    else if (advice_for_go(argument))
        refuse_go(line, argument);
    else if (*has_command || !read_command(arguments, argument))
        refuse(line, argument,
               *has_command ? "it has no place here: `spectacles-gateway --help` lists the commands"
                            : "there is no such command or option: `spectacles-gateway --help` lists all");
    else
        *has_command = true;
}

static void check_options(const struct arguments *arguments, struct line *line)
{
    if (arguments->json && arguments->command != COMMAND_CHECK)
        refuse(line, "--json", "it is an option of `spectacles-gateway check`");
    if (arguments->man && (arguments->command != COMMAND_SETTINGS || arguments->markdown))
        refuse(line, "--man", "it is an option of `spectacles-gateway settings`, without --markdown");
    if (arguments->markdown && arguments->command != COMMAND_SETTINGS)
        refuse(line, "--markdown", "it is an option of `spectacles-gateway settings`");
    if (arguments->once && arguments->command != COMMAND_TOP)
        refuse(line, "--once", "it is an option of `spectacles-gateway top`");
}

void arguments_read(struct arguments *arguments, int argc, const char *const *argv, struct problems *problems)
{
    struct line line = {.at = 1, .argc = argc, .argv = argv, .problems = problems};
    bool has_command = false;
    *arguments = (struct arguments){.command = COMMAND_RUN};
    for (; line.at < argc; line.at++)
        read_argument(arguments, &line, &has_command);
    if (!problems->first)
        check_options(arguments, &line);
}
