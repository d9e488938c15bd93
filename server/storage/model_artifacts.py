"""The artifacts of models: histories and evaluations."""

from pathlib import Path

from server.regression.model import Model
from server.storage.evaluation import EVALUATIONS, Evaluation, load_evaluation
from server.storage.history import HISTORIES, History, load_history
from server.storage.training_monitor import TrainingMonitor
from server.storage.watched_directory import WatchedDirectory


class ModelArtifacts:
    """Finds the histories and evaluations of models, and the trainings, of a models directory.

    An evaluation belongs to a model if it has the model's digest. A file of the same name with
    another digest is from another training.
    """

    def __init__(self, models: Path) -> None:
        self._histories = WatchedDirectory(models / HISTORIES, load_history, "History")
        self._evaluations = WatchedDirectory(models / EVALUATIONS, load_evaluation, "Evaluation")
        self.trainings = TrainingMonitor(models)

    def find_run(self, run: str) -> History | None:
        """Return the history of a training, finished or not, by run ID; None if there is none."""
        histories = [*self.trainings.snapshot().histories.values(), *self.histories.values()]
        return next((history for history in histories if history.card.run == run), None)

    @property
    def histories(self) -> dict[str, History]:
        """The histories of trainings that produced a model, by name."""
        return self._histories.scan()

    def evaluation(self, model: Model) -> Evaluation | None:
        """Return the evaluation of a model; None if there is none."""
        evaluation = self._evaluations.scan().get(model.name)
        return evaluation if evaluation and evaluation.card.model == model.digest else None
