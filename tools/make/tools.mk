# SPDX-License-Identifier: BSD-2-Clause
# Packages, the lab, demo and benchmarks.
