/*
 * What shells of the last generation ask for besides dictation: settings windows, language models,
 * models. Nothing of it has a state here; Python answers, and this says what stands for no answer.
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

/* Not getenv, which knows only what fits the code page. */
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

/* Give the answer of Python, or what stands for none. */
#define ANSWER(call, none)                        \
    do {                                          \
        char *answer = NULL;                      \
        if (koe_python_start())                   \
            CALL_PYTHON(answer, call);            \
        return answer ? answer : koe_copy_text(none); \
    } while (0)

EXPORT char *sp_config_get(const char *key_path) {
    ANSWER(koe_py_config_get(key_path), "");
}

EXPORT char *sp_config_get_json(const char *key_path) {
    ANSWER(koe_py_config_get_json(key_path), "");
}

EXPORT int32_t sp_config_set(const char *key_path, const char *value) {
    STATUS(koe_py_config_set(key_path, value));
}

EXPORT char *sp_config_resolved_trigger_key(void) {
    ANSWER(koe_py_trigger_key(), "fn");
}

EXPORT char *sp_llm_profiles_json(void) {
    ANSWER(koe_py_profiles(), "{\"active_profile\":\"openai\",\"error\":\"koe could not start\","
                              "\"profiles\":{}}");
}

EXPORT int32_t sp_llm_save_profiles_json(const char *json) {
    STATUS(koe_py_save_profiles(json));
}

EXPORT char *sp_core_get_prompt_templates_json(void) {
    ANSWER(koe_py_templates(koe_live_core()), "[]");
}

EXPORT int32_t sp_core_set_prompt_templates_json(const char *json_str) {
    STATUS(koe_py_save_templates(koe_live_core(), json_str));
}

EXPORT char *sp_core_supported_local_providers(void) {
    ANSWER(koe_py_local_providers(), "[]");
}

EXPORT char *sp_core_supported_llm_providers(void) {
    ANSWER(koe_py_llm_providers(), "[]");
}

/* --- language models outside of sessions ----------------------------------------------------- */

EXPORT int32_t sp_core_rewrite_with_template(int32_t template_index, const char *asr_text) {
    uint64_t core = koe_live_core();
    int32_t rewrites = -1;
    if (core != 0)
        CALL_PYTHON(rewrites,
                    koe_py_rewrite(core, template_index, asr_text, koe_last_token()));
    return rewrites;
}

#define NO_TEST "{\"elapsed_ms\":0,\"message\":\"koe could not start\",\"success\":false}"
#define NO_LIST "{\"message\":\"koe could not start\",\"models\":[],\"success\":false}"

EXPORT char *sp_llm_test(const char *base_url, const char *api_key, const char *model,
                         const char *max_token_param) {
    ANSWER(koe_py_llm_test(koe_live_core(), base_url, api_key, model, max_token_param),
           NO_TEST);
}

EXPORT char *sp_llm_test_profile_json(const char *profile_json) {
    ANSWER(koe_py_llm_test_profile(koe_live_core(), profile_json), NO_TEST);
}

EXPORT char *sp_llm_list_models_json(const char *base_url, const char *api_key) {
    ANSWER(koe_py_llm_models(koe_live_core(), base_url, api_key), NO_LIST);
}

EXPORT char *sp_llm_list_models_for_profile_json(const char *profile_json) {
    ANSWER(koe_py_llm_models_of_profile(koe_live_core(), profile_json), NO_LIST);
}

/* --- models ----------------------------------------------------------------------------------- */

EXPORT char *sp_core_scan_models_json(void) {
    ANSWER(koe_py_scan_models(), "[]");
}

EXPORT int32_t sp_model_status(const char *model_path, int32_t mode) {
    int32_t found = -1;
    if (koe_python_start())
        CALL_PYTHON(found, koe_py_model_status(model_path, mode));
    return found < 0 ? 0 : found;
}

EXPORT int32_t sp_core_remove_model_files(const char *model_path) {
    STATUS(koe_py_remove_model(model_path));
}

EXPORT int32_t sp_core_download_model(const char *model_path, ModelProgressCallback progress_cb,
                                      ModelStatusCallback status_cb, void *ctx) {
    uint64_t core = koe_live_core();
    int32_t started = -2;
    if (core != 0)
        CALL_PYTHON(started, koe_py_download(core, model_path, (uintptr_t)progress_cb,
                                             (uintptr_t)status_cb, (uintptr_t)ctx));
    return started;
}

EXPORT int32_t sp_core_cancel_download(const char *model_path) {
    uint64_t core = koe_live_core();
    int32_t cancelled = 0;
    if (core != 0)
        CALL_PYTHON(cancelled, koe_py_cancel_download(core, model_path));
    return cancelled > 0;
}

EXPORT void sp_core_free_string(char *s) {
    free(s);
}
#endif
