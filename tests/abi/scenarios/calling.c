/* Calling the library: sessions, audio, configurations, and a callback that does not return. */
#include "driver.h"

uint8_t zeros[MIB];
/* More than the core buffers, so that it is dropped whole. All of it is there, for a library that
 * reads what it is given. */
uint8_t too_large[9 * MIB];

struct speech speech;

/* What one begin returned, beside the session. */
int32_t begin_status;

struct SPSessionContext context(enum SPSessionMode mode, struct session *session) {
    struct SPSessionContext context = {.mode = mode};
    pthread_mutex_lock(&book.lock);
    session->token = ++book.last_token;
    session->from = book.count;
    pthread_mutex_unlock(&book.lock);
#if KOE_ABI >= 3
    context.session_token = session->token;
#endif
    return context;
}

struct session begin(enum SPSessionMode mode) {
    struct session session;
    begin_status = sp_core_session_begin(context(mode, &session));
    return session;
}

/* Like begin, for threads that race. */
int32_t begin_only(void) {
    struct session session;
    return sp_core_session_begin(context(HOLD, &session));
}

int32_t push(const uint8_t *bytes, size_t size) {
    int32_t worst = 0;
    for (size_t done = 0; done < size; done += FRAME_BYTES) {
        size_t length = size - done < FRAME_BYTES ? size - done : FRAME_BYTES;
        if (sp_core_push_audio(bytes + done, (uint32_t)length, done) != 0)
            worst = -1;
    }
    return worst;
}

bool create(void) { return check_int(sp_core_create(NULL), 0, "create"); }

bool destroy(const char *name) {
    double start = now();
    sp_core_destroy();
    double took = now() - start;
    return check(took <= DESTROY_LIMIT_S, name, "destroy took %.1f s", took);
}

void get_everything(void) {
    (void)sp_core_get_feedback_config();
    (void)sp_core_get_hotkey_config();
#if KOE_ABI >= 3
    (void)sp_core_get_clipboard_config();
    sp_core_free_string(NULL);
#endif
}

int32_t cancel_or_end(void) {
#if KOE_ABI >= 2
    return sp_core_session_cancel();
#else
    return sp_core_session_end();
#endif
}

/* A second of silence, with the callbacks that belong to it. */
bool silent_session(const char *name) {
    struct session session = begin(HOLD);
    push(zeros, SECOND_BYTES);
    sp_core_session_end();
    return expect(session, "I", SILENCE("hold"), name);
}

/* ---- configuration --------------------------------------------------------------------------- */

static const char PLAIN_CONFIG[] = "llm:\n  enabled: false\n";
const char NONSENSE_CONFIG[] = "asr:\n  provider: nonsense\nllm:\n  enabled: false\n";

char folder[PATH_BYTES];

static const char *config_path(const char *suffix) {
    static char path[2][PATH_BYTES + 32];
    char *chosen = path[*suffix ? 1 : 0];
    snprintf(chosen, sizeof path[0], "%s/config.yaml%s", folder, suffix);
    return chosen;
}

void write_config(const char *text) {
    FILE *file = fopen(config_path(""), "w");
    if (!file || fputs(text, file) == EOF || fclose(file) != 0) {
        perror(config_path(""));
        exit(2);
    }
}

void set_config_aside(void) { rename(config_path(""), config_path(".aside")); }

void put_config_back(void) {
    remove(config_path("")); /* Windows renames to no name that is taken */
    rename(config_path(".aside"), config_path(""));
}

bool prepare_home(void) {
    if (!prepare_folder(folder))
        return false;
    if (access(config_path(""), F_OK) != 0)
        write_config(PLAIN_CONFIG);
    return true;
}

/* ---- a callback that does not return ---------------------------------------------------------- */

/* A gate in on_session_ready, so that a callback can keep the core's thread as long as it takes. */
struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

void open_gate(bool open) {
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

void go_through_gate(void) {
    pthread_mutex_lock(&gate.lock);
    while (!gate.open)
        pthread_cond_wait(&gate.opened, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    atomic_store(&gate.passed, true);
}

void ready_and_stuck(TOKEN_ONLY) {
    record(TOKEN, composed("R"));
    go_through_gate();
}
