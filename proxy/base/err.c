#include "proxy/base/err.h"

#include <errno.h>

const char *
err_text(enum err err)
{
    static const char *const texts[ERR_COUNT] = {
#define ERR(name, text) [ERR_##name] = text,
#include "proxy/base/err.def"
#undef ERR
    };
    return (unsigned)err < ERR_COUNT ? texts[err] : "unknown error";
}

enum err
err_from_errno(int number)
{
    switch (number) {
    case 0:
        return ERR_OK;
    case ENOMEM:
        return ERR_NO_MEMORY;
    case EINVAL:
        return ERR_INVALID;
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EADDRINUSE:
        return ERR_IN_USE;
    case EACCES:
    case EPERM:
        return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
        return ERR_NO_SPACE;
    case EROFS:
        return ERR_READ_ONLY;
    case EMFILE:
    case ENFILE:
        return ERR_LIMIT;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNREFUSED:
        return ERR_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
        return ERR_UNREACHABLE;
    case ECONNRESET:
        return ERR_RESET;
    case EPIPE:
        return ERR_CLOSED;
    default:
        return ERR_IO;
    }
}
