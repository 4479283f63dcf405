#compdef simsctl
# zsh completion for simsctl(8)

local -a common commands more
common=(
  '(- *)'{-h,--help}'[show this help and exit]'
  '(- *)--version[show the version and exit]'
  "--state-dir[the server's state folder]:DIR:_directories"
  '--socket[its control socket]:PATH:_files'
  '--json[print JSON, one object a line]'
)
commands=(
  'status:print the state of the server'
  'clients:print the connected clients'
  'names:print the registered names'
  'stats:print counters since the start, and gauges'
  "metrics:print the same in Prometheus' text format"
  'kick:disconnect clients; they may connect again'
  'ban:disconnect clients and refuse them from now on'
  'unban:remove a ban'
  'bans:print the bans'
  'invite:make a code that registers one name while registration is closed'
  'release:free a registered name: another key may register it'
  'mail:print how much waits in a mailbox, and how old it is'
  'log-level:log more or less, until the next reload'
  'reload:read the configuration again'
  'backup:copy accounts and mailboxes to new files, while the server runs'
)

local curcontext=$curcontext state line
typeset -A opt_args
_arguments -C -S $common '1: :->command' '*:: :->rest' && return
case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
      kick | unban) more=('1:WHO') ;;
      ban) more=('1:WHO' '--for[how long, such as 1h30m, 2d or 1w]:TIME' '--reason[for simsctl bans; clients are not told]:TEXT') ;;
      invite) more=('--for[how long, such as 1h30m, 2d or 1w]:TIME') ;;
      release) more=('1:NAME') ;;
      mail) more=('1:WHO' '--purge[remove what waits in the mailbox]' '--restored[drop all prekeys, after an older mail.db was put back]') ;;
      log-level) more=('1:LEVEL:(error warning notice info debug)') ;;
      backup) more=('1:FILE:_files') ;;
    esac
    _arguments -S $common $more
    ;;
esac
