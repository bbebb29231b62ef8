"""Every story of this folder, played to the end on a fresh demo shop, as anybody would from the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

STORIES = sorted(Path(__file__).parent.glob("*.play"))
LONGEST_S = 300


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_the_story_comes_true(story: Path) -> None:
    command = [sys.executable, "-m", "kiosk", "play", str(story), "--json"]
    played = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert played.stdout, played.stderr
    told = json.loads(played.stdout)
    if not told["ok"]:
        failed = told["steps"][-1]
        pytest.fail(f"line {failed['line']} {failed['step']}: {failed['why']}\n" + "\n".join(told["screen"]))
    assert played.returncode == 0
    # A step that waits in vain for the application to come to rest hides a command that never ends.
    assert [step for step in told["steps"] if "overdue" in step] == []
    assert played.stderr == ""
