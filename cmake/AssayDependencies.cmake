# The libraries of the distribution. Each becomes one imported target that exactly the folders named in ARCHITECTURE.md link.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.10 REQUIRED)
find_package(simdjson REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(LDNS REQUIRED IMPORTED_TARGET ldns)
pkg_check_modules(PSL REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)

# libmilter has neither a CMake package nor a pkg-config file.
find_path(MILTER_INCLUDE_DIR libmilter/mfapi.h REQUIRED)
find_library(MILTER_LIBRARY milter REQUIRED)
add_library(assay_libmilter INTERFACE)
target_include_directories(assay_libmilter SYSTEM INTERFACE ${MILTER_INCLUDE_DIR})
target_link_libraries(assay_libmilter INTERFACE ${MILTER_LIBRARY} Threads::Threads)

# libunbound's pkg-config file asks for libevent, which only its event interface needs.
find_path(UNBOUND_INCLUDE_DIR unbound.h REQUIRED)
find_library(UNBOUND_LIBRARY unbound REQUIRED)
add_library(assay_libunbound INTERFACE)
target_include_directories(assay_libunbound SYSTEM INTERFACE ${UNBOUND_INCLUDE_DIR})
target_link_libraries(assay_libunbound INTERFACE ${UNBOUND_LIBRARY})

# The HTTP server that prometheus-cpp uses, too. Its CMake package is not in every distribution's.
find_path(CIVETWEB_INCLUDE_DIR civetweb.h REQUIRED)
find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
add_library(assay_civetweb INTERFACE)
target_include_directories(assay_civetweb SYSTEM INTERFACE ${CIVETWEB_INCLUDE_DIR})
target_link_libraries(assay_civetweb INTERFACE ${CIVETWEB_LIBRARY})
