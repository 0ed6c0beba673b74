/* `spectacles-gateway fleet`: status, move, drain and reshard. main.c calls it. */
#include "fleet.h"

#include "fleet_move.h"
#include "fleet_reshard.h"
#include "fleet_show.h"
#include "quantity.h"
#include "redact.h"
#include "shard_ids.h"

#include <stdlib.h>
#include <string.h>

static const char where[] = "fleet";
static const char usage[] =
    "write fleet status, fleet move SLOTS [MEMBER], fleet drain MEMBER, fleet reshard SHARDS, or "
    "fleet reshard abort";

enum {
    SHOWN_SIZE = 80
};

struct run {
    const struct fleet_command *command;
    struct problems *problems;
    struct fleet_watch watch;
};

static void refuse(struct run *run, const char *text)
{
    problems_add(run->problems, PROBLEM_IS_FINAL, where, "%s", text);
}

static const char *word(const struct run *run, size_t index)
{
    const struct arguments *arguments = run->command->arguments;
    return index < arguments->word_count ? arguments->words[index] : NULL;
}

/* ---- status ---- */

static void status(struct run *run)
{
    spectacles_fleet_member_info info;
    spectacles_fleet_member_info_init(&info, sizeof info);
    if (spectacles_fleet_member(run->watch.handle.fleet, 0, &info) != 1)
        problems_add(run->problems, PROBLEM_MAY_PASS, where,
                     "nobody is in the fleet of the group '%.100s': start a gateway with FLEET=on",
                     settings_value(run->command->settings, SETTING_GROUP)->text);
    fleet_show(run->command->out, run->command->arguments->json, &run->watch, run->command->settings);
}

/* ---- move ---- */

static bool is_member(struct run *run, const char *name)
{
    char shown[SHOWN_SIZE];
    if (fleet_watch_find(&run->watch, name, NULL))
        return true;
    redact(shown, sizeof shown, name, strlen(name));
    problems_add(run->problems, PROBLEM_IS_FINAL, where,
                 "'%s' is not in the fleet: `spectacles-gateway fleet status` shows who is", shown);
    return false;
}

/* "all", or slots as 0,2,4-7. */
static bool want_slots(struct run *run, const char *text, const char *member, struct fleet_wishes *out)
{
    struct arena arena = {0};
    struct value value = {0};
    struct setting slots = *setting_of(SETTING_SHARD_IDS);
    struct reading reading = {&arena, run->problems};
    uint32_t count = spectacles_fleet_slot_count(run->watch.handle.fleet);
    struct given given = {.setting = &slots, .where = where, .text = text, .length = strlen(text)};
    slots.most = count - 1;
    bool is_all = strcmp(text, "all") == 0;
    bool is_read = is_all || shard_ids_read(&reading, &given, &value);
    for (uint32_t slot = 0; is_all && slot < count; slot++)
        out->members[slot] = member;
    for (size_t i = 0; is_read && i < value.number_count; i++)
        out->members[value.numbers[i]] = member;
    arena_free(&arena);
    return is_read;
}

static void move(struct run *run)
{
    struct fleet_wishes wishes = {0};
    const char *member = word(run, 2);
    if (member && !is_member(run, member))
        return;
    if (!want_slots(run, word(run, 1), member ? member : "", &wishes) ||
        !fleet_move(run->command->out, &run->watch, &wishes))
        return;
    if (member)
        fprintf(run->command->out,
                "the slots are with %s, and stay there as long as it is in the fleet; "
                "`spectacles-gateway fleet move SLOTS` gives them back to the plan\n",
                member);
    else
        fprintf(run->command->out, "the slots go where the plan wants them\n");
}

/* ---- drain ---- */

static void drain(struct run *run)
{
    struct fleet_wishes wishes;
    const char *member = word(run, 1);
    struct fleet_names *names = calloc(1, sizeof *names);
    if (!names) {
        run->problems->out_of_memory = true;
        return;
    }
    if (is_member(run, member) && fleet_move_plan_drain(&run->watch, member, names, &wishes) &&
        fleet_move(run->command->out, &run->watch, &wishes))
        fprintf(run->command->out,
                "%s owns no slot, and gets none: stop it now. When it is back, `spectacles-gateway fleet "
                "move all` "
                "gives all slots back to the plan\n",
                member);
    free(names);
}

/* ---- reshard ---- */

static void reshard(struct run *run)
{
    uint64_t shard_count = 0;
    const char *wanted = word(run, 1);
    if (strcmp(wanted, "abort") == 0)
        fleet_reshard_abort(run->command->out, &run->watch);
    else if (quantity_number(&shard_count, wanted, strlen(wanted)) && shard_count > 0 &&
             shard_count <= setting_of(SETTING_SHARD_COUNT)->most)
        fleet_reshard(run->command->out, &run->watch, (uint32_t)shard_count);
    else
        refuse(run, "write fleet reshard with the number of shards, 1 to 65536, or with abort");
}

/* ---- The command ---- */

static void run_verb(struct run *run, void (*verb)(struct run *run))
{
    if (settings_value(run->command->settings, SETTING_FLEET)->number != FLEET_ON)
        refuse(run, "FLEET is off: set FLEET=on, and everything else as the members have it");
    else if (fleet_watch_begin(&run->watch, run->command->settings, run->problems))
        verb(run);
    fleet_watch_end(&run->watch);
}

void fleet_run(const struct fleet_command *command, struct problems *problems)
{
    static const struct {
        const char *name;
        size_t words_least;
        size_t words_most;
        void (*run)(struct run *run);
    } verbs[] = {
        {"status", 1, 1, status}, {"move", 2, 3, move}, {"drain", 2, 2, drain}, {"reshard", 2, 2, reshard}};
    struct run run = {.command = command, .problems = problems};
    const char *verb = word(&run, 0);
    size_t count = command->arguments->word_count;
    for (size_t i = 0; verb && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verb, verbs[i].name) != 0)
            continue;
        if (count < verbs[i].words_least || count > verbs[i].words_most)
            refuse(&run, usage);
        else
            run_verb(&run, verbs[i].run);
        return;
    }
    refuse(&run, usage);
}
