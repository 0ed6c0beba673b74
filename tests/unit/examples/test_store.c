#include "store.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SHARDS = 4,
    FILE_MOST = 4096
};

/* ---- Shards and a relay that say what the test wants ---- */

struct spectacles_shard {
    uint32_t id;
    uint32_t count;
    const char *session; /* NULL: none */
    uint64_t seq;
};

static spectacles_shard shards[SHARDS];
static spectacles_shard *served[SHARDS];
static spectacles_gap gaps[SHARDS];
static size_t gap_count;

uint32_t spectacles_shard_id(const spectacles_shard *shard)
{
    return shard->id;
}

uint32_t spectacles_shard_count(const spectacles_shard *shard)
{
    return shard->count;
}

int spectacles_shard_session(const spectacles_shard *shard, spectacles_session *out)
{
    if (!shard->session)
        return SPECTACLES_E_STATE;
    *out = (spectacles_session){.size = sizeof *out,
                                .shard_id = shard->id,
                                .shard_count = shard->count,
                                .seq = shard->seq,
                                .session_id = shard->session,
                                .resume_url = shard->id ? "wss://resume.test/" : ""};
    return SPECTACLES_OK;
}

int spectacles_relay_gap(const spectacles_relay *relay, size_t index, spectacles_gap *out)
{
    (void)relay;
    if (index >= gap_count)
        return 0;
    *out = gaps[index];
    return 1;
}

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
    unlink(path);
    return rmdir(folder);
}

static struct store *open_store(void)
{
    return store_open(path, "token", 1);
}

/* So many shards of a bot with as many, all with sessions; nothing is on the disk, and it works. */
static struct store *begin(size_t count)
{
    static const char *const names[] = {"s0", "s1", "s2", "s3"};
    unlink(path);
    folder_error = file_error = rename_error = synced_folders = 0;
    gap_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        shards[i] = (spectacles_shard){i, (uint32_t)count, names[i], 17 + i};
        served[i] = &shards[i];
    }
    return open_store();
}

static void add_gap(uint32_t shard, const char *old_session, const char *new_session)
{
    gaps[gap_count++] = (spectacles_gap){.size = sizeof *gaps,
                                         .shard_id = shard,
                                         .seq = 5,
                                         .next = 1,
                                         .time = 1767225600000,
                                         .old_session = old_session,
                                         .new_session = new_session};
}

static void write_all(struct store *store, size_t count)
{
    store_write(store, served, count, NULL, 1000);
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

/* ---- Tests ---- */

static void what_is_stored_is_found(void **state)
{
    (void)state;
    size_t count;
    struct store *store = begin(2);
    assert_null(store_find(store, 0));
    assert_true(store_knows(store, 0, 2));
    add_gap(0, "older", "s0");
    add_gap(1, NULL, NULL);
    write_all(store, 2);
    store_close(store);
    store = open_store();
    const spectacles_session *session = store_find(store, 1);
    assert_string_equal(session->session_id, "s1");
    assert_string_equal(session->resume_url, "wss://resume.test/");
    assert_string_equal(store_find(store, 0)->resume_url, "");
    assert_int_equal(session->seq, 18);
    assert_int_equal(session->shard_count, 2);
    assert_null(store_find(store, 2));
    const spectacles_gap *found = store_gaps(store, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[0].old_session, "older");
    assert_string_equal(found[0].new_session, "s0");
    assert_int_equal(found[0].seq, 5);
    assert_null(found[1].old_session);
    assert_null(found[1].new_session);
    assert_int_equal(found[1].time, 1767225600000);
    store_close(store);
}

/* Cut anywhere, and one byte of it another one. */
static void no_torn_file_is_believed(void **state)
{
    (void)state;
    char text[FILE_MOST];
    struct store *store = begin(2);
    add_gap(0, "older", "s0");
    write_all(store, 2);
    store_close(store);
    size_t length = read_file(text);
    for (size_t i = 0; i < 2 * length; i++) {
        bool cut = i < length;
        text[i % length] ^= (char)!cut;
        write_file(text, cut ? i : length);
        text[i % length] ^= (char)!cut;
        size_t count;
        store = open_store();
        if (store_knows(store, 0, 2))
            fail_msg("%s at byte %zu, and believed", cut ? "cut" : "changed", i % length);
        assert_null(store_find(store, 0));
        store_gaps(store, &count);
        assert_int_equal(count, 0);
        store_close(store);
    }
}

static void another_bots_file_is_not_believed(void **state)
{
    (void)state;
    struct store *store = begin(1);
    write_all(store, 1);
    store_close(store);
    store = store_open(path, "other", 1);
    assert_false(store_knows(store, 0, 1));
    store_close(store);
    store = store_open(path, "token", 3);
    assert_false(store_knows(store, 0, 1));
    store_close(store);
}

/* More shards: the new ones have no session, and still have missed something. */
static void of_another_number_of_shards(void **state)
{
    (void)state;
    struct store *store = begin(2);
    write_all(store, 2);
    store_close(store);
    store = open_store();
    assert_true(store_knows(store, 0, 2));
    assert_true(store_knows(store, 0, 4)); /* its shard tells of the session that it can not go on with */
    assert_false(store_knows(store, 2, 4));
    store_close(store);
    /* Fewer: a gap of a shard that is no more is nobody's to declare. */
    store = begin(4);
    add_gap(3, "older", "s3");
    write_all(store, 4);
    store_close(store);
    store = open_store();
    assert_true(store_knows(store, 0, 4));
    assert_false(store_knows(store, 0, 2));
    store_close(store);
}

/* Some shards are served elsewhere for a while; what is known of them stays. */
static void what_is_not_served_here_is_kept(void **state)
{
    (void)state;
    size_t count;
    struct store *store = begin(4);
    add_gap(3, "older", "s3");
    write_all(store, 4);
    store_close(store);
    store = open_store();
    gap_count = 0;
    shards[0].seq = 99;
    write_all(store, 2);
    store_close(store);
    store = open_store();
    assert_int_equal(store_find(store, 0)->seq, 99);
    assert_string_equal(store_find(store, 3)->session_id, "s3");
    store_gaps(store, &count);
    assert_int_equal(count, 1);
    store_close(store);
    /* Not so when the number of shards is another one. */
    store = open_store();
    shards[0].count = 1;
    write_all(store, 1);
    store_close(store);
    store = open_store();
    assert_null(store_find(store, 3));
    store_gaps(store, &count);
    assert_int_equal(count, 0);
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
        shards[0].seq++;
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
        store = open_store();
        assert_int_equal(store_find(store, 0)->seq, 18);
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
    shards[0].seq++;
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
        cmocka_unit_test(no_torn_file_is_believed),
        cmocka_unit_test(another_bots_file_is_not_believed),
        cmocka_unit_test(of_another_number_of_shards),
        cmocka_unit_test(what_is_not_served_here_is_kept),
        cmocka_unit_test(a_disk_that_fails_is_tried_again),
        cmocka_unit_test(a_folder_that_can_not_be_synced_is_fine),
        cmocka_unit_test(a_file_that_vanished_is_written_again),
        cmocka_unit_test(it_is_written_when_something_changed),
    };
    return cmocka_run_group_tests_name("examples_store", tests, make_folder, remove_folder);
}
