r"""The shells' side of completion: one script a shell. Each hands its words to `mtribes __complete`, nothing more.

A reply is read as lines and never run. What each line means is said in `engine`.
"""

from typing import NamedTuple

_BASH = r"""# mtribes completion for bash. Completions come from the program itself, without a server.
# Made by `mtribes completion show bash`.

_mtribes() {
    local line=${COMP_LINE:0:COMP_POINT} word='' quote='' start=0 i character
    local -a words=()
    COMPREPLY=()
    # COMP_WORDS is cut at COMP_WORDBREAKS, which everybody may set; so the words are read from the line.
    for ((i = 0; i < ${#line}; i++)); do
        character=${line:i:1}
        if [[ $quote == "\\" ]]; then
            word+=$character quote=''
        elif [[ -n $quote && $character == "$quote" ]]; then
            quote=''
        elif [[ -n $quote ]]; then
            word+=$character
        elif [[ $character == [\'\"\\] ]]; then
            quote=$character
        elif [[ $character == [[:space:]] ]]; then
            if ((i > start)); then words+=("$word"); fi
            word='' start=$((i + 1))
        else
            word+=$character
        fi
    done
    ((${#words[@]})) || return 0

    local reply kind='' kept='' candidate meaning
    reply=$(command mtribes __complete "${#words[@]}" "${words[@]}" "$word" 2>/dev/null </dev/null) || return 0

    # Readline replaces $2 alone; what stands before it in the same word is not given back to it.
    local raw=${line:start} settled=''
    if [[ $raw == *"$2" ]]; then settled=${raw:0:${#raw}-${#2}}; fi
    settled=${settled//[\'\"\\]/}

    while IFS=$'\t' read -r candidate meaning; do
        if [[ -z $kind ]]; then
            kind=$candidate kept=$meaning
        elif [[ $candidate == "$word"* ]]; then
            COMPREPLY+=("${candidate#"$settled"}")
        fi
    done <<<"$reply"

    case $kind in
        words) if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then compopt -o nospace 2>/dev/null; fi ;;
        files) _mtribes_paths default -f ;;
        folders) _mtribes_paths dirnames -d ;;
    esac
    return 0
}

# Paths: from readline itself, where it sees the same beginning of the path as we do.
_mtribes_paths() {
    local path
    if [[ $settled == "$kept" ]]; then
        compopt -o "$1" 2>/dev/null
        return 0
    fi
    while IFS= read -r path; do
        [[ -n $path ]] || continue
        if [[ -d $path ]]; then path+=/; fi
        path=$kept$path
        COMPREPLY+=("${path#"$settled"}")
    done <<<"$(compgen "$2" -- "${word#"$kept"}")"
    compopt -o filenames 2>/dev/null
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
}

if type compopt >/dev/null 2>&1; then
    complete -F _mtribes mtribes
else
    complete -o default -F _mtribes mtribes # bash 3 cannot decide it for each word
fi
"""

_ZSH = r"""#compdef mtribes
# mtribes completion for zsh. Completions come from the program itself, without a server.
# Made by `mtribes completion show zsh`.

_mtribes() {
    local reply kind kept line word meaning entry found=1
    local -a lines closed open
    reply=$(
        command mtribes __complete $((CURRENT - 1)) "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null
    ) || return 1
    lines=("${(@f)reply}")
    kind=${lines[1]%%$'\t'*}
    kept=${lines[1]#*$'\t'}

    case $kind in
        files | folders)
            [[ -z $kept ]] || compset -P "${(b)kept}"
            if [[ $kind == folders ]]; then _files -/; else _files; fi
            return
            ;;
        words) ;;
        *) return 1 ;;
    esac

    for line in "${(@)lines[2,-1]}"; do
        word=${line%%$'\t'*}
        meaning=${line#*$'\t'}
        entry=${word//:/\\:}${meaning:+:$meaning}
        if [[ $word == *: ]]; then open+=("$entry"); else closed+=("$entry"); fi
    done
    (($#closed)) && _describe -t words mtribes closed && found=0
    (($#open)) && _describe -t words mtribes open -S '' && found=0
    return found
}

if [[ ${funcstack[1]-} == _mtribes ]]; then
    _mtribes "$@"
elif ((${+functions[compdef]})); then
    compdef _mtribes mtribes
else
    print -u2 'mtribes: run this before loading completion: autoload -Uz compinit && compinit'
fi
"""

