#!/bin/bash -eu
# SPDX-License-Identifier: MIT OR Apache-2.0
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
#
################################################################################
# The project's own tests, on the libraries of the image's distribution: without the flags of the fuzz targets. All is
# built outside the source tree.
unset CFLAGS CXXFLAGS
cmake -S $SRC/nofail -B $WORK/nofail-tests -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=$CC \
  -DCMAKE_CXX_COMPILER=$CXX
cmake --build $WORK/nofail-tests
cd $WORK/nofail-tests
ctest --output-on-failure -j "$(nproc)"
