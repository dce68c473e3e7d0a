/* A library whose Python can't start: what its calls answer. */
#include <stdio.h>

#include "koe_core.h"

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

int main(void) {
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
    sp_core_destroy();
    return 0;
}
