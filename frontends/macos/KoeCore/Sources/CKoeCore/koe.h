/* The headers of the prefix that pkg-config names. */
#include <koe_core.h>
#include <koe_extra.h>
