// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

// What a process may still open: files below `readable` for reading, below `devices` for reading, writing and
// ioctl, directories below `listed`, below `writable` also to make files there. What does not exist is left
// out. Files that are open already stay so.
struct FileView {
  std::vector<std::string> readable;
  std::vector<std::string> listed;
  std::vector<std::string> devices;
  std::vector<std::string> writable;
};

// Version of Landlock that the kernel has, 0 if none. From 4 on no TCP connection can be made, from 6 on no
// signal reaches a process outside, nor an abstract socket of one.
int landlockVersion();

// Confines this process, for ever, as far as the kernel can. Needs no_new_privs. False: the kernel has no
// Landlock, and nothing has changed. Throws std::system_error.
bool restrictFiles(const FileView& view);

}  // namespace deskd
