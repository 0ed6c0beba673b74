/* What `spectacles-gateway top` draws of an answer: for a file, and for a terminal that is small. */
#include "top_draw.h"

#include "unit.h"

static char drawn[16384];
static struct top_last last;

static void draw(const char *json, const struct top_screen *how)
{
    spectacles_document *document = NULL;
    struct top_screen screen = *how;
    assert_int_equal(spectacles_document_new(&document), SPECTACLES_OK);
    assert_int_equal(spectacles_document_parse(document, SPECTACLES_FORMAT_JSON, 0, (const uint8_t *)json,
                                               strlen(json), NULL),
                     SPECTACLES_OK);
    memset(drawn, 0, sizeof drawn);
    screen.out = fmemopen(drawn, sizeof drawn - 1, "w");
    assert_non_null(screen.out);
    top_draw(&screen, spectacles_document_root(document), &last);
    fclose(screen.out);
    spectacles_document_free(document);
}

static const char status[] =
    "{\"version\":\"0.1.0\",\"group\":\"gateway\",\"time\":7200000,\"started\":0,\"stopping\":false,"
    "\"events\":{\"received\":5000},\"window\":{\"unconfirmed\":12,\"limit\":2000,\"full\":3,\"full_time\":"
    "1500},"
    "\"budget\":{\"total\":1000,\"left\":990,\"reset\":7260000},"
    "\"commands\":{\"waiting\":4,\"rejected\":0,\"queues_lost\":1},"
    "\"brokers\":[{\"name\":\"events\",\"state\":\"READY\",\"blocked\":true,\"text\":\"low \\u001b[2J on "
    "memory\"}],"
    "\"gaps\":{\"today\":0,\"since_start\":2},\"store\":{\"used\":true,\"failing\":false,\"last_success\":"
    "7198000},"
    "\"shards\":[{\"id\":0,\"state\":\"READY\",\"latency\":41},{\"id\":1,\"state\":\"BACKOFF\",\"latency\":"
    "41,"
    "\"close\":{\"code\":1006,\"text\":\"reset\"}},{\"id\":2,\"state\":\"READY\",\"latency\":1500},"
    "{\"id\":3,\"state\":\"FATAL\"},{\"id\":4,\"state\":\"IDENTIFY_WAIT\"},{\"id\":5,\"state\":\"CLOSED\"}]}";

static void everything_is_on_one_page(void **state)
{
    (void)state;
    last = (struct top_last){.time = 7198000, .received = 1000};
    draw(status, &(struct top_screen){.columns = 80});
    assert_non_null(strstr(drawn, "Spectacles gateway, group gateway, version 0.1.0, up for 2 h 0 min\n"));
    assert_non_null(strstr(drawn, "! shards        2 of 6 ready, 2000 events/s\n"));
    assert_non_null(strstr(drawn, "! AMQP events   READY, BLOCKED, low ?[2J on memory\n"));
    assert_non_null(strstr(drawn, "  window        12 of 2000 unconfirmed, full 3 times, 1 s\n"));
    assert_non_null(strstr(drawn, "  identifies    990 of 1000 left, all again in 60 s\n"));
    assert_non_null(strstr(drawn, "! commands      4 waiting, 0 rejected, 1 queue is not consumed\n"));
    assert_non_null(strstr(drawn, "  gaps          0 today (UTC), 2 since the start\n"));
    assert_non_null(strstr(drawn, "  sessions      stored 2 s ago, 0 failures\n"));
    assert_non_null(strstr(drawn, "     0  .!~Xo-\n"));
    assert_non_null(strstr(drawn, "     1  BACKOFF           41 ms  reset\n"));
    assert_non_null(strstr(drawn, "     2  READY           1500 ms  its heartbeats are slow\n"));
    assert_null(strstr(drawn, "\033"));
}

static void a_fleet_has_a_line(void **state)
{
    (void)state;
    draw("{\"fleet\":{\"member\":\"web-1\",\"connected\":true,\"leads\":true,\"members\":3,"
         "\"slots\":{\"IDLE\":10,\"WAITING\":2,\"OWNED\":4,\"DOUBTFUL\":0}}}",
         &(struct top_screen){.columns = 80});
    assert_non_null(strstr(drawn, "  fleet         4 of 16 slots owned, 3 members, this one leads\n"));
    draw("{\"fleet\":{\"connected\":false,\"members\":3,\"slots\":{\"IDLE\":12,\"OWNED\":1,\"DOUBTFUL\":3}}}",
         &(struct top_screen){.columns = 80});
    assert_non_null(
        strstr(drawn, "! fleet         NOT CONNECTED, 1 of 16 slots owned, 3 doubtful, 3 members\n"));
    draw(status, &(struct top_screen){.columns = 80});
    assert_null(strstr(drawn, "fleet"));
}

static void two_numbers_of_shards_are_told_apart(void **state)
{
    (void)state;
    draw(
        "{\"fleet\":{\"connected\":true,\"phase\":\"OVERLAP\",\"shard_count\":2,\"wanted_shards\":4,"
        "\"slots\":{}},\"brokers\":[{\"name\":\"events\",\"shard_count\":4,\"state\":\"READY\"}],"
        "\"shards\":[{\"id\":0,\"shard_count\":2,\"state\":\"READY\"},"
        "{\"id\":1,\"shard_count\":2,\"state\":\"FATAL\"},{\"id\":0,\"shard_count\":4,\"state\":\"READY\"}]}",
        &(struct top_screen){.columns = 80});
    assert_non_null(strstr(drawn, "  reshard       from 2 to 4 shards, OVERLAP\n"));
    assert_non_null(strstr(drawn, "  events of 4   READY, \n"));
    assert_non_null(strstr(drawn, "of 2 shards:\n     0  .X\nof 4 shards:\n     0  .\n"));
}

/* A terminal shows as many shards as it has lines, and no line is wider. */
static void it_fits_into_a_terminal(void **state)
{
    size_t lines = 0;
    (void)state;
    draw(status, &(struct top_screen){.columns = 20, .rows = 16, .has_colours = true});
    for (const char *at = drawn; (at = strchr(at, '\n')); at++)
        lines++;
    assert_in_range(lines, 10, 16);
    assert_null(strstr(drawn, "reset"));
    assert_non_null(strstr(drawn, "\033[1;31m! shards"));
    assert_null(strstr(drawn, "\033[2J"));
}

/* A gateway that is older or younger leaves members out. */
static void what_is_missing_is_nothing(void **state)
{
    (void)state;
    last = (struct top_last){0};
    draw("{}", &(struct top_screen){.columns = 80});
    assert_non_null(strstr(drawn, "shards        0 of 0 ready"));
    assert_null(strstr(drawn, "identifies"));
    draw("[1]", &(struct top_screen){.columns = 1});
    draw("{\"shards\":[1,null,{\"id\":-1}],\"brokers\":{},\"time\":1,\"started\":2}",
         &(struct top_screen){.columns = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_on_one_page),
        cmocka_unit_test(a_fleet_has_a_line),
        cmocka_unit_test(two_numbers_of_shards_are_told_apart),
        cmocka_unit_test(it_fits_into_a_terminal),
        cmocka_unit_test(what_is_missing_is_nothing),
    };
    return cmocka_run_group_tests_name("tools/top_draw", tests, NULL, NULL);
}
