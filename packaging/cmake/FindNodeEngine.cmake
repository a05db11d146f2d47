# SPDX-License-Identifier: Apache-2.0
#
# Finds V8 as Debian's libnode carries it: NodeEngine::NodeEngine.
#
#   DESKD_ENGINE_ROOT   a private directory made by packaging/engine; default: build/engine/root, if it exists
set(DESKD_ENGINE_ROOT "" CACHE PATH "Where packaging/engine unpacked libnode; empty: build/engine/root or the system")
set(root "${DESKD_ENGINE_ROOT}")
if(NOT root AND EXISTS ${CMAKE_SOURCE_DIR}/build/engine/root/usr/include/node/v8.h)
  set(root ${CMAKE_SOURCE_DIR}/build/engine/root)
endif()
find_path(NodeEngine_INCLUDE_DIR v8.h PATHS ${root}/usr/include/node ${root}/usr/include/nodejs/deps/v8/include NO_DEFAULT_PATH)
file(GLOB NodeEngine_LIBRARY ${root}/usr/lib/*/libnode.so.*)
add_library(NodeEngine::NodeEngine SHARED IMPORTED)
set_target_properties(NodeEngine::NodeEngine PROPERTIES IMPORTED_LOCATION ${NodeEngine_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${NodeEngine_INCLUDE_DIR})
set(NodeEngine_FOUND TRUE)
