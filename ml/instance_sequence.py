"""Objects of a frame whose masks are made one at a time: a thousand whole masks would fill the memory."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import overload

from ml.types import Instance


class InstanceSequence(Sequence[Instance], ABC):
    """A sequence whose objects are made each time they are asked for."""

    @abstractmethod
    def _at(self, index: int) -> Instance:
        """The object at `index`, 0 to length - 1."""

    @overload
    def __getitem__(self, index: int) -> Instance: ...
    @overload
    def __getitem__(self, index: slice) -> list[Instance]: ...
    def __getitem__(self, index: int | slice) -> Instance | list[Instance]:
        if isinstance(index, slice):
            return [self._at(at) for at in range(len(self))[index]]
        return self._at(range(len(self))[index])
