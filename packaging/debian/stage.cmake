# Run by CPack between installing into the staging folder and packing it: adds what Debian's policy asks for.
if(CPACK_PACKAGE_CONTACT MATCHES "^ASSAY_PACKAGE_CONTACT ")
  message(WARNING "The package names nobody who answers for it. Before you hand it on: "
    "cmake -D ASSAY_PACKAGE_CONTACT=\"NAME <ADDRESS>\" (packaging/README.md)")
endif()

set(root ${CPACK_TEMPORARY_DIRECTORY})
set(doc ${root}/usr/share/doc/assay)

file(COPY ${CPACK_ASSAY_DEBIAN}/copyright ${CPACK_ASSAY_DEBIAN}/README.Debian DESTINATION ${doc})
file(COPY ${CPACK_ASSAY_DEBIAN}/assay.yaml DESTINATION ${root}/etc/assay)
configure_file(${CPACK_ASSAY_SOURCE}/systemd/assay.logrotate ${root}/etc/logrotate.d/assay COPYONLY)
configure_file(${CPACK_ASSAY_SOURCE}/CHANGELOG.md ${doc}/changelog COPYONLY)
configure_file(${CPACK_ASSAY_DEBIAN}/changelog ${doc}/changelog.Debian @ONLY)
configure_file(${CPACK_ASSAY_DEBIAN}/lintian-overrides ${root}/usr/share/lintian/overrides/assay COPYONLY)

# -n: neither name nor time, so that the same files make the same package.
file(GLOB pages ${root}/usr/share/man/man*/*.[1-9])
execute_process(COMMAND gzip --best --no-name ${doc}/changelog ${doc}/changelog.Debian ${pages} COMMAND_ERROR_IS_FATAL ANY)
