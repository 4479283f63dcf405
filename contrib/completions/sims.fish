# fish completion for sims(1)

# Names that are remembered, for the first word after a command that takes one.
function __sims_wants_peer
    set -l words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word --server --name --suite --home --key-file --invite --wait --timeout --count --search --limit
            set skip 1
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    test (count $words) = 1
    and contains -- $words[1] send find fingerprint verify accept decline block resend discard forget history export erase
end
function __sims_peers
    set -l words (commandline -opc)
    set -l home
    set -l at (contains -i -- --home $words)
    and set home --home (string replace -r '^~' $HOME -- $words[(math $at + 1)])
    $words[1] $home peers 2>/dev/null
end

set -l commands id list find send listen pipe peers requests accept decline block fingerprint verify resend discard forget
set -a commands history export erase passphrase
set -l none "not __fish_seen_subcommand_from $commands"
complete -c sims -f
complete -c sims -s h -l help -d 'Show the options and exit'
complete -c sims -l version -d 'Show the version and exit'
complete -c sims -l server -x -a '(__fish_print_hostnames)' -d 'The server, HOST[:PORT]'
complete -c sims -l name -x -d 'The name to log in with'
complete -c sims -l suite -x -a 'ecdhe rsa' -d 'Offer only this cipher suite'
complete -c sims -l home -x -a '(__fish_complete_directories)' -d 'Keep everything in this folder'
complete -c sims -l key-file -r -F -d 'Opens a store that is sealed with a key file'
complete -c sims -l invite -x -d 'An invitation, for the first login'
complete -c sims -l wait -x -d 'Wait so long for another program that uses the store'
complete -c sims -l accept-new -d 'Take a first-seen key without asking, never a changed one'
complete -c sims -l no-history -d 'Keep nothing of what is said once it was delivered or printed'
complete -c sims -n "$none" -a id -d 'Print the own id'
complete -c sims -n "$none" -a list -d 'Print who is online'
complete -c sims -n "$none" -a find -d 'Print who is registered under a name or an id'
complete -c sims -n "$none" -a send -d 'Send one message'
complete -c sims -n "$none" -a listen -d 'Print messages as they come'
complete -c sims -n "$none" -a pipe -d 'Requests in, answers and messages out, for bots'
complete -c sims -n "$none" -a peers -d 'Print the names of the remembered peers'
complete -c sims -n '__sims_wants_peer' -x -a '(__sims_peers)'
complete -c sims -n "$none" -a requests -d 'Print the strangers who wrote'
complete -c sims -n "$none" -a accept -d 'Make a contact of a stranger'
complete -c sims -n "$none" -a decline -d 'Forget a stranger and what they wrote'
complete -c sims -n "$none" -a resend -d 'Send what is held to the peer\'s key of today'
complete -c sims -n "$none" -a discard -d 'Drop what is held for a peer'
complete -c sims -n "$none" -a block -d 'Hear nothing more of a peer'
complete -c sims -n "$none" -a fingerprint -d "Print a peer's id and safety number"
complete -c sims -n "$none" -a verify -d 'Compare the safety number that a peer sees'
complete -c sims -n "$none" -a forget -d 'Forget the key of a server or peer'
complete -c sims -n "$none" -a history -d 'Print what was said with a peer'
complete -c sims -n "$none" -a export -d 'Write what was said to a file'
complete -c sims -n "$none" -a erase -d 'Erase what was said with a peer'
complete -c sims -n "$none" -a passphrase -d "Set or change the store's passphrase"
complete -c sims -n '__fish_seen_subcommand_from list find listen pipe requests history export' -l json -d 'One JSON object a line'
complete -c sims -n '__fish_seen_subcommand_from send listen pipe' -l timeout -x -d 'End after so many seconds'
complete -c sims -n '__fish_seen_subcommand_from listen' -l count -x -d 'End after so many messages'
complete -c sims -n '__fish_seen_subcommand_from history' -l search -x -d 'Only messages with this text'
complete -c sims -n '__fish_seen_subcommand_from history' -l limit -x -d 'Only the newest so many'
complete -c sims -n '__fish_seen_subcommand_from export' -F
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l new-key-file -r -F -d 'Let this file open the store'
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l remove -d 'Let everybody who can read it open the store'
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l status -d 'Only say what opens it'
