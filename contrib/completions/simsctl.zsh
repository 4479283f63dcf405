#compdef simsctl
# zsh completion for simsctl(8)

local -a common commands more
common=(
  '(- *)'{-h,--help}'[show the options and exit]'
  '(- *)--version[show the version and exit]'
  "--state-dir[the server's state folder]:DIR:_directories"
  '--socket[its control socket]:PATH:_files'
  '--json[print JSON, one object a line]'
)
commands=(
  'status:print how the server is'
  'clients:print who is connected'
  'names:print the registered names'
  'stats:print what was counted since the start'
  "metrics:print the same in Prometheus' text format"
  'kick:cut off clients, who may come again'
  'ban:cut off clients and refuse them from now on'
  'unban:refuse them no longer'
  'bans:print who is banned'
  'invite:make a code that registers one name'
  'release:free a registered name'
  'log-level:log more or less, until the next reload'
  'reload:read the configuration again'
  'backup:copy the accounts to a new file'
)

local curcontext=$curcontext state line
typeset -A opt_args
_arguments -C -S $common '1: :->command' '*:: :->rest' && return
case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
      kick | unban) more=('1:WHO') ;;
      ban) more=('1:WHO' '--for[for so long, such as 1h30m, 2d, 1w]:TIME' '--reason[for simsctl bans]:TEXT') ;;
      invite) more=('--for[for so long, such as 1h30m, 2d, 1w]:TIME') ;;
      release) more=('1:NAME') ;;
      log-level) more=('1:LEVEL:(error warning notice info debug)') ;;
      backup) more=('1:FILE:_files') ;;
    esac
    _arguments -S $common $more
    ;;
esac
