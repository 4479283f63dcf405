# bash completion for sims(1)

_sims() {
  local cur=$2 prev=$3 command='' options='-h --help --version --server --name --suite --home --accept-new' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --server | --name | --suite | --home | --timeout | --count) ((i++)) ;;
      -*) ;;
      *)
        command=${COMP_WORDS[i]}
        break
        ;;
    esac
  done
  case $prev in
    --server) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    --suite) mapfile -t COMPREPLY < <(compgen -W 'ecdhe rsa' -- "$cur") ;;
    --home)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
    --name | --timeout | --count) ;;
    *)
      case $command in
        '') options+=' id list send listen fingerprint verify forget' ;;
        list) options+=' --json' ;;
        send) options+=' --timeout' ;;
        listen) options+=' --json --count --timeout' ;;
      esac
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
      ;;
  esac
}
complete -F _sims sims
