/* Replays a corpus through a fuzz target where libFuzzer is not linked: each argument is a file or
 * a folder. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_INPUT_MAX = 4 * 1024 * 1024 };

static int
replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    uint8_t *data = malloc(FUZZ_INPUT_MAX);
    size_t size = data == NULL ? 0 : fread(data, 1, FUZZ_INPUT_MAX, file);
    fclose(file);
    /* An exact copy, so that a read past the end is seen by the address sanitizer. */
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (data == NULL || exact == NULL) {
        free(data);
        free(exact);
        return 1;
    }
    for (size_t i = 0; i < size; i++) {
        exact[i] = data[i];
    }
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int
replay(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        perror(path);
        return 1;
    }
    if (!S_ISDIR(facts.st_mode)) {
        return replay_file(path);
    }
    DIR *folder = opendir(path);
    int failed = folder == NULL;
    int replayed = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        failed |= replay_file(name);
        replayed++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    printf("%s: %d inputs replayed\n", path, replayed);
    return failed != 0 || replayed == 0;
}

int
main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++) {
        failed |= replay(argv[i]);
    }
    return failed;
}