_FISH = r"""# mtribes completion for fish. Completions come from the program itself, without a server.
# Made by `mtribes completion show fish`.

function __mtribes_complete
    set -l before (commandline -opc)
    set -l typed (commandline -ct)
    set -l word (string unescape -- $typed 2>/dev/null)
    or set word (string trim --left --chars "\"'" -- $typed)
    set -l reply (command mtribes __complete (count $before) $before "$word" 2>/dev/null </dev/null)
    or return
    set -l head (string split \t -- $reply[1])
    set -l kept "$head[2]"
    set -l path (string sub --start (math 1 + (string length -- "$kept")) -- "$word")
    switch "$head[1]"
        case words
            string join \n -- $reply[2..-1]
        case files
            __mtribes_paths "$kept" "$path" ''
        case folders
            __mtribes_paths "$kept" "$path" /
    end
end

# Paths that begin with $argv[2], behind $argv[1]; with $argv[3] folders alone, which end with it.
function __mtribes_paths
    for found in (complete -C "'' "(string escape -- $argv[2]))
        set -l path (string split --max 1 \t -- $found)[1]
        if string match --quiet -- "*$argv[3]" $path
            echo $argv[1]$path
        end
    end
end

complete -c mtribes -f -a '(__mtribes_complete)'
"""

_POWERSHELL = r"""# mtribes completion for PowerShell. Completions come from the program itself, without a server.
# Made by `mtribes completion show powershell`.

Register-ArgumentCompleter -Native -CommandName mtribes -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $before = @()
    $word = ''
    foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -ge $cursorPosition) { break }
        $text = $element.Extent.Text
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $text = $element.Value }
        if ($element.Extent.EndOffset -ge $cursorPosition) { $word = $text } else { $before += $text }
    }

    $reply = @(& mtribes __complete $before.Count @before $word 2>$null)
    if ($reply.Count -eq 0) { return }
    $kind, $kept = $reply[0] -split "`t", 2

    if ($kind -ne 'words') {
        $path = $word.Substring([Math]::Min($kept.Length, $word.Length))
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($path) |
            Where-Object { $kind -eq 'files' -or $_.ResultType -eq 'ProviderContainer' } |
            ForEach-Object {
                [System.Management.Automation.CompletionResult]::new(
                    $kept + $_.CompletionText, $_.ListItemText, $_.ResultType, $_.ToolTip)
            }
        return
    }

    $found = @($reply | Select-Object -Skip 1 | ForEach-Object {
        $candidate, $meaning = $_ -split "`t", 2
        if ($candidate.StartsWith($word, [StringComparison]::Ordinal)) {
            $tip = if ($meaning) { $meaning } else { $candidate }
            [System.Management.Automation.CompletionResult]::new($candidate, $candidate, 'ParameterValue', $tip)
        }
    })
    # An empty text keeps PowerShell from offering files where none belong.
    if ($found.Count -eq 0) { '' } else { $found }
}
"""


class Script(NamedTuple):
    """The script that a shell runs to complete `mtribes`."""

    file_name: str  # in `completions`
    text: str


SCRIPTS = {
    "bash": Script("mtribes.bash", _BASH),
    "zsh": Script("_mtribes", _ZSH),
    "fish": Script("mtribes.fish", _FISH),
    "powershell": Script("mtribes.ps1", _POWERSHELL),
}
