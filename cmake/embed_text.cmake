# SPDX-License-Identifier: MIT
# cmake -DIN=page.css -DOUT=page_css.inc -P embed_text.cmake
#
# Turns a text file into C++ string literals, one for each line.
file(READ ${IN} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n\"" text "${text}")
file(WRITE ${OUT} "\"${text}\"\n")
