# fish completion for simsctl(8)

set -l commands status clients names stats metrics kick ban unban bans invite release mail log-level reload backup
set -l none "not __fish_seen_subcommand_from $commands"
complete -c simsctl -f
complete -c simsctl -s h -l help -d 'Show this help and exit'
complete -c simsctl -l version -d 'Show the version and exit'
complete -c simsctl -l state-dir -x -a '(__fish_complete_directories)' -d "The server's state folder"
complete -c simsctl -l socket -r -F -d 'Its control socket'
complete -c simsctl -l json -d 'Print JSON, one object a line'
complete -c simsctl -n "$none" -a status -d 'Print the state of the server'
complete -c simsctl -n "$none" -a clients -d 'Print the connected clients'
complete -c simsctl -n "$none" -a names -d 'Print the registered names'
complete -c simsctl -n "$none" -a stats -d 'Print counters since the start, and gauges'
complete -c simsctl -n "$none" -a metrics -d "Print the same in Prometheus' text format"
complete -c simsctl -n "$none" -a kick -d 'Disconnect clients; they may connect again'
complete -c simsctl -n "$none" -a ban -d 'Disconnect clients and refuse them from now on'
complete -c simsctl -n "$none" -a unban -d 'Remove a ban'
complete -c simsctl -n "$none" -a bans -d 'Print the bans'
complete -c simsctl -n "$none" -a invite -d 'Make a code that registers one name while registration is closed'
complete -c simsctl -n "$none" -a release -d 'Free a registered name: another key may register it'
complete -c simsctl -n "$none" -a mail -d 'Print how much waits in a mailbox, and how old it is'
complete -c simsctl -n "$none" -a log-level -d 'Log more or less, until the next reload'
complete -c simsctl -n "$none" -a reload -d 'Read the configuration again'
complete -c simsctl -n "$none" -a backup -d 'Copy accounts and mailboxes to new files, while the server runs'
complete -c simsctl -n '__fish_seen_subcommand_from ban invite' -l for -x -d 'How long, such as 1h30m, 2d or 1w'
complete -c simsctl -n '__fish_seen_subcommand_from ban' -l reason -x -d 'For simsctl bans; clients are not told'
complete -c simsctl -n '__fish_seen_subcommand_from mail' -l purge -d 'Remove what waits in the mailbox'
complete -c simsctl -n '__fish_seen_subcommand_from mail' -l restored -d 'Drop all prekeys, after an older mail.db was put back'
complete -c simsctl -n '__fish_seen_subcommand_from log-level' -a 'error warning notice info debug'
complete -c simsctl -n '__fish_seen_subcommand_from backup' -F
