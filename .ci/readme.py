"""Print one of README.md's two commands: the fenced block that follows the nth comment `<!-- setup -->`.

python .ci/readme.py 1
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"<!-- setup -->\s*```\w*\n(.*?)```", re.DOTALL)


def main(number: int) -> str:
    """The commands of block `number`, prompts removed."""
    blocks = BLOCK.findall(README.read_text(encoding="utf-8"))
    if len(blocks) != 2:
        raise SystemExit(f"README.md has {len(blocks)} blocks after <!-- setup -->, expected 2")
    return re.sub(r"^\$ ", "", blocks[number - 1], flags=re.MULTILINE)


if __name__ == "__main__":
    print(main(int(sys.argv[1])), end="")
