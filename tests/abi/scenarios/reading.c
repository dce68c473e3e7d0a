/* Reading the log of callbacks: waiting for some, comparing them with what was to come. */
#include "driver.h"

/* "X(*)" stands for X with any text, anything else for itself. */
static bool matches(const char *pattern, size_t length, const char *text) {
    if (length >= 3 && strncmp(pattern + length - 3, "(*)", 3) == 0)
        return strncmp(pattern, text, length - 2) == 0;
    return strlen(text) == length && strncmp(pattern, text, length) == 0;
}

static size_t pattern_length(const char *patterns) {
    const char *end = strstr(patterns, THEN);
    return end ? (size_t)(end - patterns) : strlen(patterns);
}

static const char *next_pattern(const char *patterns) {
    const char *end = strstr(patterns, THEN);
    return end ? end + strlen(THEN) : NULL;
}

static bool matches_any(const char *patterns, const char *text) {
    for (const char *p = patterns; p; p = next_pattern(p))
        if (matches(p, pattern_length(p), text))
            return true;
    return false;
}

/* With the lock held. */
static bool belongs(const struct entry *entry, struct session session) {
    return KOE_ABI < 3 || entry->token == session.token;
}

/* Waits until the session has made that many callbacks that match one of the patterns. */
bool wait_for(struct session session, const char *any_of, size_t times, double seconds) {
    struct timespec until = deadline(seconds);
    bool found = false;
    pthread_mutex_lock(&book.lock);
    for (int status = 0;;) {
        size_t seen = 0;
        for (size_t i = session.from; i < book.count; i++)
            seen += belongs(&book.entries[i], session) && matches_any(any_of, book.entries[i].text);
        found = seen >= times;
        if (found || status == ETIMEDOUT)
            break;
        status = pthread_cond_timedwait(&book.changed, &book.lock, &until);
    }
    pthread_mutex_unlock(&book.lock);
    return found;
}

/* A fiftieth of a second. */
void pause_briefly(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until = deadline(0.02);
    pthread_mutex_lock(&lock);
    while (pthread_cond_timedwait(&never, &lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&lock);
}

/* Whether no callback comes for a while: none of this session, or with NULL none at all. */
bool quiet(const struct session *session) {
    struct timespec until = deadline(QUIET_S);
    bool still = true;
    pthread_mutex_lock(&book.lock);
    size_t seen = book.count;
    for (int status = 0; still && status != ETIMEDOUT;) {
        status = pthread_cond_timedwait(&book.changed, &book.lock, &until);
        for (; seen < book.count; seen++)
            if (!session || belongs(&book.entries[seen], *session))
                still = false;
    }
    pthread_mutex_unlock(&book.lock);
    return still;
}

/* The session's callbacks without the kinds in skip, as one string. The caller frees it. */
char *story(struct session session, const char *skip) {
    char *all = composed("%s", "");
    pthread_mutex_lock(&book.lock);
    for (size_t i = session.from; i < book.count; i++) {
        const struct entry *entry = &book.entries[i];
        if (!belongs(entry, session) || strchr(skip, entry->text[0]))
            continue;
        char *longer = composed("%s%s%s", all, *all ? THEN : "", entry->text);
        free(all);
        all = longer;
    }
    pthread_mutex_unlock(&book.lock);
    return all;
}

bool follows(struct session session, const char *skip, const char *want) {
    bool good = true;
    pthread_mutex_lock(&book.lock);
    for (size_t i = session.from; i < book.count; i++) {
        const struct entry *entry = &book.entries[i];
        if (!belongs(entry, session) || strchr(skip, entry->text[0]))
            continue;
        good = good && want && matches(want, pattern_length(want), entry->text);
        want = want ? next_pattern(want) : NULL;
    }
    pthread_mutex_unlock(&book.lock);
    return good && !want;
}

/* Waits for the end of the session and checks that it made these callbacks and none after them. */
bool expect(struct session session, const char *skip, const char *want, const char *name) {
    bool ended = wait_for(session, ENDS, 1, ANSWER_S);
    bool still = quiet(&session);
    bool good = ended && follows(session, skip, want);
    char *got = story(session, skip);
    check(good && still, name, "%s, want [%s], got [%s]",
          !ended  ? "no end"
          : still ? "another order"
                  : "a callback after the end",
          want, got);
    free(got);
    return good && still;
}

/* The text between the parentheses of the last entry that matches; NULL if none does. */
char *argument_of(struct session session, const char *pattern) {
    char *argument = NULL;
    pthread_mutex_lock(&book.lock);
    for (size_t i = book.count; i-- > session.from && !argument;)
        if (belongs(&book.entries[i], session) && matches_any(pattern, book.entries[i].text))
            argument =
                composed("%.*s", (int)strlen(book.entries[i].text) - 3, book.entries[i].text + 2);
    pthread_mutex_unlock(&book.lock);
    return argument;
}
