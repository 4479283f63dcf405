# bash completion for sims-tui(1)

_sims_tui() {
  local cur=$2 prev=$3
  COMPREPLY=()
  case $prev in
    --server) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
    --suite) mapfile -t COMPREPLY < <(compgen -W 'ecdhe rsa ecdhe,rsa rsa,ecdhe' -- "$cur") ;;
    --home)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
    --config | --key-file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    --port | --name | --query | --invite) ;;
    *)
      mapfile -t COMPREPLY < <(compgen -W '-h --help --version --server --port --name --suite --home --query
        --config --key-file --ascii --invite --accept-new --connect --plain --demo' -- "$cur")
      ;;
  esac
}
complete -F _sims_tui sims-tui
