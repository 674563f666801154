# mtribes completion for fish. Completions come from the program itself, without a server.
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
