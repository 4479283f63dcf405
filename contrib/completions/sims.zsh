#compdef sims
# zsh completion for sims(1)

local -a common commands more

_sims_peers() {
  local -a names home
  [[ -n ${opt_args[--home]} ]] && home=(--home ${(Q)opt_args[--home]/#\~/$HOME})
  names=(${(f)"$(_call_program peers sims $home peers 2>/dev/null)"})
  compadd -a names
}

common=(
  '(- *)'{-h,--help}'[show this help and exit]'
  '(- *)--version[show the version and exit]'
  '--server[the server]:HOST[\:PORT]:_hosts'
  '--name[the name to log in with]:NAME'
  '--suite[offer only this cipher suite]:SUITE:(ecdhe rsa)'
  '--home[keep everything in DIR instead of the XDG folders]:DIR:_directories'
  '--key-file[open the store with this key file]:FILE:_files'
  '--invite[an invitation, for the first login to a server that requires one]:CODE:'
  '--wait[wait for another program on this store]:SECONDS:'
  '--accept-new[accept an unknown key without asking, but never a changed one]'
  '--no-history[do not keep messages after they were delivered or printed]'
)
commands=(
  'id:print your own id'
  'list:print the users that are online'
  'find:look up a registered user'
  'send:send one message; status 0: delivered, 10: the relay keeps it'
  'listen:print messages as they come'
  'pipe:read requests, write answers and messages; for bots'
  'peers:print the names of the remembered peers'
  'requests:print open requests of strangers'
  'mail:print the messages of ours that wait, and for whom'
  'accept:make a contact of a stranger'
  'decline:forget a stranger and their messages'
  "resend:send held messages to the peer's current key"
  'discard:drop messages held for a peer'
  'block:drop all further messages of a peer'
  "fingerprint:print a peer's id and safety number"
  'verify:compare the safety number that a peer sees'
  'forget:forget the key of a server or peer'
  'history:print the history with a peer'
  'export:write the history to a file'
  'erase:erase the history with a peer'
  "passphrase:set or change the store's passphrase"
)

local curcontext=$curcontext state line
typeset -A opt_args
_arguments -C -S $common '1: :->command' '*:: :->rest' && return
case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
      list | requests | mail) more=('--json[one JSON object a line]') ;;
      find) more=('--json[one JSON object a line]' '1:NAME or ID:_sims_peers') ;;
      send)
        more=(
          '--timeout[give up after this many seconds]:SECONDS'
          '--wait-for[wait until it is delivered, or only mailed]:STATE:(mailed delivered)'
          '1:PEER:_sims_peers'
          '2:TEXT'
        )
        ;;
      listen)
        more=(
          '--json[one JSON object a line]'
          '--count[exit after this many messages]:N'
          '--timeout[exit after this many seconds]:SECONDS'
        )
        ;;
      pipe)
        more=(
          '--json[one JSON object a line, both ways]'
          '--timeout[seconds to wait for each answer after the input ends]:SECONDS'
        )
        ;;
      fingerprint | accept | decline | block | resend | discard | erase) more=('1:PEER:_sims_peers') ;;
      verify) more=('1:PEER:_sims_peers' '*:NUMBER') ;;
      forget) more=('1:SERVER or PEER:_sims_peers') ;;
      history)
        more=(
          '--json[one JSON object a line]'
          '--search[only messages with this text, in upper or lower case]:TEXT'
          '--limit[only the newest N]:N'
          '1:PEER:_sims_peers'
        )
        ;;
      export) more=('--json[one JSON object a line]' '1:PEER:_sims_peers' '2:FILE:_files') ;;
      passphrase)
        more=(
          '(--remove --status)--new-key-file[let this file open the store; made if it is missing]:FILE:_files'
          '(--new-key-file --status)--remove[store the key in clear, so that the store needs neither]'
          '(--new-key-file --remove)--status[print how the store is opened, and exit]'
        )
        ;;
    esac
    _arguments -S $common $more
    ;;
esac
