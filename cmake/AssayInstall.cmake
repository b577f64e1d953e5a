# assay_install_unit(<template>.in): a unit of systemd that names the programs where they are installed. That is known when they are
# installed and no sooner: `cmake --install --prefix` and CPack choose it. Templates say @CMAKE_INSTALL_FULL_SBINDIR@.
function(assay_install_unit template)
  string(REGEX REPLACE "\\.in$" "" name ${template})
  install(CODE "
    set(CMAKE_INSTALL_FULL_SBINDIR \"${CMAKE_INSTALL_SBINDIR}\")
    if(NOT IS_ABSOLUTE \"\${CMAKE_INSTALL_FULL_SBINDIR}\")
      set(CMAKE_INSTALL_FULL_SBINDIR \"\${CMAKE_INSTALL_PREFIX}/\${CMAKE_INSTALL_FULL_SBINDIR}\")
    endif()
    # A name of its own: two installations of one build may run at a time.
    string(RANDOM LENGTH 12 assay_word)
    set(assay_unit \"${CMAKE_CURRENT_BINARY_DIR}/${name}.\${assay_word}\")
    configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/${template}\" \"\${assay_unit}\" @ONLY)
    file(INSTALL \"\${assay_unit}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\" RENAME \"${name}\")
    file(REMOVE \"\${assay_unit}\")")
endfunction()
