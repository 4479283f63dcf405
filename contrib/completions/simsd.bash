# bash completion for simsd(8)

_simsd() {
  local cur=$2 prev=$3
  COMPREPLY=()
  case $prev in
    --config | --pid-file)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    --state-dir)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
    --suites) mapfile -t COMPREPLY < <(compgen -W 'ecdhe rsa ecdhe,rsa rsa,ecdhe' -- "$cur") ;;
    --registration) mapfile -t COMPREPLY < <(compgen -W 'open closed' -- "$cur") ;;
    --log-level) mapfile -t COMPREPLY < <(compgen -W 'error warning notice info debug' -- "$cur") ;;
    --log) mapfile -t COMPREPLY < <(compgen -W 'stderr syslog' -- "$cur") ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
    --listen | --name | --metrics-listen) ;;
    *)
      mapfile -t COMPREPLY < <(compgen -W '-h --help --version --config --listen --state-dir --name --suites
        --registration --log-level --log --metrics-listen --daemon --pid-file --user --no-confine --check-config
        --print-id' -- "$cur")
      ;;
  esac
}
complete -F _simsd simsd
