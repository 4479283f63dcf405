# bash completion for sims(1)

_sims() {
  local cur=$2 prev=$3 command='' peer='' home='' i
  local options='-h --help --version --server --name --suite --home --key-file --invite --wait --accept-new --no-history'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --home)
        home=${COMP_WORDS[++i]}
        ;;
      --server | --name | --suite | --key-file | --invite | --wait | --new-key-file | --timeout | --wait-for | --count | --limit | --search)
        ((i++))
        ;;
      -*) ;;
      *)
        if [[ $command ]]; then peer=${COMP_WORDS[i]}; else command=${COMP_WORDS[i]}; fi
        ;;
    esac
  done
  case $prev in
    --server) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    --wait-for) mapfile -t COMPREPLY < <(compgen -W 'mailed delivered' -- "$cur") ;;
    --suite) mapfile -t COMPREPLY < <(compgen -W 'ecdhe rsa' -- "$cur") ;;
    --home)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
    --key-file | --new-key-file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    --name | --wait | --timeout | --count | --limit | --search) ;;
    *)
      case $command in
        '')
          options+=' id list find send listen pipe requests mail accept decline block fingerprint verify resend discard forget'
          options+=' peers history export erase passphrase'
          ;;
        list | find | requests | mail) options+=' --json' ;;
        send) options+=' --timeout --wait-for' ;;
        pipe) options+=' --json --timeout' ;;
        listen) options+=' --json --count --timeout' ;;
        history) options+=' --json --search --limit' ;;
        export)
          options+=' --json'
          [[ $cur == -* ]] || compopt -o default 2>/dev/null # the new file's name
          ;;
        passphrase) options+=' --new-key-file --remove --status' ;;
      esac
      case $command in
        send | find | fingerprint | verify | accept | decline | block | resend | discard | forget | history | export | erase)
          [[ $peer || $cur == -* ]] || options=$("${COMP_WORDS[0]}" ${home:+--home "${home/#\~/$HOME}"} peers 2>/dev/null)
          ;;
      esac
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
      ;;
  esac
}
complete -F _sims sims
