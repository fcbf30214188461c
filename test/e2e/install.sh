#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What `make install` puts down runs from there, and `make uninstall` takes all of it away again.
source "$(dirname "$0")/lib.sh"
chmod 755 "$scratch"
dest=$scratch/dest

put() { # install|uninstall [VARIABLE=VALUE...]
	local what=$1
	shift
	env "DESTDIR=$dest" "$@" "$root/tools/install" "$what"
}

left() { # what is there below DEST
	find "$dest" \( -type f -o -type l -o -name '*rouse*' \) | sort
}

check "it installs" put install
for file in bin/rouse sbin/roused libexec/rouse/rouse-sandbox; do
	check "$file is a program" test -x "$dest/usr/local/$file"
done
for file in lib/systemd/system/roused.service lib/systemd/system/roused.socket share/doc/rouse/configuration.md \
	share/doc/rouse/examples/hello.yaml share/doc/rouse/openapi.json share/bash-completion/completions/rouse \
	share/zsh/site-functions/_rouse share/fish/vendor_completions.d/rouse.fish \
	share/man/man1/rouse.1 share/man/man1/rouse-get.1 share/man/man8/roused.8 share/man/man5/rouse.yaml.5; do
	check "$file is there" test -s "$dest/usr/local/$file"
done
check "the completion is the installed program's" cmp "$dest/usr/local/share/bash-completion/completions/rouse" \
	<("$dest/usr/local/bin/rouse" completion bash)
check "so is a configuration" test -s "$dest/etc/rouse/rouse.yaml"
sed 's/^#\([a-z]\)/\1/; s/^#  /  /' "$dest/etc/rouse/rouse.yaml" > "$scratch/rouse.yaml"
check "every key of it exists" "$build/bin/roused" --print-config --config "$scratch/rouse.yaml"
# The values that it shows are the built-in ones, but for the two that name something of the host.
values() { "$build/bin/roused" --print-config --config "$1" | sed '/^hosts-file:/d; /^interface:/d; /^ *- /d'; }
check "and shows the built-in values" equal "$(values "$scratch/rouse.yaml")" "$(values /dev/null)"

lab_up
"$root/tools/lab" kill "$lab"
mapfile -t options < "/run/rouse-lab/$lab/options"
on node "$dest/usr/local/sbin/roused" "${options[@]}" 2> "$scratch/log" &
is_ready() { grep ' ready ' "$scratch/log"; }
check "the installed agent finds its helper" wait_until 30 is_ready
service hello -- "$files/stub" 0 | apply
check "and serves" fetch -o /dev/null http://hello.default.rouse/

check "a second install leaves the configuration alone" contains "$(echo 'pool: 9' > "$dest/etc/rouse/rouse.yaml"; put install)" \
	"stays as it is"
check "it is still the administrator's" equal "$(cat "$dest/etc/rouse/rouse.yaml")" "pool: 9"
check "uninstall leaves that one" contains "$(put uninstall)" "was changed and stays"
check "and nothing else" equal "$(left)" "$dest/etc/rouse
$dest/etc/rouse/rouse.yaml"
rm -r "$dest"

check "for a package of the distribution" put install PREFIX=/usr
check "the units are where systemd looks" grep -q '^ExecStart=/usr/sbin/roused' "$dest/lib/systemd/system/roused.service"
check "it uninstalls" put uninstall PREFIX=/usr
check "nothing is left" equal "$(left)" ""
