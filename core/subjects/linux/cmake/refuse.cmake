# SPDX-License-Identifier: MIT
file(REMOVE ${CMAKE_BINARY_DIR}/linux-error.txt)

# nofail_linux_refuse(TEXT): ends the configuration with the message TEXT. It also writes TEXT to
# <build>/linux-error.txt, where scripts read it.
function(nofail_linux_refuse text)
  file(WRITE ${CMAKE_BINARY_DIR}/linux-error.txt "${text}\n")
  message(FATAL_ERROR "${text}")
endfunction()
