#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A burst on a sleeping service scales it at once; quiet takes it back to zero.
source "$(dirname "$0")/lib.sh"
lab_up --clients 2

service burst target=10 max-scale=4 rouse.dev/hold-timeout=30s -- "$files/stub" 50 | apply
check "asleep" has_instances burst 0
on client1 coldclient -n 200 burst.default.rouse:80 > "$scratch/answers" || true
check "every one of 200 at once is served" equal "$(grep -c ' ok ' "$scratch/answers")" 200
check "nobody waited for a retransmit" at_most "$(sort -n -k 4 "$scratch/answers" | awk 'END { print $4 }')" 900000000
check "it scaled to its maximum" wait_until 20 has_instances burst 4 Ready
check_holds
check "back to zero" wait_until 90 has_instances burst 0

# Load that lasts: more than one instance while it is there, zero some time after it.
on client1 wrk -t1 -c40 -d8s http://burst.default.rouse/ > "$scratch/wrk" &
check "scales up under load" wait_until 20 at_least_instances burst 2
wait
check "no request failed" bash -c "! grep -E 'Socket errors|Non-2xx' $scratch/wrk"
check "never more than max-scale" at_most "$(instances burst)" 4
check "back to zero after the load" wait_until 90 has_instances burst 0

service always min-scale=2 -- "$files/stub" 0 | apply
check "min-scale is kept without traffic" wait_until 20 has_instances always 2 Ready
# A herd goes to all instances that start for it, not to the first that is ready.
service herd max-scale=4 target=100 -- "$files/stub" 50 | apply
on client1 coldclient -n 1000 herd.default.rouse:80 > "$scratch/herd" || true
check "a herd is served" equal "$(grep -c ' ok ' "$scratch/herd")" 1000
check "by several instances" bash -c "(( \$(awk '{ print \$6 }' $scratch/herd | sort -u | wc -l) > 1 ))"
check_holds
