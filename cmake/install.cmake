# A library that others link: the archive, its pkg-config file libNAME.pc.
function(tern_install_library name requires)
  set(PC_NAME lib${name})
  set(PC_LINK ${name})
  set(PC_REQUIRES)
  if(requires)
    set(PC_REQUIRES lib${requires})
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/library.pc.in ${CMAKE_BINARY_DIR}/lib${name}.pc @ONLY)
  install(TARGETS ${name} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${CMAKE_BINARY_DIR}/lib${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
