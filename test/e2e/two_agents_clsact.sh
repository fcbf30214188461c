#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The same where the kernel has no TCX: both agents' filters stand in one clsact qdisc, which goes with the last.
export HOOK=clsact
source "$(dirname "$0")/two_agents.sh"
