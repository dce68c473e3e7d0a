/*
 * What calls answer where nothing works.
 *
 *     failing            in a library whose Python can't start
 *     failing fork       in forks of a process that uses the library, while it does; the core of
 *                        that one works on
 *     failing fresh      in a fork of a process that has not used it: there it works
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "koe_core.h"
#include "koe_extra.h"

static void show(const char *name, char *text) {
    printf("%s [%s]\n", name, text);
    sp_core_free_string(text);
}

static void progress(void *ctx, uint32_t index, uint32_t count, uint64_t bytes, uint64_t total,
                     const char *name) {
    (void)ctx, (void)index, (void)count, (void)bytes, (void)total, (void)name;
    printf("called\n");
}

static void ended(void *ctx, int32_t status, const char *message) {
    (void)ctx, (void)status, (void)message;
    printf("called\n");
}

static void call_everything(void) {
    struct SPSessionContext context = {.mode = HOLD};
    uint8_t frame[2] = {0, 0};
    printf("create %d\n", sp_core_create(NULL));
    printf("create %d\n", sp_core_create(NULL));
    printf("begin %d\n", sp_core_session_begin(context));
    printf("push %d\n", sp_core_push_audio(frame, sizeof frame, 0));
    printf("end %d\n", sp_core_session_end());
    printf("cancel %d\n", sp_core_session_cancel());
    printf("accept %d\n", sp_core_accept_asr_result());
    printf("reload %d\n", sp_core_reload_config());
    printf("restore %u\n", (unsigned)sp_core_get_clipboard_config().restore_delay_ms);
    show("get", sp_config_get("a"));
    show("get_json", sp_config_get_json("a"));
    printf("set %d\n", sp_config_set("a", "1"));
    show("trigger_key", sp_config_resolved_trigger_key());
    show("profiles", sp_llm_profiles_json());
    printf("save_profiles %d\n", sp_llm_save_profiles_json("{}"));
    show("templates", sp_core_get_prompt_templates_json());
    printf("set_templates %d\n", sp_core_set_prompt_templates_json("[]"));
    show("local_providers", sp_core_supported_local_providers());
    show("llm_providers", sp_core_supported_llm_providers());
    printf("rewrite %d\n", sp_core_rewrite_with_template(0, "x"));
    show("test", sp_llm_test("", "", "", ""));
    show("test_profile", sp_llm_test_profile_json("{}"));
    show("models", sp_llm_list_models_json("", ""));
    show("models_of_profile", sp_llm_list_models_for_profile_json("{}"));
    show("scan", sp_core_scan_models_json());
    printf("status %d\n", sp_model_status("a", 0));
    printf("download %d\n", sp_core_download_model("a", progress, ended, NULL));
    printf("cancel_download %d\n", sp_core_cancel_download("a"));
    printf("remove %d\n", sp_core_remove_model_files("a"));
    printf("level %u\n", (unsigned)koe_feature_level());
    printf("history %s\n", koe_history_json(NULL) ? "" : "NULL");
    printf("entry %s\n", koe_history_entry_json("last") ? "" : "NULL");
    printf("retry %d\n", koe_history_retry("last", NULL, 1));
    printf("recorrect %d\n", koe_history_recorrect("last", NULL, 1));
    printf("export %d\n", koe_history_export("last", "last.wav"));
    printf("remove_entry %d\n", koe_history_remove("last"));
    printf("register %d\n", koe_register_local_engine("mlx", NULL));
    char *error = koe_last_error();
    printf("last_error [%s]\n", error ? error : "");
    koe_free(error);
    sp_core_register_callbacks((struct SPCallbacks){0});
    sp_core_destroy();
}

#ifndef _WIN32
enum { FORKS = 20 };

static atomic_bool enough;

/* Whatever a lock protects, this holds it now and then. */
static void *keep_busy(void *unused) {
    uint8_t frame[640] = {0};
    while (!atomic_load(&enough)) {
        sp_core_register_callbacks((struct SPCallbacks){0});
        sp_core_session_begin((struct SPSessionContext){.mode = HOLD});
        sp_core_push_audio(frame, sizeof frame, 0);
        sp_core_session_cancel();
    }
    return unused;
}

/* Run something in a fork; false if it did not end well. */
static bool in_a_fork(void (*work)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(30); /* it hangs */
        work();
        fflush(stdout);
        _exit(0);
    }
    int status = -1;
    return waitpid(child, &status, 0) == child && status == 0;
}

static void be_silent(void) {
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(1);
    call_everything();
}

static int fork_while_busy(void) {
    pthread_t busy;
    if (sp_core_create(NULL) != 0 || pthread_create(&busy, NULL, keep_busy, NULL) != 0)
        return 1;
    for (int i = 0; i < FORKS; i++)
        if (!in_a_fork(be_silent))
            return 1;
    atomic_store(&enough, true);
    pthread_join(busy, NULL);
    if (!in_a_fork(call_everything) || sp_core_reload_config() != 0)
        return 1;
    sp_core_destroy();
    return 0;
}

static void use_it(void) {
    printf("create %d\n", sp_core_create(NULL));
    sp_core_destroy();
}

#endif

int main(int argc, char **argv) {
#ifndef _WIN32
    if (argc == 2 && strcmp(argv[1], "fork") == 0)
        return fork_while_busy();
    if (argc == 2 && strcmp(argv[1], "fresh") == 0)
        return in_a_fork(use_it) ? 0 : 1;
#endif
    (void)argc, (void)argv;
    call_everything();
    return 0;
}
