# fish completion for sims(1)

# Names that are remembered, for the first word after a command that takes one.
function __sims_wants_peer
    set -l words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word --server --name --suite --home --key-file --invite --wait --timeout --wait-for --count --search --limit
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

set -l commands id list find send listen pipe peers requests mail accept decline block fingerprint verify resend discard forget
set -a commands history export erase passphrase
set -l none "not __fish_seen_subcommand_from $commands"
complete -c sims -f
complete -c sims -s h -l help -d 'Show this help and exit'
complete -c sims -l version -d 'Show the version and exit'
complete -c sims -l server -x -a '(__fish_print_hostnames)' -d 'The server, HOST[:PORT]'
complete -c sims -l name -x -d 'The name to log in with'
complete -c sims -l suite -x -a 'ecdhe rsa' -d 'Offer only this cipher suite'
complete -c sims -l home -x -a '(__fish_complete_directories)' -d 'Keep everything in this folder instead of the XDG folders'
complete -c sims -l key-file -r -F -d 'Open the store with this key file'
complete -c sims -l invite -x -d 'An invitation, for the first login to a server that requires one'
complete -c sims -l wait -x -d 'Wait for another program on this store'
complete -c sims -l accept-new -d 'Accept an unknown key without asking, but never a changed one'
complete -c sims -l no-history -d 'Do not keep messages after they were delivered or printed'
complete -c sims -n "$none" -a id -d 'Print your own id'
complete -c sims -n "$none" -a list -d 'Print the users that are online'
complete -c sims -n "$none" -a find -d 'Look up a registered user'
complete -c sims -n "$none" -a send -d 'Send one message; status 0: delivered, 10: the relay keeps it'
complete -c sims -n "$none" -a listen -d 'Print messages as they come'
complete -c sims -n "$none" -a pipe -d 'Read requests, write answers and messages; for bots'
complete -c sims -n "$none" -a peers -d 'Print the names of the remembered peers'
complete -c sims -n '__sims_wants_peer' -x -a '(__sims_peers)'
complete -c sims -n "$none" -a requests -d 'Print open requests of strangers'
complete -c sims -n "$none" -a mail -d 'Print the messages of ours that wait, and for whom'
complete -c sims -n "$none" -a accept -d 'Make a contact of a stranger'
complete -c sims -n "$none" -a decline -d 'Forget a stranger and their messages'
complete -c sims -n "$none" -a resend -d "Send held messages to the peer's current key"
complete -c sims -n "$none" -a discard -d 'Drop messages held for a peer'
complete -c sims -n "$none" -a block -d 'Drop all further messages of a peer'
complete -c sims -n "$none" -a fingerprint -d "Print a peer's id and safety number"
complete -c sims -n "$none" -a verify -d 'Compare the safety number that a peer sees'
complete -c sims -n "$none" -a forget -d 'Forget the key of a server or peer'
complete -c sims -n "$none" -a history -d 'Print the history with a peer'
complete -c sims -n "$none" -a export -d 'Write the history to a file'
complete -c sims -n "$none" -a erase -d 'Erase the history with a peer'
complete -c sims -n "$none" -a passphrase -d "Set or change the store's passphrase"
complete -c sims -n '__fish_seen_subcommand_from list find listen pipe requests mail history export' -l json -d 'One JSON object a line'
complete -c sims -n '__fish_seen_subcommand_from send' -l timeout -x -d 'Give up after this many seconds'
complete -c sims -n '__fish_seen_subcommand_from send' -l wait-for -x -a 'mailed delivered' -d 'Wait until it is delivered, or only mailed'
complete -c sims -n '__fish_seen_subcommand_from listen' -l timeout -x -d 'Exit after this many seconds'
complete -c sims -n '__fish_seen_subcommand_from pipe' -l timeout -x -d 'Seconds to wait for each answer after the input ends'
complete -c sims -n '__fish_seen_subcommand_from listen' -l count -x -d 'Exit after this many messages'
complete -c sims -n '__fish_seen_subcommand_from history' -l search -x -d 'Only messages with this text, in upper or lower case'
complete -c sims -n '__fish_seen_subcommand_from history' -l limit -x -d 'Only the newest N'
complete -c sims -n '__fish_seen_subcommand_from export' -F
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l new-key-file -r -F -d 'Let this file open the store; made if it is missing'
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l remove -d 'Store the key in clear, so that the store needs neither'
complete -c sims -n '__fish_seen_subcommand_from passphrase' -l status -d 'Print how the store is opened, and exit'
