#include "../state/fakes.h"
#include "store.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MOST = 4096
};

/* ---- A disk that fails where the test wants it ---- */

static int folder_error;
static int file_error;
static int rename_error;
static int synced_folders;

int __real_fsync(int file);
int __wrap_fsync(int file);
int __wrap_fsync(int file)
{
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    int error = S_ISDIR(status.st_mode) ? folder_error : file_error;
    synced_folders += S_ISDIR(status.st_mode) && !error;
    errno = error;
    return error ? -1 : __real_fsync(file);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to)
{
    errno = rename_error;
    return rename_error ? -1 : __real_rename(from, to);
}

/* ---- A gateway whose shards are fakes: it begins with what the store has read ---- */

static spectacles_state *taken;

int spectacles_gateway_take_state(spectacles_gateway *gateway, uint64_t unix_time)
{
    (void)gateway;
    return spectacles_state_take(taken, NULL, unix_time);
}

int spectacles_gateway_write_state(const spectacles_gateway *gateway, spectacles_bytes *out)
{
    (void)gateway;
    return spectacles_state_write(taken, out);
}

static void make_taken(const struct store *store, const spectacles_state_config *config)
{
    spectacles_bytes *bytes;
    spectacles_state_free(taken);
    assert_int_equal(spectacles_bytes_new(&bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_write(store_state(store), bytes), SPECTACLES_OK);
    assert_int_equal(spectacles_state_new(&taken, config, NULL), SPECTACLES_OK);
    assert_int_equal(spectacles_state_read(taken, spectacles_bytes_data(bytes),
                                           spectacles_bytes_length(bytes),
                                           spectacles_state_noticed_at(store_state(store)), NULL),
                     SPECTACLES_OK);
    spectacles_bytes_free(bytes);
}

/* ---- A folder of the test's own ---- */

static char folder[] = "/tmp/test_store.XXXXXX";
static char path[sizeof folder + 16];
static char temporary[sizeof path + 8];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/sessions", folder);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    spectacles_state_free(taken);
    unlink(path);
    return rmdir(folder);
}

static struct store *open_as(const char *token, uint32_t shard_count)
{
    spectacles_state_config config;
    spectacles_state_config_init(&config, sizeof config);
    config.token = token;
    config.shard_count = shard_count;
    struct store *store = store_open(path, &config);
    make_taken(store, &config);
    return store;
}

static struct store *open_store(void)
{
    return open_as("token", fake_shards[0].count);
}

/* So many shards of a bot with as many, all with sessions; nothing is on the disk, and it works. */
static struct store *begin(uint32_t count)
{
    unlink(path);
    rmdir(path);
    folder_error = file_error = rename_error = synced_folders = 0;
    fakes_reset(count);
    return open_store();
}

static void write_all(struct store *store, size_t count)
{
    fake_changed_count = count;
    store_write(store, NULL, 1000);
}

static size_t read_file(char text[FILE_MOST])
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, FILE_MOST, file);
    fclose(file);
    assert_in_range(length, 1, FILE_MOST - 1);
    text[length] = '\0';
    return length;
}

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
    return access(name, F_OK) == 0;
}

static bool find_session(const struct store *store, uint32_t shard_id, spectacles_session *session)
{
    *session = (spectacles_session){.size = sizeof *session};
    return spectacles_state_session(store_state(store), shard_id, session) == 1;
}

/* The only gap of a shard. False when there is none. */
static bool find_gap(const struct store *store, uint32_t shard_id, spectacles_gap *gap)
{
    *gap = (spectacles_gap){.size = sizeof *gap};
    bool found = spectacles_state_gap(store_state(store), shard_id, 0, gap) == 1;
    assert_int_equal(spectacles_state_gap(store_state(store), shard_id, 1, gap), 0);
    return found;
}

/* ---- Tests ---- */

static void what_is_stored_is_found(void **state)
{
    (void)state;
    spectacles_gap gap;
    spectacles_session session;
    struct store *store = begin(2);
    assert_false(find_session(store, 0, &session));
    assert_false(find_gap(store, 0, &gap));
    fake_gap(0, "older", "s0");
    fake_gap(1, NULL, NULL);
    write_all(store, 2);
    store_close(store);
    store = open_store();
    assert_true(find_session(store, 1, &session));
    assert_string_equal(session.session_id, "s1");
    assert_string_equal(session.resume_url, "wss://resume.test/");
    assert_int_equal(session.seq, 18);
    assert_false(find_session(store, 2, &session));
    assert_true(find_gap(store, 0, &gap));
    assert_string_equal(gap.old_session_id, "older");
    assert_true(find_gap(store, 1, &gap));
    assert_null(gap.old_session_id);
    store_close(store);
}

/* Each shard declares what nobody knows. */
static void assert_all_is_lost(struct store *store)
{
    spectacles_gap gap;
    spectacles_session session;
    assert_false(find_session(store, 0, &session));
    for (uint32_t id = 0; id < 2; id++) {
        assert_true(find_gap(store, id, &gap));
        assert_null(gap.old_session_id);
        assert_in_range(gap.unix_time, 1600000000000, SIZE_MAX);
    }
    store_close(store);
}

