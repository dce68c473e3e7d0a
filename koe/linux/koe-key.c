/* koe-key WORD: sends a word to the daemon, and waits until the daemon has accepted it.
 *
 * A key must not wait for Python to start; this program takes a few milliseconds.
 * koe/linux/control.py describes the protocol. Exit status: 0 accepted, 1 refused or no daemon,
 * 2 wrong usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const WORDS[] = {"press", "release", "press_profile", "release_profile", "begin",
    "end", "toggle", "toggle_profile", "cancel", "retry"};

static int fail(const char *what, const char *reason)
{
    fprintf(stderr, "koe-key: %s%s%s\n", what, *reason ? ": " : "", reason);
    return 1;
}

static int usage(void)
{
    fputs("usage: koe-key press|release|begin|end|toggle|cancel|retry\n"
          "press_profile, release_profile and toggle_profile are for the profile hotkey.profile\n"
          "press and release do what the hotkey does; koe ctl --help describes the other words\n",
          stderr);
    return 2;
}

static int is_word(const char *text)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strcmp(text, WORDS[i]) == 0)
            return 1;
    return 0;
}

/* Prints the sentence of a refusal: the text after "message": ", up to its closing quote. */
static int refused(const char *answer)
{
    const char *text = strstr(answer, "\"message\": \"");
    if (!text)
        return fail("koe serve refused, and did not say why", "");
    fputs("koe-key: ", stderr);
    for (text += strlen("\"message\": \""); *text && *text != '"'; text++) {
        if (*text == '\\' && text[1])
            text++;
        fputc(*text, stderr);
    }
    fputc('\n', stderr);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 2 || !is_word(argv[1]))
        return usage();
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (!runtime || !*runtime)
        return fail("XDG_RUNTIME_DIR is not set; log in to a desktop, or set it to /run/user/UID", "");

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/koe/control.sock", runtime);
    if (length < 0 || (size_t)length >= sizeof address.sun_path)
        return fail("the path in XDG_RUNTIME_DIR is too long; set it to /run/user/UID", "");

    int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 5};
    if (peer < 0 || setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
        setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
        return fail("no socket can be made", strerror(errno));
    if (connect(peer, (struct sockaddr *)&address, sizeof address) < 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return fail("koe serve is not running; to start it: systemctl --user start koe, "
                        "or: koe serve", "");
        return fail(address.sun_path, strerror(errno));
    }

    struct ucred daemon;
    socklen_t size = sizeof daemon;
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &daemon, &size) < 0 || daemon.uid != getuid())
        return fail(address.sun_path, "it is the socket of another user, whose koe serve would "
                    "record you; remove it, or set XDG_RUNTIME_DIR to a folder of yours");

    char line[64];
    length = snprintf(line, sizeof line, "{\"do\": \"%s\"}\n", argv[1]);
    if (send(peer, line, (size_t)length, MSG_NOSIGNAL) != length)
        return fail("the request can't be sent to koe serve", strerror(errno));

    /* The answer begins with whether it was accepted; a status that follows may be long. */
    static char answer[4096];
    size_t got = 0;
    while (got < sizeof answer - 1 && !memchr(answer, '\n', got)) {
        ssize_t more = recv(peer, answer + got, sizeof answer - 1 - got, 0);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return fail("koe serve does not answer", strerror(errno));
        if (more == 0)
            break;
        got += (size_t)more;
    }
    if (got == 0)
        return fail("koe serve has ended", "");
    return strncmp(answer, "{\"ok\": true", strlen("{\"ok\": true")) == 0 ? 0 : refused(answer);
}
