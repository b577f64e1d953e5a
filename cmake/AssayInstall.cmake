# assay_install_unit(<template>.in [AS <name>] [DEFINE <variable> <text> ...]): a unit of systemd that names the programs where they are
# installed. That is known when they are installed and no sooner: `cmake --install --prefix` and CPack choose it. Templates say
# @CMAKE_INSTALL_FULL_SBINDIR@, and @VARIABLE@ for what is defined; nothing stands
# in the place of one that is not.
function(assay_install_unit template)
  cmake_parse_arguments(unit "" AS DEFINE ${ARGN})
  string(REGEX REPLACE "\\.in$" "" name ${template})
  if(unit_AS)
    set(name ${unit_AS})
  endif()
  set(definitions "")
  while(unit_DEFINE)
    list(POP_FRONT unit_DEFINE variable text)
    string(APPEND definitions "set(${variable} \"${text}\")\n")
  endwhile()
  install(CODE "
    ${definitions}
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

set(ASSAY_ZSH_COMPLETIONS zsh/vendor-completions CACHE STRING
  "Where zsh looks for completions, below share: Debian's folder; elsewhere zsh/site-functions")

# assay_install_completion(<program> <argument>): the scripts by which shells complete its command line, as it prints them itself for
# `<program> <argument> SHELL`. Made whenever the program is linked.
function(assay_install_completion program argument)
  set(folder ${CMAKE_BINARY_DIR}/completions)
  foreach(shell bash zsh fish)
    add_custom_command(TARGET ${program} POST_BUILD
      COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
      COMMAND ${program} ${argument} ${shell} > ${folder}/${program}.${shell} VERBATIM)
  endforeach()
  install(FILES ${folder}/${program}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
  install(FILES ${folder}/${program}.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/${ASSAY_ZSH_COMPLETIONS} RENAME _${program})
  install(FILES ${folder}/${program}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()
