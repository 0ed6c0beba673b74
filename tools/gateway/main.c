/*
 * The program spectacles-gateway: runs the daemon, or checks and explains its settings. The system calls main().
 *
 * Exit codes: 0; 75, what is wrong may pass; 78, a person has to mend something. With RestartPreventExitStatus=78
 * systemd does not start again what cannot run.
 */
#include "arguments.h"
#include "check.h"
#include "daemon.h"
#include "doctor.h"
#include "files.h"
#include "fleet.h"
#include "manual.h"
#include "page.h"
#include "program.h"
#include "read.h"
#include "sessions.h"
#include "standard_files.h"
#include "top.h"

#include <curl/curl.h>
#include <spectacles/spectacles.h>
#include <stdio.h>

extern char **environ;

static const char help[] =
    "usage: spectacles-gateway [COMMAND] [--config FILE]\n\n"
    "  run                    runs the gateway until SIGTERM; this is the command when none is named\n"
    "  check [--json]         checks the settings without a network: values, files, rights, limits, events "
    "against\n"
    "                         intents; prints the settings in effect without secrets\n"
    "  doctor [--json]        looks at everything that the gateway needs, network included: names, Discord,\n"
    "                         certificates, clock, RabbitMQ, rights, queues, sessions, other gateways; says "
    "of\n"
    "                         each finding why it matters and what mends it; nothing is identified\n"
    "  settings [--markdown | --man]\n"
    "                         lists all settings; as the page or the man page that come with the gateway\n"
    "  top [--once]           shows the running gateway in a terminal, by PROMETHEUS_ADDRESS\n"
    "  sessions list [--json]                      shows the stored sessions\n"
    "  sessions export                             writes them as JSON lines; with a session and the token,\n"
    "                                              anybody can resume it\n"
    "  sessions import [--prefix PREFIX] [FILE]    reads such lines, or keys of the Go daemon's Redis\n"
    "  sessions forget SHARDS | --all              the next start identifies them, and declares a gap\n"
    "  fleet status [--json]                       shows the members of the fleet, and who owns which slot\n"
    "  fleet move SLOTS [MEMBER]                   gives slots, as 0,2,4-7 or all, to a member, or back to "
    "the "
    "plan\n"
    "  fleet drain MEMBER                          gives all slots of a member to the others, before it is "
    "stopped\n"
    "  fleet reshard SHARDS | abort                goes to another number of shards while events flow, or "
    "back\n"
    "  --help, --version\n\n"
    "Settings are read from the environment, from files of secrets (DISCORD_TOKEN_FILE, AMQP_URL_FILE, "
    "credentials of\n"
    "systemd) and from FILE; gateway.toml is read if it is there.\n\n"
    "Exit codes: 0; 75 when what is wrong may pass; 78 when a person has to mend something.\n";

static int print_problems(const struct problems *problems)
{
    for (const struct problem *each = problems->first; each; each = each->next)
        fprintf(stderr, "spectacles-gateway: %s: %s\n", each->where, each->text);
    return problems_exit_code(problems);
}

static void print_version(void)
{
    char program[PROGRAM_SIZE];
    program_describe(program);
    puts(program);
}

static struct settings_input input_of(const struct arguments *arguments)
{
    return (struct settings_input){
        .environ = (const char *const *)environ, .config = arguments->config, .read_file = files_read};
}

static int run(const struct arguments *arguments)
{
    struct settings_input input = input_of(arguments);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int code = daemon_run(&input);
    curl_global_cleanup();
    return code;
}

static void read_and_check(struct settings *settings, const struct arguments *arguments,
                           struct problems *problems)
{
    struct settings_input input = input_of(arguments);
    settings_read(settings, &input, problems);
    files_check(settings, problems);
    files_check_sessions(settings, problems);
}

static int doctor(const struct arguments *arguments, struct problems *problems)
{
    struct settings settings;
    read_and_check(&settings, arguments, problems);
    int code = doctor_run(stdout, arguments->json, &settings, problems);
    settings_free(&settings);
    return code;
}

static int check(const struct arguments *arguments, struct problems *problems)
{
    struct settings settings;
    read_and_check(&settings, arguments, problems);
    check_write(stdout, arguments->json, &settings, problems);
    settings_free(&settings);
    return problems_exit_code(problems);
}

/* Of the settings the address alone is needed: who looks at a gateway need not have its token. */
static int top(const struct arguments *arguments, struct problems *problems)
{
    struct settings settings;
    struct problems of_others = {0};
    struct settings_input input = input_of(arguments);
    settings_read(&settings, &input, &of_others);
    const char *address = settings_value(&settings, SETTING_PROMETHEUS_ADDRESS)->text;
    if (address)
        top_run(address, arguments->once, problems);
    else
        problems_add(problems, PROBLEM_IS_FINAL, "PROMETHEUS_ADDRESS",
                     "it is not set: set it as the gateway has it, as 127.0.0.1:8080");
    settings_free(&settings);
    problems_free(&of_others);
    return print_problems(problems);
}

static int sessions(const struct arguments *arguments, struct problems *problems)
{
    struct settings_input input = {
        .environ = (const char *const *)environ, .config = arguments->config, .read_file = files_read};
    struct sessions_command command = {.arguments = arguments, .input = &input, .in = stdin, .out = stdout};
    sessions_run(&command, problems);
    return print_problems(problems);
}

/* Nothing is asked of a fleet with settings that are wrong: the members would not have them either. */
static int fleet(const struct arguments *arguments, struct problems *problems)
{
    struct settings settings;
    read_and_check(&settings, arguments, problems);
    const struct fleet_command command = {.arguments = arguments, .settings = &settings, .out = stdout};
    if (problems_exit_code(problems) == 0)
        fleet_run(&command, problems);
    settings_free(&settings);
    return print_problems(problems);
}

static int run_command(const struct arguments *arguments, struct problems *problems)
{
    switch (arguments->command) {
    case COMMAND_CHECK:
        return check(arguments, problems);
    case COMMAND_DOCTOR:
        return doctor(arguments, problems);
    case COMMAND_SETTINGS:
        (arguments->man ? manual_write : arguments->markdown ? page_markdown : page_text)(stdout);
        return 0;
    case COMMAND_TOP:
        return top(arguments, problems);
    case COMMAND_SESSIONS:
        return sessions(arguments, problems);
    case COMMAND_FLEET:
        return fleet(arguments, problems);
    case COMMAND_HELP:
        fputs(help, stdout);
        return 0;
    case COMMAND_VERSION:
        print_version();
        return 0;
    default:
        return run(arguments);
    }
}

int main(int argc, char **argv)
{
    struct problems problems = {0};
    struct arguments arguments;
    if (standard_files_open() != 0)
        return PROBLEM_MAY_PASS;
    arguments_read(&arguments, argc, (const char *const *)argv, &problems);
    int code = problems.first ? print_problems(&problems) : run_command(&arguments, &problems);
    problems_free(&problems);
    if (fflush(stdout) != 0 || ferror(stdout))
        return PROBLEM_MAY_PASS;
    return code;
}
