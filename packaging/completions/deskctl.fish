# SPDX-License-Identifier: Apache-2.0
# fish completion for deskctl

# Those that deskd knows; those that are there when it does not run.
function __deskctl_scripts
    set --local names (timeout 2 deskctl list 2> /dev/null | string replace --regex ' .*' '')
    if set --query names[1]
        printf '%s\n' $names
        return
    end
    for file in /etc/deskd/scripts/*.js
        string match --quiet '*.test.js' $file; or basename $file .js
    end
end

complete -c deskctl -f
complete -c deskctl -s h -l help -d 'print help'
complete -c deskctl -l json -d 'print JSON'
complete -c deskctl -l config -r -F -d 'settings of deskd'
complete -c deskctl -l bus -x -a 'system session' -d 'D-Bus'

complete -c deskctl -n __fish_use_subcommand -a check -d 'check scripts and settings without running them'
complete -c deskctl -n __fish_use_subcommand -a disable -d 'keep a script from starting'
complete -c deskctl -n __fish_use_subcommand -a doctor -d 'look for what is wrong here, and what mends it'
complete -c deskctl -n __fish_use_subcommand -a enable -d 'let a script start again'
complete -c deskctl -n __fish_use_subcommand -a eval -d 'evaluate an expression in a script'
complete -c deskctl -n __fish_use_subcommand -a i2c -d 'show who answers on an I2C bus'
complete -c deskctl -n __fish_use_subcommand -a list -d 'list the scripts'
complete -c deskctl -n __fish_use_subcommand -a logs -d 'show what a script has said'
complete -c deskctl -n __fish_use_subcommand -a mqtt -d 'show the connection to the broker'
complete -c deskctl -n __fish_use_subcommand -a new -d 'create a script and its settings from a template'
complete -c deskctl -n __fish_use_subcommand -a pins -d 'show the GPIO lines, and who holds them'
complete -c deskctl -n __fish_use_subcommand -a reload -d 'load the file of a script again'
complete -c deskctl -n __fish_use_subcommand -a restart -d 'stop a script and start it again'
complete -c deskctl -n __fish_use_subcommand -a run -d 'run one script here, without service and broker'
complete -c deskctl -n __fish_use_subcommand -a serial -d 'show the serial ports, and who has them open'
complete -c deskctl -n __fish_use_subcommand -a start -d 'start a script'
complete -c deskctl -n __fish_use_subcommand -a status -d 'show the daemon and its scripts'
complete -c deskctl -n __fish_use_subcommand -a stop -d 'stop a script'
complete -c deskctl -n __fish_use_subcommand -a test -d 'run test cases on a simulated board'
complete -c deskctl -n __fish_use_subcommand -a version -d 'print the version'

complete -c deskctl -n '__fish_seen_subcommand_from check run test' -F
complete -c deskctl -n '__fish_seen_subcommand_from disable enable eval logs reload restart start stop' -a '(__deskctl_scripts)'
complete -c deskctl -n '__fish_seen_subcommand_from run' -l sim -d 'on a simulated board'
complete -c deskctl -n '__fish_seen_subcommand_from i2c pins run' -l board -r -F -d 'of deskd-sim'
complete -c deskctl -n '__fish_seen_subcommand_from run' -l settings-json -x -d 'instead of NAME.toml'
complete -c deskctl -n '__fish_seen_subcommand_from new' -l template -x -a 'blink button desk schedule sensor serial'
complete -c deskctl -n '__fish_seen_subcommand_from new' -l directory -x -a '(__fish_complete_directories)'
complete -c deskctl -n '__fish_seen_subcommand_from pins' -l all -d 'lines beside the header, too'
complete -c deskctl -n '__fish_seen_subcommand_from logs' -s f -l follow -d 'wait for more'
complete -c deskctl -n '__fish_seen_subcommand_from logs' -s n -l lines -x -d 'so many of the last lines'
