# fish completion for simsd(8)

complete -c simsd -f
complete -c simsd -s h -l help -d 'Show this help and exit'
complete -c simsd -l version -d 'Show the version and exit'
complete -c simsd -l config -r -F -d 'Read options from this file'
complete -c simsd -l listen -x -d 'Serve on this address, ADDR:PORT'
complete -c simsd -l state-dir -x -a '(__fish_complete_directories)' -d 'Folder of the key and the accounts'
complete -c simsd -l name -x -d "The server's own name"
complete -c simsd -l suites -x -a 'ecdhe rsa ecdhe,rsa rsa,ecdhe' -d 'Cipher suites to accept'
complete -c simsd -l registration -x -a 'open closed' -d 'Whether new names may be registered'
complete -c simsd -l log-level -x -a 'error warning notice info debug' -d 'What is logged'
complete -c simsd -l log -x -a 'stderr syslog' -d 'Where to log to'
complete -c simsd -l metrics-listen -x -d 'Answer GET /metrics on this loopback address'
complete -c simsd -l daemon -d 'Go into the background once everything is open'
complete -c simsd -l pid-file -r -F -d 'Write the process id to this file while serving'
complete -c simsd -l user -x -a '(__fish_complete_users)' -d 'Started by root: become this user'
complete -c simsd -l no-confine -d 'Keep system calls that serving does not need'
complete -c simsd -l check-config -d 'Check the options and the configuration file, then exit'
complete -c simsd -l print-id -d "Print the server's id, then exit"
