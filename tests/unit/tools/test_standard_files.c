/* Descriptors 0 to 2 that were closed at the start are there, and no socket gets their numbers. */
#include "standard_files.h"

#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child: closes what the mask says. Returns the number of the next descriptor, or 100: something is wrong. */
static int first_number_after(unsigned closed)
{
    struct stat null;
    struct stat each;
    for (int fd = 0; fd < 3; fd++) {
        if (closed & 1u << fd)
            close(fd);
    }
    if (standard_files_open() != 0 || stat("/dev/null", &null) != 0)
        return 100;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &each) != 0 || (closed & 1u << fd && each.st_rdev != null.st_rdev))
            return 100;
        if (closed & 1u << fd && fd > 0 && write(fd, "x", 1) != 1)
            return 100;
    }
    return open("/dev/null", O_RDONLY);
}

static void closed_ones_are_opened_and_open_ones_stay(void **state)
{
    (void)state;
    for (unsigned closed = 0; closed < 8; closed++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            _exit(first_number_after(closed));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) > 2 && WEXITSTATUS(status) < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_ones_are_opened_and_open_ones_stay),
    };
    return cmocka_run_group_tests_name("tools/standard_files", tests, NULL, NULL);
}
