/*
 * Runs a fuzz target on every file of a folder, and on what is left of each when it is cut off at the end: for
 * compilers without libFuzzer, and so that what was found once is looked at every time.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

enum {
    MOST = 1 << 20,
    CUTS = 64
};

static void run(const uint8_t *bytes, size_t length)
{
    uint8_t *exact = malloc(length ? length : 1);
    must(exact);
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
}

static int run_file(const char *path)
{
    static uint8_t bytes[MOST];
    FILE *file = fopen(path, "rb");
    if (!file)
        return 1;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, length);
    for (size_t cut = 1; cut < CUTS && cut < length; cut++)
        run(bytes, length - length * cut / CUTS);
    return 0;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (run_file(path))
            return 1;
        count++;
    }
    closedir(folder);
    printf("%d files\n", count);
    return count == 0;
}
