/* A library whose Python can't start: what its calls answer. */
#include <stdio.h>

#include "koe_core.h"

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
    sp_core_destroy();
    return 0;
}
