/* demo-load: the steady load of scripts/demo. Sixteen visitors on kept-alive connections read the
   page and send remarks, two more read the slow download; each answer is read whole and its build
   counted.

   demo-load PORT
   Each line on standard input says that a command begins. A switch is the first answer of a build
   that was not the one before, to a request sent after the switch before. The first answer of all
   prints "begins". At the end of input it stops, and prints "sent N", "failed N", "served BUILD N"
   for each build, and "switch FROM TO AFTER SLOWEST" for each switch: the milliseconds from the
   latest command, and those that the slowest request took that ended in the half second behind it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { VISITORS = 16, READERS = 2, ANSWER_MAX = 16 * 1024, REMARK_BYTES = 20000, PAUSE_MS = 4 };
enum { BUILDS_MAX = 4, SWITCHES_MAX = 16, AROUND_MS = 500, NAME_SIZE = 64 };

struct moved {
    char from[NAME_SIZE];
    char to[NAME_SIZE];
    double at_ms;
    double after_ms;
    double slowest_ms;
};

static struct {
    pthread_mutex_t lock;
    unsigned long sent;
    unsigned long failed;
    char build[BUILDS_MAX][NAME_SIZE];
    unsigned long served[BUILDS_MAX];
    struct moved moved[SWITCHES_MAX]; /* the first of them to the first build, from none */
    size_t moved_count;
    double command_ms;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};
static atomic_bool stops;
static uint16_t port;

static double
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void
count_answer(const char *build)
{
    pthread_mutex_lock(&seen.lock);
    for (int i = 0; i < BUILDS_MAX; i++) {
        if (seen.build[i][0] == '\0') {
            snprintf(seen.build[i], sizeof(seen.build[i]), "%s", build);
        }
        if (strcmp(seen.build[i], build) == 0) {
            seen.served[i]++;
            break;
        }
    }
    pthread_mutex_unlock(&seen.lock);
}

/* Called when an answer's head has come to a request sent at sent_ms. */
static void
note_build(const char *build, double sent_ms)
{
    pthread_mutex_lock(&seen.lock);
    size_t count = seen.moved_count;
    struct moved *last = count == 0 ? NULL : &seen.moved[count - 1];
    bool is_moved = last == NULL || (strcmp(last->to, build) != 0 && sent_ms > last->at_ms);
    if (is_moved && count < SWITCHES_MAX) {
        struct moved *moved = &seen.moved[seen.moved_count++];
        moved->at_ms = now_ms();
        moved->after_ms = moved->at_ms - seen.command_ms;
        if (last != NULL) {
            memcpy(moved->from, last->to, NAME_SIZE);
        }
        snprintf(moved->to, NAME_SIZE, "%s", build);
        if (last == NULL) {
            printf("begins\n");
        }
    }
    pthread_mutex_unlock(&seen.lock);
}

/* One more request has ended: a failed one, or one that a visitor, no reader, waited for. */
static void
note_end(bool is_good, bool is_reader, double sent_ms)
{
    pthread_mutex_lock(&seen.lock);
    double end_ms = now_ms();
    seen.sent++;
    seen.failed += is_good ? 0 : 1;
    struct moved *last = seen.moved_count == 0 ? NULL : &seen.moved[seen.moved_count - 1];
    if (!is_reader && last != NULL && end_ms - last->at_ms < AROUND_MS &&
        end_ms - sent_ms > last->slowest_ms) {
        last->slowest_ms = end_ms - sent_ms;
    }
    pthread_mutex_unlock(&seen.lock);
}

static int
visit(void)
{
    struct sockaddr_in place = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&place, sizeof(place)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool
send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Reads one answer whole: true if it is a 200 with all of its body. */
static bool
read_answer(int fd, double sent_ms)
{
    char text[ANSWER_MAX + 1];
    size_t size = 0;
    char *end = NULL;
    while (end == NULL && size < ANSWER_MAX) {
        ssize_t got = recv(fd, text + size, ANSWER_MAX - size, 0);
        if (got <= 0) {
            return false;
        }
        size += (size_t)got;
        text[size] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    char *length = end == NULL ? NULL : strcasestr(text, "\r\nContent-Length:");
    char *build = end == NULL ? NULL : strcasestr(text, "\r\nX-Build: ");
    if (length == NULL || build == NULL || strncmp(text, "HTTP/1.1 200 ", 13) != 0) {
        return false;
    }
    char name[NAME_SIZE];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(build + 11, "\r"), build + 11);
    note_build(name, sent_ms);
    size_t left = strtoul(length + 17, NULL, 10) - (size - (size_t)(end + 4 - text));
    while (left > 0) {
        ssize_t got = recv(fd, text, left < ANSWER_MAX ? left : ANSWER_MAX, 0);
        if (got <= 0) {
            return false;
        }
        left -= (size_t)got;
    }
    count_answer(name);
    return true;
}

static bool
ask(int fd, const char *path, bool is_post)
{
    static const char remark[REMARK_BYTES];
    char head[256];
    double sent_ms = now_ms();
    int size = snprintf(head, sizeof(head),
                        "%s %s HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: %d\r\n\r\n",
                        is_post ? "POST" : "GET", path, is_post ? REMARK_BYTES : 0);
    return send_all(fd, head, (size_t)size) && (!is_post || send_all(fd, remark, sizeof(remark))) &&
           read_answer(fd, sent_ms);
}

static void *
visitor(void *argument)
{
    bool is_reader = argument != NULL;
    int fd = visit();
    for (unsigned turn = 0; !stops; turn++) {
        bool is_post = !is_reader && turn % 4 == 3;
        double sent_ms = now_ms();
        bool is_good = fd >= 0 && ask(fd,
                                      is_reader ? "/download"
                                      : is_post ? "/upload"
                                                : "/",
                                      is_post);
        note_end(is_good, is_reader, sent_ms);
        if (!is_good) {
            if (fd >= 0) {
                close(fd);
            }
            fd = visit();
        }
        poll(NULL, 0, PAUSE_MS);
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

static void
take_commands(void)
{
    char line[128];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        pthread_mutex_lock(&seen.lock);
        seen.command_ms = now_ms();
        pthread_mutex_unlock(&seen.lock);
    }
}

static void
report(void)
{
    printf("sent %lu\nfailed %lu\n", seen.sent, seen.failed);
    for (int i = 0; i < BUILDS_MAX && seen.build[i][0] != '\0'; i++) {
        printf("served %s %lu\n", seen.build[i], seen.served[i]);
    }
    for (size_t i = 1; i < seen.moved_count; i++) {
        const struct moved *moved = &seen.moved[i];
        printf("switch %s %s %.1f %.1f\n", moved->from, moved->to, moved->after_ms,
               moved->slowest_ms);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: demo-load PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    port = (uint16_t)strtoul(argv[1], NULL, 10);
    seen.command_ms = now_ms();
    pthread_t threads[VISITORS + READERS];
    for (int i = 0; i < VISITORS + READERS; i++) {
        void *is_reader = i < VISITORS ? NULL : &seen;
        if (pthread_create(&threads[i], NULL, visitor, is_reader) != 0) {
            perror("pthread_create");
            return 1;
        }
    }
    take_commands();
    stops = true;
    for (int i = 0; i < VISITORS + READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    report();
    return seen.failed == 0 ? 0 : 1;
}
