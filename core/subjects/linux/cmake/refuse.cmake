# SPDX-License-Identifier: MIT
file(REMOVE ${CMAKE_BINARY_DIR}/linux-error.txt)

# nofail_linux_refuse(TEXT): ends the configuration with one message, which is also left in <build>/linux-error.txt for
# scripts.
function(nofail_linux_refuse text)
  file(WRITE ${CMAKE_BINARY_DIR}/linux-error.txt "${text}\n")
  message(FATAL_ERROR "${text}")
endfunction()
