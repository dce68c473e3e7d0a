/* A host that loads the library at run time and keeps its symbols to itself, as plug-ins do. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

int main(int argc, char **argv) {
    void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    int32_t (*create)(const char *);
    int32_t (*reload)(void);
    void (*destroy)(void);
    *(void **)&create = dlsym(library, "sp_core_create");
    *(void **)&reload = dlsym(library, "sp_core_reload_config");
    *(void **)&destroy = dlsym(library, "sp_core_destroy");
    int32_t created = create(NULL), reloaded = reload();
    destroy();
    printf("create %d\nreload %d\n", created, reloaded);
    return 0;
}
