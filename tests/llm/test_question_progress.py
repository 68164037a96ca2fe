"""Progress of questions: how many are answered, and the time left."""

from tiny_server import Server

from econsim.llm import Question, Service
from econsim.llm.replies import Amount
from econsim.runs.llm_progress import QuestionProgress


def test_a_line_every_ten_seconds_says_how_many_are_answered_and_how_long_the_rest_takes() -> None:
    lines, now = list[str](), [0.0]
    progress = QuestionProgress(lines.append, 1000, lambda: now[0])
    for answered in range(100):
        now[0] = answered * 0.5
        progress(answered)
    assert lines == [
        "questions to the language model: 20 of up to 1,000 answered, up to 8:10 left",
        "questions to the language model: 40 of up to 1,000 answered, up to 8:00 left",
        "questions to the language model: 60 of up to 1,000 answered, up to 7:50 left",
        "questions to the language model: 80 of up to 1,000 answered, up to 7:40 left",
    ]


def test_without_a_forecast_it_counts() -> None:
    lines, now = list[str](), [0.0]
    progress = QuestionProgress(lines.append, 0, lambda: now[0])
    now[0] = 10.0
    progress(7)
    assert lines == ["questions to the language model: 7 answered"]


def test_a_service_reports_every_answer(server: Server) -> None:
    reported = list[int]()
    with Service(server.settings()) as service:
        service.watch = reported.append
        for step in range(2):
            form = Amount("hours", 0, 100)
            service.ask([Question("", f"{step} {number}", form, "hours") for number in range(5)])
    assert reported == list(range(1, 11))
