# bash completion for simsctl(8)

_simsctl() {
  local cur=$2 prev=$3 command='' i
  local options='-h --help --version --state-dir --socket --json'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --state-dir | --socket | --for | --reason) ((i++)) ;;
      -*) ;;
      *)
        command=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  case $prev in
    --state-dir)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      return
      ;;
    --socket)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    --for | --reason) return ;;
  esac
  case $command in
    '')
      options+=' status clients names stats metrics kick ban unban bans invite release mail log-level'
      options+=' reload backup'
      ;;
    ban) options+=' --for --reason' ;;
    invite) options+=' --for' ;;
    mail) options+=' --purge --restored' ;;
    log-level) [[ $cur == -* ]] || options='error warning notice info debug' ;;
    backup) [[ $cur == -* ]] || compopt -o default 2>/dev/null ;; # the new file's name
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -F _simsctl simsctl
