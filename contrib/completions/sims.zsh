#compdef sims
# zsh completion for sims(1)

local -a common commands more
common=(
  '(- *)'{-h,--help}'[show the options and exit]'
  '(- *)--version[show the version and exit]'
  '--server[the server]:HOST[\:PORT]:_hosts'
  '--name[the name to log in with]:NAME'
  '--suite[offer only this cipher suite]:SUITE:(ecdhe rsa)'
  '--home[keep everything in DIR instead of the XDG folders]:DIR:_directories'
  '--accept-new[take a first-seen key without asking, never a changed one]'
)
commands=(
  'id:print the own id'
  'list:print who is online'
  'send:send one message'
  'listen:print messages as they come'
  "fingerprint:print a peer's id and safety number"
  'verify:compare the safety number that a peer sees'
  'forget:forget the key of a server or peer'
)

local curcontext=$curcontext state line
typeset -A opt_args
_arguments -C -S $common '1: :->command' '*:: :->rest' && return
case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
      list) more=('--json[one JSON object a line]') ;;
      send) more=('--timeout[give up after so many seconds]:SECONDS' '1:PEER' '2:TEXT') ;;
      listen)
        more=(
          '--json[one JSON object a line]'
          '--count[end after so many messages]:N'
          '--timeout[end after so many seconds]:SECONDS'
        )
        ;;
      fingerprint) more=('1:PEER') ;;
      verify) more=('1:PEER' '*:NUMBER') ;;
      forget) more=('1:SERVER or PEER') ;;
    esac
    _arguments -S $common $more
    ;;
esac
