# How every target of this project is compiled: includes from the repository root, warnings, sanitizers, hardening.
add_library(assay_compile INTERFACE)
target_include_directories(assay_compile INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(assay_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference -Wswitch-enum
  $<$<BOOL:${ASSAY_WARNINGS_AS_ERRORS}>:-Werror>
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports possible null dereferences inside its own std::vector and std::variant at -O2 and above.
  target_compile_options(assay_compile INTERFACE -Wno-null-dereference -Wduplicated-cond -Wlogical-op)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(assay_compile INTERFACE $<$<NOT:$<BOOL:${ASSAY_SANITIZE}>>:_FORTIFY_SOURCE=2>)
endif()
target_compile_definitions(assay_compile INTERFACE _GLIBCXX_ASSERTIONS)
if(ASSAY_SANITIZE)
  string(REPLACE ";" "," assay_sanitizers "${ASSAY_SANITIZE}")
  target_compile_options(assay_compile INTERFACE -fsanitize=${assay_sanitizers} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(assay_compile INTERFACE -fsanitize=${assay_sanitizers})
endif()
# What is installed is loaded at random addresses, and its tables of functions are read-only once it runs (RELRO, all bound at the
# start). tests/tools/check_hardening.py looks whether the programs got that.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()  # Without it CMake leaves it to the compiler's default whether programs are linked so.
target_link_options(assay_compile INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)

find_program(ASSAY_CCACHE ccache)
if(ASSAY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${ASSAY_CCACHE})
endif()

# One library per folder, named assay_<folder>. Which folders it may use is what it links: tests/tools/check_layers.py
# checks the includes against the same rules.
function(assay_add_library folder)
  add_library(assay_${folder} STATIC)
  target_link_libraries(assay_${folder} PUBLIC assay_compile)
endfunction()
