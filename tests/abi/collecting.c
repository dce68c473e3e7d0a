/* Prints whether Python looks for garbage after the start, and whether what was imported is left out. */
#include <Python.h>

#include "koe_core.h"

int main(void) {
    if (sp_core_create(NULL) != 0)
        return 1;
    PyGILState_STATE gil = PyGILState_Ensure();
    int failed = PyRun_SimpleString("import gc\n"
                                    "print(gc.isenabled(), gc.get_freeze_count() > 10000, flush=True)");
    PyGILState_Release(gil);
    sp_core_destroy();
    return failed ? 1 : 0;
}
