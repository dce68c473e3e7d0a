/*
 * Drives the calls of settings windows (generation 3) through koe_core.h and nothing else.
 *
 *     windows
 *
 * Prints TAP: "ok NAME" or "not ok NAME: why" per check, and the plan at the end. Exit status: 0
 * everything ok, 1 something not. HOME must be a scratch directory without .koe, on Windows APPDATA one
 * without koe.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "koe_core.h"
#include "scratch.h"

static int checks, failures;

__attribute__((format(printf, 3, 4))) static void check(bool good, const char *name,
                                                        const char *why, ...) {
    va_list arguments;
    va_start(arguments, why);
    checks++;
    failures += !good;
    printf(good ? "ok %s" : "not ok %s: ", name);
    if (!good)
        vprintf(why, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
}

static void is(int32_t got, int32_t want, const char *name) {
    check(got == want, name, "got %d, want %d", got, want);
}

/* Takes over the answer. */
static void says(char *got, const char *want, const char *name) {
    check(got && strcmp(got, want) == 0, name, "got [%s], want [%s]", got ? got : "NULL", want);
    sp_core_free_string(got);
}

static void starts(char *got, const char *want, const char *name) {
    check(got && strncmp(got, want, strlen(want)) == 0, name, "got [%s], want [%s...]",
          got ? got : "NULL", want);
    sp_core_free_string(got);
}

static char config[PATH_BYTES + 32];

static void write_config(const char *text) {
    FILE *file = fopen(config, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(config);
        exit(2);
    }
}

static void file_is(const char *want, const char *name) {
    char text[65536] = "";
    FILE *file = fopen(config, "r");
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
    }
    check(strcmp(text, want) == 0, name, "got [%s], want [%s]", text, want);
}

static const char NOT_UTF8[] = "asr.\xff";

/* ---- what works without a core, and without a file ------------------------------------------- */

static void without_a_file(void) {
    says(sp_config_get("asr.provider"), "", "get_without_file");
    says(sp_config_get_json("asr.provider"), "", "get_json_without_file");
    is(sp_config_set("a", "1"), -1, "set_without_folder");
    says(sp_config_resolved_trigger_key(), "fn", "trigger_key_without_file");
    starts(sp_llm_profiles_json(), "{\"active_profile\":\"openai\",\"error\":\"config error: ",
           "profiles_without_file");
    says(sp_core_get_prompt_templates_json(), "[]", "templates_without_core");
    says(sp_core_supported_llm_providers(), "[\"openai\",\"anthropic\",\"apfel\"]",
         "llm_providers");
    starts(sp_core_supported_local_providers(), "[", "local_providers");
    sp_core_free_string(NULL);
}

static void bad_arguments(void) {
    says(sp_config_get(NULL), "", "get_null");
    says(sp_config_get(NOT_UTF8), "", "get_not_utf8");
    says(sp_config_get_json(NULL), "", "get_json_null");
    says(sp_config_get_json(NOT_UTF8), "", "get_json_not_utf8");
    is(sp_config_set(NULL, "1"), -1, "set_null_key");
    is(sp_config_set("a", NULL), -1, "set_null_value");
    is(sp_config_set("a", NOT_UTF8), -1, "set_value_not_utf8");
    is(sp_config_set(NOT_UTF8, "1"), -1, "set_key_not_utf8");
    is(sp_core_set_prompt_templates_json(NULL), -1, "set_templates_null");
    is(sp_core_set_prompt_templates_json(NOT_UTF8), -1, "set_templates_not_utf8");
    is(sp_core_set_prompt_templates_json("{}"), -1, "set_templates_no_list");
    is(sp_llm_save_profiles_json(NULL), -1, "save_profiles_null");
    is(sp_llm_save_profiles_json(NOT_UTF8), -1, "save_profiles_not_utf8");
    is(sp_llm_save_profiles_json("[]"), -1, "save_profiles_no_object");
}

/* ---- reading and writing --------------------------------------------------------------------- */

