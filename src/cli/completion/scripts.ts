/**
 * What each shell runs. All of them ask `ropewalk complete`, which stands beside the command that is completed if that was
 * given with its folder.
 */
export const scripts = {
  bash: `_ropewalk() {
  local line=\${COMP_LINE:0:COMP_POINT} current=$2 ropewalk=ropewalk found
  local -a words
  [[ $1 == */* ]] && ropewalk=\${1%/*}/ropewalk
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  # Bash takes : and = for ends of words, and wants what comes after them only.
  local before=\${words[-1]%"$current"}
  COMPREPLY=()
  while IFS= read -r found; do
    case $found in
      $'\\tfiles') compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
      $'\\tfolders') compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    esac
    found=\${found%%$'\\t'*}
    [[ $found == *: ]] && compopt -o nospace
    COMPREPLY+=("\${found#"$before"}")
  done < <("$ropewalk" complete -- "\${words[@]}")
}
complete -F _ropewalk ropewalk twistd trial
`,
  zsh: `#compdef ropewalk twistd trial
_ropewalk() {
  local ropewalk=ropewalk line name
  local -a plain open
  [[ $words[1] == */* ]] && ropewalk=\${words[1]%/*}/ropewalk
  for line in "\${(@f)$($ropewalk complete -- "\${(@)words[1,CURRENT]}")}"; do
    case $line in
      '') continue ;;
      $'\\tfiles') _files; return ;;
      $'\\tfolders') _files -/; return ;;
    esac
    name=\${line%%$'\\t'*}
    line="\${name//:/\\\\:}:\${line#*$'\\t'}"
    if [[ $name == *: ]]; then open+=("$line"); else plain+=("$line"); fi
  done
  (( $#plain )) && _describe -V ropewalk plain
  (( $#open )) && _describe -V ropewalk open -S ''
}
compdef _ropewalk ropewalk twistd trial
`,
  fish: `function __ropewalk
  set -l words (commandline -opc) (commandline -ct)
  set -l ropewalk ropewalk
  string match -q '*/*' -- $words[1]; and set ropewalk (string replace -r '[^/]*$' ropewalk -- $words[1])
  set -l found ($ropewalk complete -- $words)
  switch "$found[1]"
    case \\tfiles
      __fish_complete_path (commandline -ct)
    case \\tfolders
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\\n' $found
  end
end
complete -c ropewalk -c twistd -c trial -f -a '(__ropewalk)'
`,
} as const;

/** The shells that can be had. */
export type Shell = keyof typeof scripts;
