#pragma once

#include <string>

/* Windows takes text in UTF-16, the core in UTF-8. */
std::wstring to_wide(const char *text);
