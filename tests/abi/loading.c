/*
 * A host that loads the library at run time and keeps its symbols to itself, as plug-ins do; then
 * unloads it, and loads it again.
 *
 *     loading LIBRARY [FOLDER]        FOLDER: the working directory from the first loading on
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static int32_t (*create)(const char *);
static int32_t (*reload)(void);
static void (*destroy)(void);

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return NULL;
    }
    *(void **)&create = dlsym(library, "sp_core_create");
    *(void **)&reload = dlsym(library, "sp_core_reload_config");
    *(void **)&destroy = dlsym(library, "sp_core_destroy");
    return library;
}

int main(int argc, char **argv) {
    void *library = argc >= 2 ? load(argv[1]) : NULL;
    if (!library || (argc == 3 && chdir(argv[2]) != 0))
        return 1;
    int32_t created = create(NULL), reloaded = reload();
    destroy();
    printf("create %d\nreload %d\n", created, reloaded);
    dlclose(library);
    if (argc == 2 && !load(argv[1]))
        return 1;
    if (argc == 2)
        printf("create again %d\n", create(NULL));
    return 0;
}
