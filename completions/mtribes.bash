# mtribes completion for bash. Completions come from the program itself, without a server.
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
