/*
 * A shell that brings engines along, as packages.c, and hides their functions from others.
 *
 *     registering [register]     with the argument it says where they are
 *
 * Dictates a second of sound, and prints the text, or the error. Exit status: 0 a text, 1 an error.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "koe_core.h"
#include "koe_extra.h"

#define FUNCTION(name) {#name, name}

/* Registering them needs no type. */
void koe_apple_speech_is_available(void);
void koe_apple_speech_start_session(void);
void koe_apple_speech_feed_audio(void);
void koe_apple_speech_stop(void);
void koe_apple_speech_cancel(void);
void koe_mlx_load_model(void);
void koe_mlx_start_session(void);
void koe_mlx_feed_audio(void);
void koe_mlx_stop(void);
void koe_mlx_cancel(void);

static const KoeLocalEngine apple[] = {
    FUNCTION(koe_apple_speech_is_available), FUNCTION(koe_apple_speech_start_session),
    FUNCTION(koe_apple_speech_feed_audio),   FUNCTION(koe_apple_speech_stop),
    FUNCTION(koe_apple_speech_cancel),       {NULL, NULL}};
static const KoeLocalEngine mlx[] = {
    FUNCTION(koe_mlx_load_model), FUNCTION(koe_mlx_start_session), FUNCTION(koe_mlx_feed_audio),
    FUNCTION(koe_mlx_stop),       FUNCTION(koe_mlx_cancel),        {NULL, NULL}};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int status = -1; /* of the session; -1: it runs */

static void end(int with, const char *words) {
    pthread_mutex_lock(&lock);
    printf("%s\n", words);
    status = with;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

#if KOE_ABI == 3
static void heard_text(uint64_t token, const char *text) { (void)token, end(0, text); }
static void heard_error(uint64_t token, const char *text) { (void)token, end(1, text); }
#else
static void heard_text(const char *text) { end(0, text); }
static void heard_error(const char *text) { end(1, text); }
#endif

int main(int argc, char **argv) {
    static uint8_t sound[32000];
    memset(sound, 1, sizeof sound);
    if (argc == 2 && strcmp(argv[1], "register") == 0) {
        /* The first table is forgotten, and nothing has no functions. */
        if (koe_register_local_engine("mlx", apple) != 0 ||
            koe_register_local_engine("mlx", mlx) != 0 ||
            koe_register_local_engine("apple-speech", apple) != 0 ||
            koe_register_local_engine("other", NULL) != 0 ||
            koe_register_local_engine(NULL, mlx) != -1 || koe_register_local_engine("", mlx) != -1 ||
            koe_register_local_engine("\xff", mlx) != -1)
            return 2;
        /* An engine that is removed makes room for another one. */
        for (int i = 0; i < 40; i++) {
            char name[16];
            snprintf(name, sizeof name, "engine %d", i);
            if (koe_register_local_engine(name, mlx) != 0 || koe_register_local_engine(name, NULL) != 0)
                return 2;
        }
    }
    sp_core_register_callbacks((struct SPCallbacks){.on_final_text_ready = heard_text,
                                                    .on_session_error = heard_error});
    if (sp_core_create(NULL) != 0 ||
        sp_core_session_begin((struct SPSessionContext){.mode = HOLD}) != 0)
        return 2;
    sp_core_push_audio(sound, sizeof sound, 0);
    sp_core_session_end();
    pthread_mutex_lock(&lock);
    while (status < 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    sp_core_destroy();
    return status;
}
