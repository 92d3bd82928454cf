#include "control/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/base/digest.h"
#include "proxy/base/random.h"

/* Written under another name and then linked, so that a crash leaves no half of a secret and
 * nobody's file is overwritten. */
static bool
secret_write(const char *path, const char hex[DIGEST_HEX_SIZE])
{
    char made[PATH_MAX];
    int size = snprintf(made, sizeof(made), "%s.new", path);
    if (size < 0 || (size_t)size >= sizeof(made)) {
        errno = ENAMETOOLONG;
        return false;
    }
    unlink(made);
    int fd = open(made, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    errno = ENOSPC; /* of a write that is cut short */
    bool is_made = write(fd, hex, DIGEST_HEX_SIZE) == DIGEST_HEX_SIZE && fsync(fd) == 0 &&
                   link(made, path) == 0;
    int number = errno;
    close(fd);
    unlink(made);
    errno = number;
    return is_made;
}

static enum err
secret_make(const char *path, uint8_t secret[SECRET_SIZE], char *error, size_t error_size)
{
    struct digest made;
    char hex[DIGEST_HEX_SIZE];
    random_fill(made.bytes, sizeof(made.bytes));
    digest_to_hex(&made, hex);
    hex[DIGEST_HEX_SIZE - 1] = '\n';
    if (!secret_write(path, hex)) {
        int number = errno;
        snprintf(error, error_size,
                 "cannot make the secret file %s: %s; check `secret_file` and its folder", path,
                 strerror(number));
        return err_from_errno(number);
    }
    memcpy(secret, made.bytes, SECRET_SIZE);
    return ERR_OK;
}

enum err
secret_load(const char *path, uint8_t secret[SECRET_SIZE], char *error, size_t error_size)
{
    char text[DIGEST_HEX_SIZE + 1];
    struct digest read_secret;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return secret_make(path, secret, error, error_size);
    }
    if (fd < 0) {
        int number = errno;
        snprintf(error, error_size, "cannot read the secret file %s: %s", path, strerror(number));
        return err_from_errno(number);
    }
    struct stat facts;
    ssize_t size = read(fd, text, sizeof(text));
    bool is_open_to_others = fstat(fd, &facts) == 0 && (facts.st_mode & 077) != 0;
    close(fd);
    bool has_end = size == DIGEST_HEX_SIZE && text[size - 1] == '\n';
    if (!(has_end || size == DIGEST_HEX_SIZE - 1) ||
        !digest_from_hex((struct span){text, DIGEST_HEX_SIZE - 1}, &read_secret)) {
        snprintf(error, error_size,
                 "the secret file %s does not hold 64 hex digits; give it the other nodes' "
                 "content, or remove it and "
                 "a new one is made",
                 path);
        return ERR_INVALID;
    }
    if (is_open_to_others) {
        snprintf(error, error_size, "the secret file %s may be read by others: chmod 600 %s", path,
                 path);
        return ERR_PERMISSION;
    }
    memcpy(secret, read_secret.bytes, SECRET_SIZE);
    return ERR_OK;
}
