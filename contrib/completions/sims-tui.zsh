#compdef sims-tui
# zsh completion for sims-tui(1)

_arguments -s -S \
  '(- *)'{-h,--help}'[show the options and exit]' \
  '(- *)--version[show the version and exit]' \
  '--server[the server]:HOST[\:PORT]:_hosts' \
  '--port[its port]:PORT' \
  '--name[the name to use there]:NAME' \
  '--suite[cipher suites, best first]:LIST:(ecdhe rsa ecdhe,rsa rsa,ecdhe)' \
  '--home[keep everything in DIR instead of the XDG folders]:DIR:_directories' \
  '--query[open the window with PEER as soon as it is known]:PEER' \
  '--config[the configuration file]:FILE:_files' \
  '--key-file[opens a store that is sealed with a key file]:FILE:_files' \
  '--ascii[draw with nothing but ASCII]' \
  '--invite[an invitation, for the first login]:CODE:' \
  '--accept-new[take the key of a server met for the first time without asking]' \
  '--connect[connect at once with what was used last]' \
  '--plain[a stream of lines instead of a screen, for screen readers]' \
  '--demo[a conversation with people who do not exist, without a server]'
