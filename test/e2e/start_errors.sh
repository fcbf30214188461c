#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A host that lacks what the agent needs: it says so in one sentence, and leaves nothing. And pins of another ABI.
source "$(dirname "$0")/lib.sh"
lab_up --agent no
dir=/run/rouse-lab/$lab
mapfile -t options < "$dir/options"

refused() { # WORDS PREPARATION COMMAND...: a start in a mount namespace of its own, after the preparation
	local words=$1 before=$2 said
	shift 2
	# shellcheck disable=SC2016
	! said=$(on node unshare --mount bash -ec "$before"'; exec "$@"' sh "$@" 2>&1) || { echo "it ran"; return 1; }
	contains "$said" "$words" || return 1
	equal "$(grep -c . <<< "$said")" 1
}

roused=(timeout 20 roused "${options[@]}")
check "not root" refused "needs root" : setpriv --reuid 65534 --clear-groups "${roused[@]}"
check "an old kernel" refused "is too old: Rouse needs 5.17" : setarch --uname-2.6 "${roused[@]}"
check "no BTF" refused "kernel with BTF (CONFIG_DEBUG_INFO_BTF=y" "mount -t tmpfs none /sys/kernel/btf" "${roused[@]}"
check "no cgroup version 2" refused "no cgroup version 2 hierarchy can be seen: mount one with" \
	"umount -lR /sys/fs/cgroup" "${roused[@]}"
check "no bpffs" refused "is not on a bpffs: mount one there (mount -t bpf bpf" : "${roused[@]}" --bpf-dir "$dir/pins"
check "no right to load programs" refused "the kernel does not let roused load BPF programs" : \
	capsh --drop=cap_sys_admin,cap_bpf,cap_perfmon -- -c 'exec "$@"' sh "${roused[@]}"
${CC:-gcc} -shared -fPIC -O1 -o "$scratch/no_nft.so" "$root/test/e2e/no_nft_shim.c"
chmod 755 "$scratch"
check "a kernel without nft" refused "cannot speak with the kernel's nft (nf_tables and its nat are needed: CONFIG_NF_TABLES" : \
	env LD_PRELOAD="$scratch/no_nft.so" "${roused[@]}"
check "a name that cannot be" refused "--name: must be" : "${roused[@]}" --name a-1
check "no links are left" bash -c "! '$root/tools/lab' exec $lab node ip -o link | grep rouse"
check "no pins are left" on node sh -c '! ls /sys/fs/bpf/rouse/abi 2> /dev/null'

cat > "$files/bpffs.sh" << 'BPFFS'
while umount /sys/fs/bpf 2> /dev/null; do :; done
before=$(stat -fc %T /sys/fs/bpf)
"$@" > /dev/null 2>&1 &
until curl -sf --unix-socket "$SOCKET" http://rouse/readyz > /dev/null; do kill -0 $! || exit 1; sleep 0.02; done
mounted=$(stat -fc %T /sys/fs/bpf)
kill -KILL $!
wait $! || true
"$@" --cleanup --purge > /dev/null 2>&1
echo "$before $mounted $(stat -fc %T /sys/fs/bpf)"
BPFFS
without_bpffs() {
	local said
	said=$(on node env SOCKET="$dir/run/api.sock" unshare --mount timeout -s KILL 60 bash "$files/bpffs.sh" \
		roused "${options[@]}" 2> /dev/null < /dev/null)
	equal "$(tail -n 1 <<< "$said")" "sysfs bpf_fs sysfs"
}
check "a bpffs that is not mounted is, and cleanup unmounts it" without_bpffs

# --- pins of another agent's ABI --------------------------------------------------------------------------------------

"$root/tools/lab" start "$lab"
service web min-scale=1 -- "$files/stub" 0 | apply
check "an instance runs" wait_until 20 has_instances web 1 Ready
"$root/tools/lab" kill "$lab"
version() { # bytes of the version, little endian
	on node bpftool --json map dump pinned /sys/fs/bpf/rouse/abi | jq -c '.[0].value[0:4]'
}
on node bash -c 'pin=/sys/fs/bpf/rouse/abi
	value=($(bpftool --json map dump pinned $pin | jq -r ".[0].value[]"))
	bpftool map update pinned $pin key 0 0 0 0 value 0x63 "${value[@]:1}"'
check "pins of another ABI are refused with what to do" refused 'ABI version 99, this roused has' : "${roused[@]}"
check "they name cleanup" refused 'run `rouse cleanup` (warm connections end) and start this one again' : "${roused[@]}"
check "they are as they were" equal "$(version)" '["0x63","0x00","0x00","0x00"]'
check "the instance goes on serving" fetch http://web.default.rouse/
check "cleanup removes them" on node roused --cleanup "${options[@]}"
"$root/tools/lab" start "$lab"
check "then it starts, and the service is there" wait_until 20 fetch http://web.default.rouse/
