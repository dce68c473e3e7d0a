/* Starts the library, and prints whether it did, and why not. */
#include <stdio.h>

#include "koe_core.h"
#include "koe_extra.h"

int main(void) {
    printf("create %d\n", (int)sp_core_create(NULL));
    char *why = koe_last_error();
    if (why)
        puts(why);
    koe_free(why);
    sp_core_destroy();
    return 0;
}
