// SPDX-License-Identifier: BSD-2-Clause
/* rouse completion SHELL: a few lines of that shell's language, which ask `rouse __complete` for everything. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/str.h"

/* The line up to the cursor is split anew: bash itself splits at "=" and ":" too, and then wants only what follows. */
static const char bash_script[] =
	"# bash completion for rouse: source <(rouse completion bash)\n"
	"_rouse() {\n"
	"	local line=${COMP_LINE:0:COMP_POINT} candidate skip\n"
	"	local -a words candidates\n"
	"	read -ra words <<< \"$line\"\n"
	"	if [[ $line == *[[:space:]] ]]; then words+=(\"\"); fi\n"
	"	local current=${words[${#words[@]} - 1]}\n"
	"	skip=${current%\"${current##*[=:]}\"}\n"
	"	mapfile -t candidates < <(\"${words[0]/#\\~/$HOME}\" __complete -- \"${words[@]:1}\" 2> /dev/null)\n"
	"	COMPREPLY=()\n"
	"	for candidate in \"${candidates[@]}\"; do\n"
	"		if [[ $candidate == :files ]]; then\n"
	"			compopt -o default 2> /dev/null\n"
	"			return\n"
	"		fi\n"
	"		candidate=${candidate%%$'\\t'*}\n"
	"		COMPREPLY+=(\"${candidate#\"$skip\"}\")\n"
	"		if [[ $candidate == *[=/] ]]; then compopt -o nospace 2> /dev/null; fi\n"
	"	done\n"
	"}\n"
	"complete -F _rouse rouse\n";

static const char zsh_script[] =
	"#compdef rouse\n"
	"# zsh completion for rouse: source <(rouse completion zsh), or as _rouse in a directory of fpath\n"
	"_rouse() {\n"
	"	local line name\n"
	"	local -a whole open\n"
	"	for line in \"${(@f)$(\"${(Q)words[1]}\" __complete -- \"${(@Q)words[2,CURRENT]}\" 2> /dev/null)}\"; "
	"do\n"
	"		if [[ -z $line ]]; then continue; fi\n"
	"		if [[ $line == :files ]]; then\n"
	"			_files\n"
	"			return\n"
	"		fi\n"
	"		name=${${line%%$'\\t'*}//:/\\\\:}\n"
	"		if [[ $line == *$'\\t'* ]]; then name+=:${line#*$'\\t'}; fi\n"
	"		if [[ ${line%%$'\\t'*} == *[=/] ]]; then open+=(\"$name\"); else whole+=(\"$name\"); fi\n"
	"	done\n"
	"	if (( $#whole )); then _describe -t rouse rouse whole; fi\n"
	"	if (( $#open )); then _describe -t rouse rouse open -S ''; fi\n"
	"}\n"
	"if [[ $funcstack[1] == _rouse ]]; then _rouse \"$@\"; else compdef _rouse rouse; fi\n";

static const char fish_script[] =
	"# fish completion for rouse: rouse completion fish | source\n"
	"function __rouse_complete\n"
	"    set -l words (commandline -opc)\n"
	"    set -l program $words[1]\n"
	"    set -e words[1]\n"
	"    for line in ($program __complete -- $words (commandline -ct | string collect -a) 2> /dev/null)\n"
	"        if test $line = :files\n"
	"            __fish_complete_path (commandline -ct)\n"
	"        else\n"
	"            echo $line\n"
	"        end\n"
	"    end\n"
	"end\n"
	"complete -c rouse -f -a '(__rouse_complete)'\n";

enum rs_exit rs_completion(struct rs_cli *cli, const struct rs_args *args)
{
	static const struct {
		const char *shell;
		const char *script;
	} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
	for (size_t i = 0; i < rs_array_length(scripts); i++) {
		if (rs_str_equal(args->names.items[0], scripts[i].shell)) {
			fputs(scripts[i].script, cli->out);
			return RS_EXIT_OK;
		}
	}
	return rs_cli_usage(cli, "completion: there are scripts for bash, zsh and fish, not for \"%s\"",
			    args->names.items[0]);
}
