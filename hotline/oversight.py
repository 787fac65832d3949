"""How a site judges its own work: quality, supervision, assessment, projects. All of it is the site's to say.

Figures that no published text gives (weights, thresholds, shares) are defaults here and nothing more. Of the grounds
for public criticism only one is known from the sources, so only one is shipped.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hotline.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Stage = Literal["call", "order", "handling", "callback"]
Text = Annotated[str, Field(min_length=1, max_length=80)]


class ScoreItem(Section):
    """One line of a score sheet. A fatal item has no points: found, it fails the whole sheet."""

    name: Text
    points: Annotated[int, Field(ge=0, le=100)] = 0
    fatal: bool = False

    @model_validator(mode="after")
    def _points_or_fatal(self) -> Self:
        if self.fatal == (self.points > 0):
            raise ValueError(f"{self.name}: give either points or fatal: true")
        return self


class ScoreSheet(Section):
    """What is judged at one stage, out of 100 points."""

    items: Annotated[list[ScoreItem], Field(min_length=1)]
    pass_mark: Annotated[int, Field(ge=1, le=100)] = 80

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (total := sum(item.points for item in self.items)) != 100:
            raise ValueError(f"the points add up to {total}, not 100")
        if len({item.name for item in self.items}) != len(self.items):
            raise ValueError("an item stands there twice")
        return self


def _sheet(fatal: str, **points: int) -> ScoreSheet:
    items = [ScoreItem(name=name, points=count) for name, count in points.items()]
    return ScoreSheet(items=[*items, ScoreItem(name=fatal, fatal=True)])


def _sheets() -> dict[Stage, ScoreSheet]:
    return {
        "call": _sheet("顶撞辱骂或擅自挂断", 服务用语=20, 倾听与复述=25, 询问要素完整=30, 解答准确=25),
        "order": _sheet("泄露举报人信息", 标题与描述清楚=30, 分类准确=20, 地点准确=20, 紧急程度准确=15, 派单准确=15),
        "handling": _sheet("弄虚作假", 联系诉求人=20, 事实查清=25, 措施到位=30, 答复规范=25),
        "callback": _sheet("代替市民评价", 时间合规=20, 如实记录=50, 解释到位=30),
    }


class Quality(Section):
    """Score sheets, how much is sampled, how long one may appeal."""

    sheets: dict[Stage, ScoreSheet] = Field(default_factory=_sheets)
    shares: dict[Stage, Share] = {"call": 0.02, "order": 0.02, "handling": 0.05, "callback": 0.02}
    """Share of each month's work orders that is sampled, by stage."""
    seed: str = "hotline"
    """Whoever knows it draws the same sample again."""
    appeal_days: Annotated[int, Field(ge=1, le=30)] = 3
    """Working days after the score in which the agent or the unit may appeal."""


class Ground(Section):
    """A ground for holding somebody to account, and the penalty classes that it may have."""

    name: Text
    penalties: Annotated[list[Text], Field(min_length=1)]


class Supervision(Section):
    """The five levels, what proposes them, and how long a unit has for its answer."""

    levels: Annotated[list[Text], Field(min_length=5, max_length=5)] = [
        "热线督办", "媒体督办", "政务督办", "人大政协督办", "纪检监察督办",
    ]  # fmt: skip
    returns: Annotated[int, Field(ge=1)] = 2
    """Returned so often, a work order is proposed."""
    reworks: Annotated[int, Field(ge=1)] = 2
    """The citizen was dissatisfied so often: 2 means again after a rework."""
    repeats: Annotated[int, Field(ge=1)] = 2
    """Earlier work orders of the same matter: 2 means that this is the third."""
    copies: Annotated[int, Field(ge=2)] = 10
    """Work orders with the same reply, from which it counts as boilerplate."""
    copy_likeness: Share = 0.9
    copy_days: Annotated[int, Field(ge=1, le=365)] = 90
    letter_days: Annotated[int, Field(ge=1, le=60)] = 3
    """Working days that a unit has to answer a press letter."""
    letter_prefix: Text = "热线督字"
    grounds: list[Ground] = [Ground(name="推诿扯皮、不履行职责", penalties=["通报批评"])]
    penalties: Annotated[list[Text], Field(min_length=1)] = ["通报批评", "纪律处分"]

    @model_validator(mode="after")
    def _penalties_known(self) -> Self:
        for ground in self.grounds:
            if unknown := set(ground.penalties) - set(self.penalties):
                raise ValueError(f"grounds: {ground.name}: no penalty class is called {', '.join(sorted(unknown))}")
        return self


class Weights(Section):
    """Points of 100 of each figure; the last counts what was *not* returned."""

    responded: Annotated[float, Field(ge=0)] = 20
    solved: Annotated[float, Field(ge=0)] = 30
    satisfied: Annotated[float, Field(ge=0)] = 25
    on_time: Annotated[float, Field(ge=0)] = 15
    first_time: Annotated[float, Field(ge=0)] = 5
    returned: Annotated[float, Field(ge=0)] = 5

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if abs((total := sum(self.model_dump().values())) - 100) > 1e-9:
            raise ValueError(f"the weights add up to {total}, not 100")
        return self


class Assessment(Section):
    """Monthly marks of units, and from where they stand on the boards."""

    weights: Weights = Weights()
    red_from: Annotated[float, Field(ge=0, le=100)] = 90
    yellow_below: Annotated[float, Field(ge=0, le=100)] = 75
    least: Annotated[int, Field(ge=1)] = 5
    """A unit with fewer closed work orders in the month stands on no board."""

    @model_validator(mode="after")
    def _boards_apart(self) -> Self:
        if self.yellow_below > self.red_from:
            raise ValueError("yellow_below lies above red_from")
        return self


class Projects(Section):
    """When similar work orders are proposed as one project (举一反三)."""

    least: Annotated[int, Field(ge=2)] = 10
    days: Annotated[int, Field(ge=1, le=366)] = 30
    likeness: Share = 0.2
