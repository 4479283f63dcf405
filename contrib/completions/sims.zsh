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
  '(- *)'{-h,--help}'[show the options and exit]'
  '(- *)--version[show the version and exit]'
  '--server[the server]:HOST[\:PORT]:_hosts'
  '--name[the name to log in with]:NAME'
  '--suite[offer only this cipher suite]:SUITE:(ecdhe rsa)'
  '--home[keep everything in DIR instead of the XDG folders]:DIR:_directories'
  '--key-file[opens a store that is sealed with a key file]:FILE:_files'
  '--invite[an invitation, for the first login]:CODE:'
  '--wait[wait so long for another program that uses the store]:SECONDS:'
  '--accept-new[take a first-seen key without asking, never a changed one]'
  '--no-history[keep nothing of what is said once it was delivered or printed]'
)
commands=(
  'id:print the own id'
  'list:print who is online'
  'find:print who is registered under a name or an id'
  'send:send one message'
  'listen:print messages as they come'
  'pipe:requests in, answers and messages out, for bots'
  'peers:print the names of the remembered peers'
  'requests:print the strangers who wrote'
  'accept:make a contact of a stranger'
  'decline:forget a stranger and what they wrote'
  "resend:send what is held to the peer's key of today"
  'discard:drop what is held for a peer'
  'block:hear nothing more of a peer'
  "fingerprint:print a peer's id and safety number"
  'verify:compare the safety number that a peer sees'
  'forget:forget the key of a server or peer'
  'history:print what was said with a peer'
  'export:write what was said to a file'
  'erase:erase what was said with a peer'
  "passphrase:set or change the store's passphrase"
)

local curcontext=$curcontext state line
typeset -A opt_args
_arguments -C -S $common '1: :->command' '*:: :->rest' && return
case $state in
  command) _describe -t commands command commands ;;
  rest)
    case $words[1] in
      list | requests) more=('--json[one JSON object a line]') ;;
      find) more=('--json[one JSON object a line]' '1:NAME or ID:_sims_peers') ;;
      send) more=('--timeout[give up after so many seconds]:SECONDS' '1:PEER:_sims_peers' '2:TEXT') ;;
      listen)
        more=(
          '--json[one JSON object a line]'
          '--count[end after so many messages]:N'
          '--timeout[end after so many seconds]:SECONDS'
        )
        ;;
      pipe)
        more=(
          '--json[one JSON object a line, both ways]'
          '--timeout[after the end of the input wait so long for each proof]:SECONDS'
        )
        ;;
      fingerprint | accept | decline | block | resend | discard | erase) more=('1:PEER:_sims_peers') ;;
      verify) more=('1:PEER:_sims_peers' '*:NUMBER') ;;
      forget) more=('1:SERVER or PEER:_sims_peers') ;;
      history)
        more=(
          '--json[one JSON object a line]'
          '--search[only messages with this text, in either case]:TEXT'
          '--limit[only the newest so many]:N'
          '1:PEER:_sims_peers'
        )
        ;;
      export) more=('--json[one JSON object a line]' '1:PEER:_sims_peers' '2:FILE:_files') ;;
      passphrase)
        more=(
          '(--remove --status)--new-key-file[let this file open the store]:FILE:_files'
          '(--new-key-file --status)--remove[let everybody who can read it open the store]'
          '(--new-key-file --remove)--status[only say what opens it]'
        )
        ;;
    esac
    _arguments -S $common $more
    ;;
esac
