/*
 * Functions for shells of the last generation, apart from dictation: settings windows, language
 * models and speech models. Python implements them; this file has the results if Python fails.
 * The functions of seam.h for texts and environment variables are here too, for all generations.
 */
#include "contract.h"
#include "python.h"
#include "seam.h"

#include <stdlib.h>
#include <string.h>

char *koe_copy_text(const char *text) {
    return strdup(text);
}

void koe_free_text(char *text) {
    free(text);
}

#ifdef _WIN32

/* Unlike getenv, this supports values outside the code page. */
char *koe_getenv(const char *name) {
    int name_size = MultiByteToWideChar(CP_UTF8, 0, name, -1, NULL, 0);
    wchar_t *wide_name = calloc((size_t)name_size + 1, sizeof *wide_name), *wide = NULL;
    char *value = NULL;
    if (wide_name && MultiByteToWideChar(CP_UTF8, 0, name, -1, wide_name, name_size) > 0) {
        DWORD room = GetEnvironmentVariableW(wide_name, NULL, 0); /* 0: it is not set */
        wide = room ? calloc(room, sizeof *wide) : NULL;
        if (wide && GetEnvironmentVariableW(wide_name, wide, room) < room) {
            int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
            value = calloc((size_t)size + 1, 1);
            if (value)
                WideCharToMultiByte(CP_UTF8, 0, wide, -1, value, size, NULL, NULL);
        }
    }
    free(wide_name);
    free(wide);
    return value;
}

#else

char *koe_getenv(const char *name) {
    const char *value = getenv(name);
    return value ? strdup(value) : NULL;
}

#endif

#if KOE_ABI == 3

/* --- settings windows ------------------------------------------------------------------------ */

/* Python's answer, or a copy of the text for a failure. */
static char *answer_or(char *answer, const char *none) {
    return answer ? answer : koe_copy_text(none);
}

KOE_EXPORT char *sp_config_get(const char *key_path) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_config_get(key_path));
    return answer_or(answer, "");
}

KOE_EXPORT char *sp_config_get_json(const char *key_path) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_config_get_json(key_path));
    return answer_or(answer, "");
}

KOE_EXPORT int32_t sp_config_set(const char *key_path, const char *value) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_config_set(key_path, value));
    return done;
}

KOE_EXPORT char *sp_config_resolved_trigger_key(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_trigger_key());
    return answer_or(answer, "fn");
}

KOE_EXPORT char *sp_llm_profiles_json(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_profiles());
    return answer_or(answer, "{\"active_profile\":\"openai\",\"error\":\"koe could not start\","
                              "\"profiles\":{}}");
}

KOE_EXPORT int32_t sp_llm_save_profiles_json(const char *json) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_save_profiles(json));
    return done;
}

KOE_EXPORT char *sp_core_get_prompt_templates_json(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_templates(koe_live_core()));
    return answer_or(answer, "[]");
}

KOE_EXPORT int32_t sp_core_set_prompt_templates_json(const char *json_str) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_save_templates(koe_live_core(), json_str));
    return done;
}

KOE_EXPORT char *sp_core_supported_local_providers(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_local_providers());
    return answer_or(answer, "[]");
}

KOE_EXPORT char *sp_core_supported_llm_providers(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_llm_providers());
    return answer_or(answer, "[]");
}

/* --- language models outside of sessions ----------------------------------------------------- */

KOE_EXPORT int32_t sp_core_rewrite_with_template(int32_t template_index, const char *asr_text) {
    uint64_t core = koe_live_core();
    int32_t rewrites = -1;
    if (core != 0)
        KOE_CALL_PYTHON(rewrites,
                    koe_py_rewrite(core, template_index, asr_text, koe_last_token()));
    return rewrites;
}

#define NO_TEST "{\"elapsed_ms\":0,\"message\":\"koe could not start\",\"success\":false}"
#define NO_LIST "{\"message\":\"koe could not start\",\"models\":[],\"success\":false}"

KOE_EXPORT char *sp_llm_test(const char *base_url, const char *api_key, const char *model,
                         const char *max_token_param) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_llm_test(koe_live_core(), base_url, api_key, model, max_token_param));
    return answer_or(answer, NO_TEST);
}

KOE_EXPORT char *sp_llm_test_profile_json(const char *profile_json) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_llm_test_profile(koe_live_core(), profile_json));
    return answer_or(answer, NO_TEST);
}

KOE_EXPORT char *sp_llm_list_models_json(const char *base_url, const char *api_key) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_llm_models(koe_live_core(), base_url, api_key));
    return answer_or(answer, NO_LIST);
}

KOE_EXPORT char *sp_llm_list_models_for_profile_json(const char *profile_json) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_llm_models_of_profile(koe_live_core(), profile_json));
    return answer_or(answer, NO_LIST);
}

/* --- models ----------------------------------------------------------------------------------- */

KOE_EXPORT char *sp_core_scan_models_json(void) {
    char *answer = NULL;
    KOE_ASK_PYTHON(answer, koe_py_scan_models());
    return answer_or(answer, "[]");
}

KOE_EXPORT int32_t sp_model_status(const char *model_path, int32_t mode) {
    int32_t found = -1;
    KOE_ASK_PYTHON(found, koe_py_model_status(model_path, mode));
    return found < 0 ? 0 : found;
}

KOE_EXPORT int32_t sp_core_remove_model_files(const char *model_path) {
    int32_t done = -1;
    KOE_ASK_PYTHON(done, koe_py_remove_model(model_path));
    return done;
}

KOE_EXPORT int32_t sp_core_download_model(const char *model_path, ModelProgressCallback progress_cb,
                                      ModelStatusCallback status_cb, void *ctx) {
    uint64_t core = koe_live_core();
    int32_t started = -2;
    if (core != 0)
        KOE_CALL_PYTHON(started, koe_py_download(core, model_path, (uintptr_t)progress_cb,
                                             (uintptr_t)status_cb, (uintptr_t)ctx));
    return started;
}

KOE_EXPORT int32_t sp_core_cancel_download(const char *model_path) {
    uint64_t core = koe_live_core();
    int32_t cancelled = 0;
    if (core != 0)
        KOE_CALL_PYTHON(cancelled, koe_py_cancel_download(core, model_path));
    return cancelled > 0;
}

KOE_EXPORT void sp_core_free_string(char *s) {
    free(s);
}
#endif
