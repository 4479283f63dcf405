#compdef simsd
# zsh completion for simsd(8)

_arguments -s -S \
  '(- *)'{-h,--help}'[show this help and exit]' \
  '(- *)--version[show the version and exit]' \
  '--config[read options from FILE]:FILE:_files' \
  '*--listen[serve on this address]:ADDR\:PORT' \
  '--state-dir[folder of the identity key and the accounts]:DIR:_directories' \
  "--name[the server's own name]:NAME" \
  '--suites[cipher suites to accept]:LIST:(ecdhe rsa ecdhe,rsa rsa,ecdhe)' \
  '--registration[whether new names may be registered]:REGISTRATION:(open closed)' \
  '--log-level[what is logged]:LEVEL:(error warning notice info debug)' \
  '--log[where to log to]:WHERE:(stderr syslog)' \
  '--metrics-listen[answer GET /metrics on this loopback address]:ADDR\:PORT' \
  '--daemon[go into the background once everything is open]' \
  '--pid-file[write the process id to FILE while serving]:FILE:_files' \
  '--user[started by root: become this user]:NAME:_users' \
  '--no-confine[keep system calls that serving does not need]' \
  '--check-config[check the options and the configuration file, then exit]' \
  "--print-id[print the server's id, then exit]"
