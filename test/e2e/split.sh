#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A second revision takes exactly its percentage of new connections; tags have an address of their own.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up

traffic() { # PERCENT...: of revision 1, 2
	echo "  traffic:"
	echo "    - {revisionName: split-00001, percent: $1}"
	echo "    - {revisionName: split-00002, percent: $2, tag: next}"
}

service split min-scale=1 -- "$files/stub" 0 | apply
check "the first revision is ready" wait_until 20 has_instances split 1 Ready
{
	service split min-scale=1 -- "$files/stub" 1
	traffic 80 20
} | apply
check "the second revision is ready" wait_until 20 has_instances split 2 Ready

on client1 coldclient -s -n 500 split.default.rouse:80 > "$scratch/answers" || true
check "all 500 connections are served" equal "$(grep -c ' ok ' "$scratch/answers")" 500
check "of 500 connections exactly 100 go to the second" equal "$(grep -c 'split-00002$' "$scratch/answers")" 100
worst=$(awk '{ new[NR] = $NF == "split-00002"; sum += new[NR]; if (NR > 100) sum -= new[NR - 100] }
	NR >= 100 { off = sum > 20 ? sum - 20 : 20 - sum; if (off > worst) worst = off } END { print worst + 0 }' \
	"$scratch/answers")
check "any 100 in a row are within one of 20" at_most "$worst" 1

on client1 coldclient -s -n 20 next-split.default.rouse:80 > "$scratch/tagged" || true
check "the tag's address leads to its revision alone" equal "$(grep -c 'ok .* split-00002$' "$scratch/tagged")" 20

{
	service split min-scale=1 -- "$files/stub" 1
	traffic 0 100
} | apply
on client1 coldclient -s -n 50 split.default.rouse:80 > "$scratch/moved" || true
check "a moved weight counts at once" equal "$(grep -c 'split-00002$' "$scratch/moved")" 50
check_holds