static void reading(void) {
    write_config("asr:\n  provider: qwen\n  qwen:\n    headers:\n      X-Team: lab\n"
                 "      X-Env: \"7\"\noverlay:\n  font_size: 15\n"
                 "t: {f: 1.50, e: 1e3, i: .inf, n: ~, h: 0x1F, b: true, s: \"${HOME}\", u: \xe6\xbc\xa2}\n");
    says(sp_config_get("asr.provider"), "qwen", "get_text");
    says(sp_config_get("overlay.font_size"), "15", "get_integer");
    says(sp_config_get("asr.qwen.headers"), "", "get_section");
    says(sp_config_get_json("asr.qwen.headers"), "{\"X-Team\":\"lab\",\"X-Env\":\"7\"}",
         "get_json_section");
    says(sp_config_get_json("overlay.font_size"), "15", "get_json_integer");
    says(sp_config_get("t.f"), "1.5", "get_float");
    says(sp_config_get("t.e"), "1000.0", "get_whole_float");
    says(sp_config_get("t.i"), ".inf", "get_infinity");
    says(sp_config_get_json("t.i"), "null", "get_json_infinity");
    says(sp_config_get("t.n"), "", "get_null_value");
    says(sp_config_get_json("t.n"), "null", "get_json_null_value");
    says(sp_config_get("t.h"), "31", "get_hexadecimal");
    says(sp_config_get("t.b"), "true", "get_boolean");
    says(sp_config_get("t.s"), "${HOME}", "get_reference");
    says(sp_config_get_json("t.u"), "\"\xe6\xbc\xa2\"", "get_json_not_ascii");
    says(sp_config_get(""), "", "get_empty_key");
    says(sp_config_get("a..b"), "", "get_empty_segment");
    says(sp_config_get("asr.provider.x"), "", "get_below_a_scalar");
}

static void writing(void) {
    write_config("");
    is(sp_config_set("a.b.c", "true"), 0, "set_in_empty_file");
    file_is("a:\n  b:\n    c: true\n", "set_makes_sections");
    write_config("# kept\na: # too\n");
    is(sp_config_set("a.b", "2"), 0, "set_below_an_empty_value");
    says(sp_config_get_json("a"), "{\"b\":2}", "set_then_get");
    write_config("# kept\nasr: {provider: qwen, fallback: [glm]} # too\n");
    is(sp_config_set("asr.provider.deep", "1"), -1, "set_below_a_scalar");
    is(sp_config_set("asr.fallback.deep", "1"), -1, "set_below_a_list");
    file_is("# kept\nasr: {provider: qwen, fallback: [glm]} # too\n", "values_do_not_give_way");
    write_config("z: 1 # last\n\nllm:\n  enabled: true\n");
    is(sp_config_set("llm.new", "-5"), 0, "set_a_new_key");
    file_is("z: 1 # last\n\nllm:\n  enabled: true\n  new: -5\n", "set_keeps_comments");
    is(sp_config_set("llm.temperature", "0.5"), 0, "set_a_decimal");
    says(sp_config_get_json("llm.temperature"), "0.5", "a_decimal_is_a_number");
    is(sp_config_set("asr.qwen.api_key", "0012"), 0, "set_digits");
    says(sp_config_get_json("asr.qwen.api_key"), "\"0012\"", "digits_of_a_key_stay");
    write_config("{{{{");
    is(sp_config_set("a", "1"), -1, "set_in_broken_file");
    file_is("{{{{", "a_broken_file_is_left_alone");
    says(sp_config_get("a"), "", "get_from_broken_file");

#ifndef _WIN32 /* whose files have no such modes */
    struct stat status;
    write_config("a: 1\n");
    chmod(config, 0644);
    is(sp_config_set("a", "2"), 0, "set_in_open_file");
    check(stat(config, &status) == 0 && (status.st_mode & 0777) == 0600, "a_write_is_private",
          "mode %o", status.st_mode & 0777);
#endif
}

static void trigger_keys(void) {
    write_config("hotkey: {trigger_key: shift+CMD+0x31}\n");
    says(sp_config_resolved_trigger_key(), "command+shift+49", "trigger_key_combination");
    write_config("hotkey: {trigger_key: 122}\n");
    says(sp_config_resolved_trigger_key(), "122", "trigger_key_code");
    write_config("hotkey: {trigger_key: nonsense}\n");
    says(sp_config_resolved_trigger_key(), "fn", "trigger_key_unknown");
}

/* ---- profiles and templates ------------------------------------------------------------------ */

#define PROFILE                                                                                   \
    "{\"name\":\"Lab\",\"provider\":\"openai\",\"api_protocol\":\"openai_chat\","                 \
    "\"base_url\":\"https://llm.example.net/v1\",\"api_key\":\"sk-secret\",\"model\":\"m-1\","    \
    "\"endpoint_path\":\"/chat/completions\",\"max_token_parameter\":\"max_tokens\","             \
    "\"no_reasoning_control\":\"none\",\"mlx\":{\"model\":\"mlx/Qwen3-0.6B-4bit\"}}"
#define PROFILES "{\"active_profile\":\"lab\",\"profiles\":{\"lab\":" PROFILE "}}"

