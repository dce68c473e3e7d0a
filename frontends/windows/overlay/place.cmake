# Put the header and the library to where KoeWin's CMakeLists.txt expects those of the Rust core, so that it builds
# as it is:
#
#     cmake -DKOE=BUNDLE -DREPOSITORY=KOE-REPOSITORY -P place.cmake
#
# KOE is a bundle or a prefix of generation a for Windows (koe bundle BUNDLE --abi a --target windows-x86_64), and
# REPOSITORY the folder that has KoeWin in it.
cmake_minimum_required(VERSION 3.20)

foreach(argument KOE REPOSITORY)
  if(NOT DEFINED ${argument})
    message(FATAL_ERROR "say where it is: -D${argument}=FOLDER")
  endif()
  get_filename_component(${argument} "${${argument}}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
endforeach()
if(NOT EXISTS "${REPOSITORY}/KoeWin/CMakeLists.txt")
  message(FATAL_ERROR "${REPOSITORY} has no KoeWin/CMakeLists.txt; name the repository that has KoeWin in it")
endif()
file(STRINGS "${KOE}/include/koe_core.h" generation REGEX "^#define KOE_ABI [0-9]$")
if(NOT generation STREQUAL "#define KOE_ABI 1")
  message(FATAL_ERROR "KoeWin is of generation a, and ${KOE} is not; make one with --abi a")
endif()

file(COPY "${KOE}/include/koe_core.h" DESTINATION "${REPOSITORY}/koe-core/target")
file(COPY "${KOE}/lib/koe_core.lib" DESTINATION "${REPOSITORY}/target/x86_64-pc-windows-msvc/release")
message(STATUS "KoeWin can be built now; put ${KOE}/bin/koe_core.dll and ${KOE}/koe-runtime beside Koe.exe")
