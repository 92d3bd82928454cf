#include "proxy/base/clock.h"

#include <string.h>
#include <time.h>

static uint64_t
clock_read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
clock_mono_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

uint64_t
clock_coarse_ms(void)
{
    return clock_read_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

uint64_t
clock_wall_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}

static void
put_digits(char *out, unsigned value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void
format_second(uint64_t wall_s, char out[CLOCK_RFC3339_SIZE])
{
    time_t seconds = (time_t)wall_s;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    memcpy(out, "0000-00-00T00:00:00.000Z", CLOCK_RFC3339_SIZE);
    put_digits(out, (unsigned)(parts.tm_year + 1900), 4);
    put_digits(out + 5, (unsigned)(parts.tm_mon + 1), 2);
    put_digits(out + 8, (unsigned)parts.tm_mday, 2);
    put_digits(out + 11, (unsigned)parts.tm_hour, 2);
    put_digits(out + 14, (unsigned)parts.tm_min, 2);
    put_digits(out + 17, (unsigned)parts.tm_sec, 2);
}

/* gmtime_r takes a lock that all threads share, so each thread asks it once a second at most. */
void
clock_format_rfc3339(uint64_t wall_us, char out[CLOCK_RFC3339_SIZE])
{
    static _Thread_local uint64_t kept_s = UINT64_MAX;
    static _Thread_local char kept[CLOCK_RFC3339_SIZE];
    if (wall_us / 1000000 != kept_s) {
        kept_s = wall_us / 1000000;
        format_second(kept_s, kept);
    }
    memcpy(out, kept, CLOCK_RFC3339_SIZE);
    put_digits(out + 20, (unsigned)(wall_us / 1000 % 1000), 3);
}

void
clock_format_http(uint64_t wall_us, char out[CLOCK_HTTP_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    memcpy(out, "Ddd, 00 Mmm 0000 00:00:00 GMT", CLOCK_HTTP_SIZE);
    memcpy(out, days + 3 * parts.tm_wday, 3);
    put_digits(out + 5, (unsigned)parts.tm_mday, 2);
    memcpy(out + 8, months + 3 * parts.tm_mon, 3);
    put_digits(out + 12, (unsigned)(parts.tm_year + 1900), 4);
    put_digits(out + 17, (unsigned)parts.tm_hour, 2);
    put_digits(out + 20, (unsigned)parts.tm_min, 2);
    put_digits(out + 23, (unsigned)parts.tm_sec, 2);
}
