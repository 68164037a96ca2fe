"""The page of Mesa: it renders, steps, starts again, and names mistakes."""

from __future__ import annotations

import pytest

import econsim
from econsim.errors import UserError

solara = pytest.importorskip("solara", reason="needs econsim[mesa-viz]")
vuetify = pytest.importorskip("ipyvuetify", reason="needs econsim[mesa-viz]")
pytest.importorskip("mesa.visualization", reason="needs econsim[mesa-viz]")
from econsim.interop.mesa_page import mesa_page  # noqa: E402


@pytest.mark.filterwarnings("ignore")  # of the libraries of the page
def test_a_page_steps_the_game_and_starts_again() -> None:
    page = mesa_page(econsim.make("money_exchange", people=20, horizon=5))
    _, rendered = solara.render(solara.AppLayout(children=[page]), handle_error=False)

    def press(name: str) -> str:
        next(button for button in rendered.find(vuetify.Btn).widgets if button.children == [name]).click()
        return " ".join(str(widget.children) for widget in rendered.find(vuetify.Html).widgets)

    try:
        assert [slider.label for slider in rendered.find(vuetify.Slider).widgets][-1] == "Seed"
        assert "Step: 1" in press("Step")
        assert "Step: 2" in press("Step")
        assert "Step: 0" in press("Reset")
    finally:
        rendered.close()


def test_accounts_that_cannot_be_drawn_are_named() -> None:
    game = econsim.make("money_exchange", people=20)
    with pytest.raises(UserError, match="no account 'welth' to draw; there are share_without_money, wealth_variance"):
        mesa_page(game, accounts=["welth"])
