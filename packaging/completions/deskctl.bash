# SPDX-License-Identifier: Apache-2.0
# bash completion for deskctl

# Those that deskd knows; those that are there when it does not run.
_deskctl_scripts() {
  local list word
  if list=$(timeout 2 deskctl list 2> /dev/null); then
    printf '%s\n' "$list" | cut -d ' ' -f 1
    return
  fi
  for word in /etc/deskd/scripts/*.js; do
    [[ ! -e $word || $word == *.test.js ]] || basename "$word" .js
  done
}

_deskctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  local commands="check disable doctor enable eval i2c list logs mqtt new pins reload restart run serial start
    status stop test version"
  local word command=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      *) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case $previous in
    --config | --board)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
    --bus)
      mapfile -t COMPREPLY < <(compgen -W "system session" -- "$current")
      return ;;
    --directory)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return ;;
    --template)
      mapfile -t COMPREPLY < <(compgen -W "blink button desk schedule sensor serial" -- "$current")
      return ;;
  esac
  if [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands --bus --config --help --json" -- "$current")
    return
  fi
  if [[ $current == -* ]]; then
    local options="--help --json"
    case $command in
      i2c) options+=" --board" ;;
      logs) options+=" --follow --lines" ;;
      new) options+=" --directory --template" ;;
      pins) options+=" --all --board" ;;
      run) options+=" --board --settings-json --sim" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  case $command in
    check | run | test)
      compopt -o filenames 2> /dev/null
      mapfile -t COMPREPLY < <(compgen -f -X '!*.js' -- "$current"; compgen -d -- "$current") ;;
    disable | enable | eval | logs | reload | restart | start | stop)
      mapfile -t COMPREPLY < <(compgen -W "$(_deskctl_scripts)" -- "$current") ;;
    i2c)
      mapfile -t COMPREPLY < <(compgen -W "$(cd /dev && for word in i2c-*; do [[ -e $word ]] && echo "${word#i2c-}"; done)" \
        -- "$current") ;;
  esac
}

complete -F _deskctl deskctl