static void profiles(void) {
    write_config("");
    starts(sp_llm_profiles_json(),
           "{\"active_profile\":\"openai\",\"profiles\":{\"anthropic\":{\"name\":",
           "profiles_built_in");
    is(sp_llm_save_profiles_json(PROFILES), 0, "save_profiles");
    says(sp_llm_profiles_json(), PROFILES, "profiles_there_and_back");
    says(sp_config_get("llm.active_profile"), "lab", "active_profile");

#ifdef _WIN32
    _putenv_s("KOE_TEST_KEY", "sk-secret");
#else
    setenv("KOE_TEST_KEY", "sk-secret", 1);
#endif
    is(sp_config_set("llm.profiles.lab.api_key", "${KOE_TEST_KEY}"), 0, "set_a_reference");
    says(sp_llm_profiles_json(), PROFILES, "a_reference_is_shown_substituted");
    is(sp_llm_save_profiles_json(PROFILES), 0, "save_profiles_as_shown");
    says(sp_config_get("llm.profiles.lab.api_key"), "${KOE_TEST_KEY}",
         "a_secret_stays_in_the_environment");

    is(sp_llm_save_profiles_json("{\"active_profile\":\"a\",\"profiles\":{\"a\":{\"model\":1}}}"),
       -1, "save_profiles_wrong_type");
    says(sp_llm_profiles_json(), PROFILES, "a_refused_save_changes_nothing");
}

#define TEMPLATES                                                                                 \
    "[{\"name\":\"Polite\",\"enabled\":true,\"shortcut\":1,\"system_prompt\":\"Be polite.\","     \
    "\"system_prompt_path\":null}]"

static void templates(void) {
    write_config("hotkey: {trigger_key: fn}\n");
    is(sp_core_set_prompt_templates_json(TEMPLATES), 0, "set_templates_without_core");
    says(sp_core_get_prompt_templates_json(), "[]", "templates_still_without_core");
    is(sp_core_create(NULL), 0, "create");
    says(sp_core_get_prompt_templates_json(), TEMPLATES, "templates_of_the_core");
    is(sp_core_set_prompt_templates_json("[]"), 0, "set_no_templates");
    says(sp_core_get_prompt_templates_json(), "[]", "the_core_has_none_now");
    is(sp_core_set_prompt_templates_json(
           "[{\"name\":\"\",\"shortcut\":10,\"system_prompt\":\"x\"}]"),
       -1, "set_templates_shortcut");
    is(sp_config_set("feedback.start_sound", "true"), 0, "set_with_core");
    check(!sp_core_get_feedback_config().start_sound, "the_core_is_not_told", "it was");
    is(sp_core_reload_config(), 0, "reload");
    check(sp_core_get_feedback_config().start_sound, "until_a_reload", "it was not");
    sp_core_destroy();
}

/* An older file is brought into the present form when a core starts. */
static void renewal(void) {
    write_config("# mine\nasr:\n  app_key: ${KEY} # secret\n");
    is(sp_core_create(NULL), 0, "create_on_an_older_file");
    sp_core_destroy();
    says(sp_config_get("asr.provider"), "doubao", "an_older_file_is_renewed");
    says(sp_config_get("asr.doubao.app_key"), "${KEY}", "its_references_stay");
}

/* ---- from many threads ----------------------------------------------------------------------- */

enum { THREADS = 8, TIMES = 20 };

static void *count(void *which) {
    char key[32], value[32];
    snprintf(key, sizeof key, "count.t%d", (int)(intptr_t)which);
    for (int i = 1; i <= TIMES; i++) {
        snprintf(value, sizeof value, "%d", i);
        if (sp_config_set(key, value) != 0)
            return "set failed";
        char *got = sp_config_get(key);
        bool same = strcmp(got, value) == 0;
        sp_core_free_string(got);
        if (!same)
            return "another value";
    }
    return NULL;
}

static void threads(void) {
    write_config("# counts\n");
    pthread_t workers[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i], NULL, count, (void *)(intptr_t)i) != 0)
            abort();
    for (int i = 0; i < THREADS; i++) {
        void *problem;
        pthread_join(workers[i], &problem);
        check(!problem, "writers_lose_nothing", "%s", (char *)problem);
    }
}

int main(void) {
    char folder[PATH_BYTES];
    if (!find_folder(folder))
        return 2;
    if (access(folder, F_OK) == 0) {
        fprintf(stderr, "%s is in the way; set " SCRATCH " to another directory\n", folder);
        return 2;
    }
    without_a_file();
    if (!make_folder(folder)) {
        perror(folder);
        return 2;
    }
    snprintf(config, sizeof config, "%s/config.yaml", folder);
    bad_arguments();
    reading();
    writing();
    trigger_keys();
    profiles();
    templates();
    renewal();
    threads();
    printf("1..%d\n", checks);
    return failures ? 1 : 0;
}
