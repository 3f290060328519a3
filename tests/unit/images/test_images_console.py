"""Running programs for a person: a failure is one line that says what, with the end of what it said."""

from __future__ import annotations

import sys
import time

import pytest

from images.console import Stop, Stopwatch, run, stop_with_line

PYTHON = [sys.executable, "-Ic"]


def test_what_a_program_prints_comes_back_standard_error_among_it():
    said = run([*PYTHON, "import os; os.write(1, b'out\\n'); os.write(2, b'err\\n')"], why="x")
    assert said == "out\nerr\n"


def test_a_missing_program_is_named():
    with pytest.raises(Stop, match=r"^It could not be done: carrel-no-such-program is not installed$"):
        run(["carrel-no-such-program", "--help"], why="It could not be done")


def test_a_program_that_does_not_end_is_stopped_and_named():
    begun = time.monotonic()
    with pytest.raises(Stop, match=r"^It hangs: no end after 0 s \(.*python\S* -Ic import time .*…\)$"):
        run([*PYTHON, "import time ; time.sleep(60)"], why="It hangs", timeout=0.3)
    assert time.monotonic() - begun < 20


def test_a_failure_shows_why_the_code_and_the_last_dozen_lines_and_keeps_all_in_the_log(tmp_path):
    log = tmp_path / "deep/build.log"
    with pytest.raises(Stop) as caught:
        run([*PYTHON, "[print('line', n) for n in range(30)]; exit(7)"], why="It failed", log=log)
    first, *tail = str(caught.value).splitlines()
    assert first.startswith("It failed: ")
    assert first.endswith(f"… ended with 7 (all of it: {log})")
    assert tail == [f"line {number}" for number in range(18, 30)]
    assert len(log.read_text().splitlines()) == 30


def test_a_failure_without_a_log_names_none():
    with pytest.raises(Stop) as caught:
        run([*PYTHON, "exit(3)"], why="It failed")
    assert "all of it" not in str(caught.value)


def test_a_log_is_that_of_the_last_time_also_where_it_went_well(tmp_path):
    log = tmp_path / "log"
    log.write_text("the failure of yesterday")
    run([*PYTHON, "print('fine')"], why="x", log=log)
    assert log.read_text() == "fine\n"


def test_a_program_that_prints_in_another_encoding_is_still_shown():
    with pytest.raises(Stop, match="ended with 1"):
        run([*PYTHON, "import os; os.write(1, '错误\\n'.encode('gbk')); exit(1)"], why="It failed")


def test_a_stop_is_shown_on_standard_error_and_ends_with_one(capsys):
    assert stop_with_line(Stop("mend this")) == 1
    assert capsys.readouterr() == ("", "[carrel] mend this\n")


def test_a_stopwatch_adds_up_the_laps_of_one_step():
    watch = Stopwatch()
    for _ in range(2):
        watch.last -= 2
        watch.lap("wheels")
    watch.lap("nothing")
    assert watch.steps == {"wheels": 4.0, "nothing": 0.0}
