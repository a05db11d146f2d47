# SPDX-License-Identifier: Apache-2.0
#
# Where things go: `cmake --install build/release --prefix /usr`. The programs find each other and the shipped scripts
# relative to themselves; the unit file expects the prefix /usr.
add_custom_target(programs)  # all that is installed
add_dependencies(programs deskctl deskd)
install(TARGETS deskctl deskd RUNTIME DESTINATION bin)
foreach(program deskd-guard deskd-host deskd-sim)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION lib/deskd)
    add_dependencies(programs ${program})
  endif()
endforeach()
install(DIRECTORY scripts/ DESTINATION share/deskd/scripts)
install(FILES LICENSE README.md packaging/deskd.toml DESTINATION share/doc/deskd)
install(FILES systemd/deskd.service DESTINATION lib/systemd/system)
install(FILES systemd/org.deskd.Manager1.conf DESTINATION share/dbus-1/system.d)
install(FILES systemd/org.deskd.policy DESTINATION share/polkit-1/actions)
install(FILES systemd/deskd.sysusers DESTINATION lib/sysusers.d RENAME deskd.conf)
install(FILES systemd/deskd.tmpfiles DESTINATION lib/tmpfiles.d RENAME deskd.conf)
install(FILES packaging/completions/deskctl.bash DESTINATION share/bash-completion/completions RENAME deskctl)
install(FILES packaging/completions/_deskctl DESTINATION share/zsh/vendor-completions)
install(FILES packaging/completions/deskctl.fish DESTINATION share/fish/vendor_completions.d)
foreach(page deskctl.1 deskd.toml.5 deskd-scripts.7 deskd.8)
  string(REGEX REPLACE ".*\\." "" number ${page})
  install(FILES packaging/man/${page} DESTINATION share/man/man${number})
endforeach()
install(FILES systemd/60-deskd.rules DESTINATION lib/udev/rules.d)

# A private copy of V8 goes along, and is found relative to the program; the system's is apt's business.
if(DESKD_WITH_V8 AND NodeEngine_PRIVATE)
  install(FILES ${NodeEngine_LIBRARY} DESTINATION lib/deskd/engine)
  set_target_properties(deskd-host PROPERTIES INSTALL_RPATH "$ORIGIN/engine")
endif()