static void a_file_that_cannot_be_used_is_a_gap_of_each_shard(void **state)
{
    (void)state;
    char text[FILE_MOST];
    struct store *store = begin(2);
    write_all(store, 2);
    store_close(store);
    assert_all_is_lost(open_as("another", 2));
    size_t length = read_file(text);
    for (size_t cut = 0; cut < length; cut++) {
        write_file(text, cut);
        assert_all_is_lost(open_store());
    }
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_all_is_lost(open_store());
    rmdir(path);
}

/* Some shards are served elsewhere for a while; what is known of them stays. */
static void what_is_not_served_here_is_kept(void **state)
{
    (void)state;
    spectacles_session session;
    struct store *store = begin(4);
    write_all(store, 4);
    store_close(store);
    store = open_store();
    fake_shards[0].seq = 99;
    write_all(store, 2);
    store_close(store);
    store = open_store();
    assert_true(find_session(store, 0, &session));
    assert_int_equal(session.seq, 99);
    assert_true(find_session(store, 3, &session));
    assert_string_equal(session.session_id, "s3");
    store_close(store);
}

static void only_its_owner_can_read_it(void **state)
{
    (void)state;
    struct stat status;
    mode_t before = umask(0);
    struct store *store = begin(1);
    write_all(store, 1);
    umask(before);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    store_close(store);
}

/* More than one buffer of the reader. */
static void a_large_file_is_read_whole(void **state)
{
    (void)state;
    static char id[200];
    size_t count = 0;
    spectacles_gap gap;
    memset(id, 'x', sizeof id - 1);
    struct store *store = begin(1);
    for (int i = 0; i < FAKE_GAPS; i++)
        fake_gap(0, id, id);
    for (int i = 0; i < FAKE_GAPS; i++)
        fake_gaps[i].seq = (uint64_t)i;
    write_all(store, 1);
    store_close(store);
    store = open_store();
    gap = (spectacles_gap){.size = sizeof gap};
    while (spectacles_state_gap(store_state(store), 0, count, &gap) == 1)
        assert_int_equal(gap.seq, count++);
    assert_int_equal(count, FAKE_GAPS);
    store_close(store);
}

static void a_disk_that_fails_is_tried_again(void **state)
{
    (void)state;
    char before[FILE_MOST];
    char after[FILE_MOST];
    int *const errors[] = {&file_error, &rename_error, &folder_error};
    for (size_t i = 0; i < 3; i++) {
        struct store *store = begin(1);
        write_all(store, 1);
        assert_true(store_deadline(store) == SPECTACLES_NEVER);
        read_file(before);
        *errors[i] = EIO;
        fake_shards[0].seq++;
        write_all(store, 1);
        assert_int_equal(store_deadline(store), 2000);
        assert_false(is_there(temporary));
        read_file(after);
        /* The folder comes last: the new file stands there, but may not be there after the power fails. */
        assert_int_equal(strcmp(before, after) == 0, errors[i] != &folder_error);
        *errors[i] = 0;
        synced_folders = 0;
        write_all(store, 1);
        assert_true(store_deadline(store) == SPECTACLES_NEVER);
        assert_int_equal(synced_folders, 1);
        store_close(store);
        spectacles_session session;
        store = open_store();
        assert_true(find_session(store, 0, &session));
        assert_int_equal(session.seq, 18);
        store_close(store);
    }
}

/* Not every file system can sync folders; there it has no meaning either. */
static void a_folder_that_can_not_be_synced_is_fine(void **state)
{
    (void)state;
    struct store *store = begin(1);
    folder_error = EINVAL;
    write_all(store, 1);
    assert_true(store_deadline(store) == SPECTACLES_NEVER);
    store_close(store);
}

static void a_file_that_vanished_is_written_again(void **state)
{
    (void)state;
    struct store *store = begin(1);
    write_all(store, 1);
    unlink(path);
    write_all(store, 1);
    assert_true(is_there(path));
    store_close(store);
}

static void it_is_written_when_something_changed(void **state)
{
    (void)state;
    struct store *store = begin(1);
    write_all(store, 1);
    write_all(store, 1);
    assert_int_equal(synced_folders, 1);
    fake_shards[0].seq++;
    write_all(store, 1);
    assert_int_equal(synced_folders, 2);
    store_touch(store, 5000);
    store_touch(store, 5100);
    assert_int_equal(store_deadline(store), 5250);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_found),
        cmocka_unit_test(a_file_that_cannot_be_used_is_a_gap_of_each_shard),
        cmocka_unit_test(what_is_not_served_here_is_kept),
        cmocka_unit_test(only_its_owner_can_read_it),
        cmocka_unit_test(a_large_file_is_read_whole),
        cmocka_unit_test(a_disk_that_fails_is_tried_again),
        cmocka_unit_test(a_folder_that_can_not_be_synced_is_fine),
        cmocka_unit_test(a_file_that_vanished_is_written_again),
        cmocka_unit_test(it_is_written_when_something_changed),
    };
    return cmocka_run_group_tests_name("examples_store", tests, make_folder, remove_folder);
}
