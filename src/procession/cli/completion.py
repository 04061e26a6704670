"""`procession completion`: the script that teaches a shell to complete our words. Completing itself is click's work."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  eval "$(procession completion bash)"                      now, in this shell
  procession completion bash >> ~/.bashrc                   from now on
  procession completion zsh > ~/.zfunc/_procession          a directory of your fpath
  procession completion fish > ~/.config/fish/completions/procession.fish
"""


@click.command("completion", epilog=EPILOG, short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_verb(shell: str) -> None:
    """Print the script that makes SHELL complete verbs, options and files with the tab key."""
    from click.shell_completion import get_completion_class

    from procession.cli.group import COMPLETE_VARIABLE, PROGRAM, group

    kind = get_completion_class(shell)
    assert kind is not None
    completer = kind(group, {}, PROGRAM, COMPLETE_VARIABLE)
    # Not `source()`: for bash that starts a bash, only to look at its version.
    print(completer.source_template % completer.source_vars())
