#compdef sims-tui
# zsh completion for sims-tui(1)

_arguments -s -S \
  '(- *)'{-h,--help}'[show this help and exit]' \
  '(- *)--version[show the version and exit]' \
  '--server[the server]:HOST[\:PORT]:_hosts' \
  '--port[the server'\''s port]:PORT' \
  '--name[the name to log in with]:NAME' \
  '--suite[cipher suites, best first]:LIST:(ecdhe rsa ecdhe,rsa rsa,ecdhe)' \
  '--home[keep everything in DIR instead of the XDG folders]:DIR:_directories' \
  '--query[open the window with PEER as soon as it is known]:PEER' \
  '--config[the configuration file]:FILE:_files' \
  '--key-file[open the store with this key file]:FILE:_files' \
  '--ascii[draw with ASCII only]' \
  '--invite[an invitation, for the first login]:CODE:' \
  '--accept-new[accept an unknown server key without asking]' \
  '--connect[connect at once, with the settings used last]' \
  '--plain[print lines instead of drawing a screen, for screen readers]' \
  '--demo[show a conversation with invented people, without a server]'
