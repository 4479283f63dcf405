# fish completion for sims-tui(1)

complete -c sims-tui -f
complete -c sims-tui -s h -l help -d 'Show this help and exit'
complete -c sims-tui -l version -d 'Show the version and exit'
complete -c sims-tui -l server -x -a '(__fish_print_hostnames)' -d 'The server, HOST[:PORT]'
complete -c sims-tui -l port -x -d "The server's port"
complete -c sims-tui -l name -x -d 'The name to log in with'
complete -c sims-tui -l suite -x -a 'ecdhe rsa ecdhe,rsa rsa,ecdhe' -d 'Cipher suites, best first'
complete -c sims-tui -l home -x -a '(__fish_complete_directories)' -d 'Keep everything in this folder'
complete -c sims-tui -l query -x -d 'Open the window with this peer as soon as it is known'
complete -c sims-tui -l config -r -F -d 'The configuration file'
complete -c sims-tui -l key-file -r -F -d 'Open the store with this key file'
complete -c sims-tui -l ascii -d 'Draw with ASCII only'
complete -c sims-tui -l invite -x -d 'An invitation, for the first login'
complete -c sims-tui -l accept-new -d 'Accept an unknown server key without asking'
complete -c sims-tui -l connect -d 'Connect at once, with the settings used last'
complete -c sims-tui -l plain -d 'Print lines instead of drawing a screen, for screen readers'
complete -c sims-tui -l demo -d 'Show a conversation with invented people, without a server'
