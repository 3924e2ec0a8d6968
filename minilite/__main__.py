"""`python -m minilite` is the command `minilite`."""

from .cli import main

main(prog_name="minilite")
