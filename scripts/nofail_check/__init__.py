# SPDX-License-Identifier: MIT
"""`scripts/check`: what a patch breaks and mends, and how far that was looked at, as one report."""
